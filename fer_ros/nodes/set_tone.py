"""``fer_ros set-tone``: an operator sets the tone, where there is no ``ros2 service call``."""

from __future__ import annotations

import argparse
import math

from fer_ros.nodes.service_call import add_options, ask
from fer_ros_msgs.srv import SetTone


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
    add_options(parser, 'behavior_node')
    options = parser.parse_args(argv)
    if bool(options.tone) == options.release:
        parser.error('give either the name of a tone or --release')
    if not (options.duration >= 0 and math.isfinite(options.duration)):
        parser.error(f'--duration is {options.duration:g} s, must be 0 or more')
    ask('set_tone', SetTone, SetTone.Request(tone=options.tone, duration=options.duration),
        options, 'fer_ros node behavior_node')
    print('the faces choose the tone again' if options.release else f'tone {options.tone} ' + (
        f'for {options.duration:g} s' if options.duration else
        'until it is given back: fer_ros set-tone --release'))
    return 0
