"""``fer_ros echo``: what goes over topics, where there is no ``ros2 topic echo``."""

from __future__ import annotations

import argparse
import math
import os
import sys
from functools import partial
from typing import Any

from rclpy.node import Node

from fer_ros.nodes.bag_types import installed_type
from fer_ros.nodes.command_line import command_node, neighborhood, resolved, spin_until
from fer_ros.nodes.following_subscription import FollowingSubscription
from fer_ros.nodes.message_lines import fields_of, lines_of
from fer_ros.nodes.qos import matching_qos

_TOPICS = ('emotions', 'dialog/tone')


def main(argv: list[str]) -> int:
    """
    Print messages until Ctrl-C.

    :returns: 0, or 1 if nothing came.
    """
    parser = argparse.ArgumentParser(
        prog='fer_ros echo', description='Print what goes over topics: people and their states, '
        'the tone, diagnostics in a line or two, other messages with all fields.')
    parser.add_argument('topics', nargs='*', metavar='TOPIC',
                        help=f'such as /robot/emotions; none: {" and ".join(_TOPICS)}')
    parser.add_argument('--raw', action='store_true', help='all fields of every message, as YAML')
    parser.add_argument('--once', action='store_true', help='end after one message of each topic')
    parser.add_argument('--wait', type=float, default=5.0,
                        help='say who is there and end if nobody publishes for so long [s]')
    options = parser.parse_args(argv)
    try:
        with command_node('fer_ros_echo') as node:
            return _listen(node, options)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _listen(node: Node, options: argparse.Namespace) -> int:
    listeners = [_Listener(node, topic, options) for topic in options.topics or _TOPICS]
    # Several may be asked for although only one is there: each is told.
    spin_until(node, lambda: _all_connected(listeners), options.wait)
    silent = [listener for listener in listeners if not listener.connect()]
    for listener in silent:
        print(f'fer_ros: nobody publishes {listener.topic}{_elsewhere(node, listener.topic)}; '
              f'{neighborhood(node)}', file=sys.stderr, flush=True)
    heard = [listener for listener in listeners if listener not in silent]
    if not heard:
        return 1
    spin_until(node, lambda: all(listener.count for listener in heard), options.wait)
    for listener in heard:
        if not listener.count:
            print(f'fer_ros: {listener.topic} has a publisher, but no message came for '
                  f'{options.wait:g} s', file=sys.stderr, flush=True)
    if options.once:
        return 0 if all(listener.count for listener in listeners) else 1
    spin_until(node, lambda: _all_connected(listeners) and False, math.inf)
    return 0


def _all_connected(listeners: list[_Listener]) -> bool:
    return all([listener.connect() for listener in listeners])


class _Listener:
    """Subscribes to a topic as soon as somebody publishes it, and prints what comes."""

    def __init__(self, node: Node, topic: str, options: argparse.Namespace) -> None:
        self._node, self._options = node, options
        self.topic, self.count = resolved(node.resolve_topic_name, topic), 0
        self._subscription: FollowingSubscription | None = None

    def connect(self) -> bool:
        """Subscribe if somebody publishes; return whether it listens."""
        for info in self._node.get_publishers_info_by_topic(self.topic):
            if self._subscription is None:
                self._subscription = FollowingSubscription(
                    self._node, installed_type(info.topic_type), self.topic, self._print,
                    partial(matching_qos, depth=10))
        return self._subscription is not None

    def _print(self, message: Any) -> None:
        self.count += 1
        if self._options.once and self.count > 1:
            return
        text = f'{fields_of(message)}---' if self._options.raw else '\n'.join(lines_of(message))
        print(text, flush=True)


def _elsewhere(node: Node, topic: str) -> str:
    """Return where a topic of the same last name is published, in a namespace perhaps."""
    end = '/' + topic.rsplit('/', 1)[-1]
    found = [name for name, _ in node.get_topic_names_and_types()
             if name.endswith(end) and name != topic and node.count_publishers(name)]
    return f' (but {", ".join(found)} is published)' if found else ''
