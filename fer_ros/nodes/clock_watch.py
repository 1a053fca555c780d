"""Notice that the clock of a simulation stands."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node


class ClockWatch:
    """
    Compares the node's clock with a steady one, each time it is asked.

    :param node: whose clock may be ``/clock`` (parameter ``use_sim_time``).
    :param clock: monotonic seconds.
    """

    def __init__(self, node: Node, clock: Callable[[], float] = time.monotonic) -> None:
        self._node, self._clock = node, clock
        self._time, self._moved = -1, clock()

    def trouble(self, timeout: float) -> str:
        """
        Return what is wrong with the clock, '' if nothing is.

        :param timeout: it may stand for so long [s].
        """
        ros, now = self._node.get_clock(), self._clock()
        moment = ros.now().nanoseconds
        if moment != self._time or not ros.ros_time_is_active:
            self._time, self._moved = moment, now
        stood = now - self._moved
        if stood < timeout:
            return ''
        publishers = self._node.count_publishers('/clock')
        if not publishers:
            return (f'use_sim_time is on, but nobody publishes /clock (it stands at '
                    f'{moment * 1e-9:.3f} s): start the simulation, have the bag player publish '
                    'it, or set use_sim_time to false')
        return (f'/clock stands at {moment * 1e-9:.3f} s for {stood:.0f} s, although {publishers} '
                'publisher(s) are on it: is the simulation paused?')
