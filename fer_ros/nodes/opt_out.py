"""``fer_ros opt-out``: a face is judged no more, where there is no ``ros2 service call``."""

from __future__ import annotations

import argparse

from fer_ros.nodes.service_call import add_options, ask
from fer_ros_msgs.srv import OptOut


def main(argv: list[str]) -> int:
    """
    Ask emotion_node to judge somebody no more, or again.

    :returns: 0.
    :raises ValueError: if nobody answers or the request is refused; says why.
    """
    parser = argparse.ArgumentParser(
        prog='fer_ros opt-out',
        description='Judge a face no more, until it has gone for max_age. It is followed on.')
    parser.add_argument('person', nargs='?', default='', metavar='ID',
                        help='of the face, such as f1 (fer_ros echo tells who is there)')
    parser.add_argument('--everybody', action='store_true', help='all who are followed now')
    parser.add_argument('--take-back', action='store_true', help='judge them again')
    add_options(parser, 'emotion_node')
    options = parser.parse_args(argv)
    if bool(options.person) == options.everybody:
        parser.error('give either the ID of a face or --everybody')
    answer = ask('opt_out', OptOut, OptOut.Request(
        person_id=options.person, everybody=options.everybody, take_back=options.take_back),
        options, 'ros2 launch fer_ros fer.launch.py, or fer_ros node emotion_node')
    print(answer.message)
    return 0
