"""What the commands that stand in for ``ros2`` share: a node of their own, and where it is."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from fer_ros.nodes.running import guard_exit
from fer_ros.nodes.transport import choose_transport
from fer_ros.perception.yaml_file import one_line


@contextmanager
def command_node(name: str) -> Iterator[Node]:
    """
    Give a node that nobody else needs to notice; Ctrl-C and SIGTERM raise KeyboardInterrupt.

    :param name: its beginning: two of a kind may run side by side.
    :raises ValueError: if ROS cannot start here; names why.
    """
    choose_transport()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node(f'{name}_{os.getpid()}', enable_rosout=False,
                                 start_parameter_services=False)
    except Exception as error:  # rclpy raises classes of its own, which differ by distribution
        rclpy.try_shutdown()
        raise ValueError(f'ROS cannot start: {one_line(str(error))}') from error
    try:
        yield node
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C does not break into this
        guard_exit()
        node.destroy_node()
        rclpy.try_shutdown()


def spin_until(node: Node, condition: Callable[[], bool], patience: float) -> bool:
    """Spin until a condition holds, no longer than ``patience`` [s]; return whether it does."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        rclpy.spin_once(node, timeout_sec=0.1)
    return True


def resolved(resolve: Callable[[str], str], name: str) -> str:
    """
    Return a full name.

    :param resolve: the node's, for topics or services.
    :raises ValueError: if it is no name; says why.
    """
    try:
        return resolve(name)
    except Exception as error:  # rclpy's own, without a common base
        reason = re.sub(r', at \S+:\d+', '', str(error))
        raise ValueError(f"'{name}': {one_line(reason)}") from error


def neighborhood(node: Node) -> str:
    """Return which domain a node looks at, and which others it sees there."""
    seen = sorted({f'{namespace.rstrip("/")}/{name}'
                   for name, namespace in node.get_node_names_and_namespaces()
                   if name != node.get_name()})
    return (f'domain {os.environ.get("ROS_DOMAIN_ID") or 0} (ROS_DOMAIN_ID) has '
            + one_line(f'the nodes {", ".join(seen)}' if seen else 'no other node'))
