"""``fer_ros node NAME``: one of our nodes, where there is no ``ros2 run``."""

from __future__ import annotations

import argparse
from importlib import import_module

from fer_ros.nodes.transport import choose_transport

NODES = ('emotion_node', 'behavior_node', 'image_source_node', 'bag_player_node',
         'dashboard_node', 'expression_node')


def main(argv: list[str]) -> int:
    """
    Run a node until it is told to stop, with the transport that the launch files choose.

    :returns: the node's exit status.
    """
    parser = argparse.ArgumentParser(
        prog='fer_ros node', description='Run one of the nodes, as ros2 run fer_ros NAME does; '
        'fer_ros node NAME --help tells its parameters.')
    parser.add_argument('name', metavar='NAME', choices=NODES, help='of the node')
    rest = parser.add_argument('arguments', nargs=argparse.REMAINDER, metavar='...', help=(
        '--ros-args -p PARAMETER:=VALUE -r TOPIC:=NAME, as for any ROS node'))
    rest.required = False  # argparse thinks otherwise, and the documents tell what it thinks
    options = parser.parse_args(argv)
    choose_transport()
    module = import_module(f'fer_ros.nodes.{options.name}')
    return int(module.main([options.name, *options.arguments]))
