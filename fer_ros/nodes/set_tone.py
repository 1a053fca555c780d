"""``fer_ros set-tone``: an operator sets the tone, where there is no ``ros2 service call``."""

from __future__ import annotations

import argparse
import math
from typing import Any

from rclpy.node import Node

from fer_ros.nodes.command_line import command_node, neighborhood, resolved, spin_until
from fer_ros_msgs.srv import SetTone

#: Asked again after so long [s]: an answer is lost while a server does not know its client yet.
_AGAIN = 2.0


def main(argv: list[str]) -> int:
    """
    Ask behavior_node for a tone.

    :returns: 0.
    :raises ValueError: if nobody answers or the tone is refused; says why.
    """
    parser = argparse.ArgumentParser(
        prog='fer_ros set-tone',
        description="Set the robot's tone, whatever faces show, or give the choice back to them.")
    parser.add_argument('tone', nargs='?', default='',
                        help='its name in the policy (config/behavior.yaml)')
    parser.add_argument('--duration', type=float, default=0.0,
                        help='for so long [s]; 0: until it is given back')
    parser.add_argument('--release', action='store_true', help='give the choice back to the faces')
    parser.add_argument('--node', default='behavior_node',
                        help='which node, such as /robot/behavior_node')
    parser.add_argument('--wait', type=float, default=5.0,
                        help='for the node to answer, at most [s]')
    options = parser.parse_args(argv)
    if bool(options.tone) == options.release:
        parser.error('give either the name of a tone or --release')
    if not (options.duration >= 0 and math.isfinite(options.duration)):
        parser.error(f'--duration is {options.duration:g} s, must be 0 or more')
    with command_node('fer_ros_set_tone') as node:
        answer = _ask(node, options)
    if not answer.success:
        raise ValueError(answer.message)
    print('the faces choose the tone again' if options.release else f'tone {options.tone} ' + (
        f'for {options.duration:g} s' if options.duration else
        'until it is given back: fer_ros set-tone --release'))
    return 0


def _ask(node: Node, options: argparse.Namespace) -> Any:
    name = resolved(node.resolve_service_name, f'{options.node}/set_tone')
    client = node.create_client(SetTone, name)
    if not spin_until(node, client.service_is_ready, options.wait):
        raise ValueError(f'no service {name}{_elsewhere(node, name)}: start it (fer_ros node '
                         f'behavior_node); {neighborhood(node)}')
    request, futures = SetTone.Request(tone=options.tone, duration=options.duration), []
    for _ in range(max(math.ceil(options.wait / _AGAIN), 1)):
        futures.append(client.call_async(request))
        if spin_until(node, lambda: any(f.done() for f in futures), _AGAIN):
            return next(f for f in futures if f.done()).result()
    raise ValueError(f'{name} is there but gave no answer within {options.wait:g} s')


def _elsewhere(node: Node, name: str) -> str:
    found = [other.removesuffix('/set_tone') for other, kinds in (
        node.get_service_names_and_types())
        if 'fer_ros_msgs/srv/SetTone' in kinds and other != name]
    return f' (but --node {" or ".join(found)} is there)' if found else ''
