"""What ``ros2 run fer_ros <node> --help`` prints; rclpy itself would start the node."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence

from fer_ros.nodes.parameter_specs import Spec


def asks_for_help(args: Sequence[str] | None) -> bool:
    """
    Return whether a command line asks for help, before the part that is ROS's.

    :param args: with the program's name; None takes the process's.
    """
    words = list(sys.argv if args is None else args)[1:]
    own = words[:words.index('--ros-args')] if '--ros-args' in words else words
    return any(word in ('-h', '--help') for word in own)


def usage(name: str, summary: str, specs: Mapping[str, Spec]) -> str:
    """
    Return what a node does, how it is started, and its parameters.

    :param summary: the docstring of its module.
    """
    lines = [f'usage: ros2 run fer_ros {name} [--ros-args -p PARAMETER:=VALUE ... '
             '-r TOPIC:=NAME ...]', '', summary.strip().partition('\n')[0], '', 'parameters:']
    for parameter, spec in specs.items():
        default = str(spec.default).lower() if isinstance(spec.default, bool) else spec.default
        shown = "''" if default == '' else default
        lines += [f'  {parameter} (default {shown})',
                  *textwrap.wrap(spec.text, 88, initial_indent='      ',
                                 subsequent_indent='      ')]
    return '\n'.join(lines)
