"""
Write config/sros2_policy.xml, what each node may do: ``python -m tools.sros2_policy``.

Nothing is thought up: every node runs in each configuration that opens other topics, and what
the ROS graph then shows is what it may publish, subscribe, serve and call.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.parameter import Parameter
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from fer_ros.dashboard.live_feed import Version
from fer_ros.nodes.bag_player_node import BagPlayerNode
from fer_ros.nodes.behavior_node import BehaviorNode
from fer_ros.nodes.dashboard_node import DashboardNode
from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.image_source_node import ImageSourceNode

POLICY = Path(__file__).resolve().parent.parent / 'config' / 'sros2_policy.xml'
#: element and its attribute -> how rclpy tells what a node has of the kind.
KINDS = {
    ('services', 'reply'): 'get_service_names_and_types_by_node',
    ('services', 'request'): 'get_client_names_and_types_by_node',
    ('topics', 'publish'): 'get_publisher_names_and_types_by_node',
    ('topics', 'subscribe'): 'get_subscriber_names_and_types_by_node',
}


def watched_dashboard(*args: Any, **kwargs: Any) -> DashboardNode:
    """Return a dashboard_node that somebody watches: else it asks for no pictures."""
    node = DashboardNode(*args, **kwargs)
    node.feed.add_picture(b'')
    asyncio.run(node.feed.newer_than(Version()))
    node.follow_viewers()
    return node


#: node -> its class, and parameters that together open all it ever opens. What a bag holds cannot
#: be known: its images and /clock are here, its other topics are yours to add.
CONFIGURATIONS: dict[str, tuple[Callable[..., Any], list[dict[str, Any]]]] = {
    'emotion_node': (EmotionNode, [
        {'use_depth': True, 'use_sim_time': True}, {'image_transport': 'compressed'}]),
    'behavior_node': (BehaviorNode, [{'use_sim_time': True}]),
    'image_source_node': (ImageSourceNode, [{'compressed': True, 'use_sim_time': True}]),
    'dashboard_node': (watched_dashboard, [{'port': 0, 'use_sim_time': True}]),
    'bag_player_node': (BagPlayerNode, [
        {'bag': 'sensor_msgs/msg/Image', 'image_topic': 'auto', 'lockstep': True},
        {'bag': 'sensor_msgs/msg/CompressedImage', 'image_topic': 'auto'}]),
}
Graph = dict[tuple[str, str], set[str]]
#: tells relative names from absolute ones.
_NAMESPACE = '/robot'


def graph_of(node: str) -> Graph:
    """
    Return the names of all that a node opens, over all its configurations.

    :returns: (element, attribute) -> names, relative to the node's namespace.
    """
    create, configurations = CONFIGURATIONS[node]
    found: Graph = defaultdict(set)
    for number, values in enumerate(configurations):
        # A name of its own: the graph may still know the node that ran before.
        with _running(create, f'{node}_{number}', values) as running:
            for kind, names in _settled(running).items():
                found[kind] |= {name.replace(running.get_name(), node) for name in names}
    return found


def _settled(node: Any) -> Graph:
    """Return what a node has open, once the graph tells the same for two seconds."""
    seen: list[Graph] = []
    for _ in range(40):
        seen.append({kind: {name.removeprefix(_NAMESPACE + '/') for name, _ in getattr(
            node, method)(node.get_name(), _NAMESPACE)} for kind, method in KINDS.items()})
        if len(seen) > 4 and all(graph == seen[-1] for graph in seen[-5:]):
            return seen[-1]
        time.sleep(0.5)
    raise RuntimeError(f'the graph of {node.get_name()} does not settle')


@contextmanager
def _running(create: Callable[..., Any], name: str,
             values: dict[str, Any]) -> Iterator[Any]:
    """Run a node with its parameters, configured and active if it has a life cycle."""
    with tempfile.TemporaryDirectory() as folder:
        if 'bag' in values:
            values = {**values, 'bag': str(_bag(Path(folder) / 'bag', values['bag']))}
        context = rclpy.Context()
        rclpy.init(context=context)
        node = create(name, context=context, namespace=_NAMESPACE, parameter_overrides=[
            Parameter(key, value=value) for key, value in values.items()])
        try:
            if hasattr(node, 'trigger_configure'):
                node.trigger_configure()
                node.trigger_activate()
            yield node
        finally:
            node.destroy_node()
            rclpy.try_shutdown(context=context)


def _bag(path: Path, kind: str) -> Path:
    """Write a bag with one image."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    header = store.types['std_msgs/msg/Header'](
        stamp=store.types['builtin_interfaces/msg/Time'](sec=0, nanosec=0), frame_id='')
    data = np.zeros(3, np.uint8)
    fields: tuple[Any, ...] = (1, 1, 'bgr8', 0, 3) if kind.endswith('/Image') else ('jpeg',)
    with Writer(path, version=9) as writer:
        connection = writer.add_connection('/camera/image', kind, typestore=store)
        message = store.types[kind](header, *fields, data)
        writer.write(connection, 0, store.serialize_cdr(message, kind))
    return path


def policy() -> str:
    """Return the policy of all nodes, one enclave each."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             "<!-- Made by `python -m tools.sros2_policy` from the nodes' own graph. -->",
             '<policy version="0.2.0">', '  <enclaves>']
    for node in CONFIGURATIONS:
        lines += [f'    <enclave path="/fer_ros/{node}">', '      <profiles>',
                  f'        <profile ns="/" node="{node}">']
        for (element, attribute), names in graph_of(node).items():
            if names:
                lines.append(f'          <{element} {attribute}="ALLOW">')
                lines += [f'            <{element[:-1]}>{name}</{element[:-1]}>'
                          for name in sorted(names)]
                lines.append(f'          </{element}>')
        lines += ['        </profile>', '      </profiles>', '    </enclave>']
    return '\n'.join([*lines, '  </enclaves>', '</policy>', ''])


def main() -> None:
    """Write the file."""
    POLICY.write_text(policy(), encoding='utf-8')
    print(f'written: {os.path.relpath(POLICY)}')


if __name__ == '__main__':
    main()
