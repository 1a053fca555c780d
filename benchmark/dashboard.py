"""
``python -m benchmark.dashboard``: what it costs the robot that people watch the page.

Latency from an image to its ``/emotions``, with dashboard_node not running, running but watched
by nobody, and watched by 1, 10 and 50 browsers, some of them dead or slow, or under attack. In
turns, there and back, so that what else the machine does meets all of them alike.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
import rclpy

from benchmark.child import Child, init_apart, processor_seconds
from benchmark.run import RESULTS, keep, table_text
from benchmark.scene import scene_with_faces
from fer_ros.nodes.running import guard_exit
from fer_ros_msgs.msg import EmotionArray

_PICTURES = 'emotions/image/compressed'


class Case(NamedTuple):
    """
    Who watches.

    :param name: for people.
    :param viewers: browsers; -1: dashboard_node does not even run.
    :param dead: how many of them never read.
    :param slow: how many of them take one picture a second.
    :param attacks: 1: malformed requests come without end, too.
    """

    name: str
    viewers: int
    dead: int = 0
    slow: int = 0
    attacks: int = 0


CASES = (Case('dashboard_node not running', -1), Case('nobody watches', 0), Case('1 viewer', 1),
         Case('10 viewers', 10), Case('50 viewers', 50),
         Case('50 viewers, 20 of them dead, 10 slow', 50, 20, 10),
         Case('1 viewer, and malformed requests without end', 1, attacks=1))


class Robot(Child):
    """emotion_node and a camera at 30 Hz; every frame is looked at, and its latency noted."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        super().__init__(scene_with_faces(1), ('detector_interval:=1',))

    def _on_answer(self, message: EmotionArray) -> None:
        super()._on_answer(message)
        taken = rclpy.time.Time.from_msg(message.header.stamp)
        self.latencies.append((self.node.get_clock().now() - taken).nanoseconds * 1e-6)

    def wait(self, done: Any, what: str) -> None:
        """:raises RuntimeError: if it does not come true in time."""
        self.spin(30.0, until=done)
        if not done():
            raise RuntimeError(f'not within 30 s: {what}')


class Program:
    """A process whose output is read; a context manager."""

    def __init__(self, *arguments: str) -> None:
        self._said = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(
            [sys.executable, '-m', *arguments], stdin=subprocess.PIPE, stdout=self._said,
            stderr=subprocess.STDOUT, text=True)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def said(self) -> str:
        """Return what it has printed so far."""
        self._said.seek(0)
        return self._said.read()


def measure(robot: Robot, case: Case, page: Program | None, seconds: float) -> dict[str, float]:
    """
    Measure one case.

    :param page: the running dashboard_node.
    :returns: latencies [ms], shares of a core [%], pictures a second that a viewer gets.
    """
    with ExitStack() as stack:
        browsers = None
        if page and case.viewers:
            address = re.search(r'http://\S+', page.said())
            assert address is not None
            browsers = stack.enter_context(Program(
                'benchmark.viewers', address.group(), *map(str, case[1:])))
            robot.wait(lambda: 'ready' in browsers.said() if robot.answers % 10 == 0 else False,
                       f'pictures for {case.viewers} viewers')
        wanted = int(case.viewers > 0)
        robot.wait(lambda: robot.node.count_subscribers(_PICTURES) == wanted,
                   f'{wanted} subscriptions to {_PICTURES}')
        robot.spin(1.0)
        running = {'emotion_node': robot.processes[0].pid}
        running |= {'dashboard_node': page.process.pid} if page else {}
        running |= {'viewers': browsers.process.pid} if browsers else {}
        robot.latencies.clear()
        before = {name: processor_seconds(pid) for name, pid in running.items()}
        begin = time.perf_counter()
        robot.spin(seconds)
        passed = time.perf_counter() - begin
        used = {f'{name} [% of a core]': 100 * (processor_seconds(pid) - before[name]) / passed
                for name, pid in running.items()}
        latencies = np.array(robot.latencies)
        result = {'p50 [ms]': float(np.percentile(latencies, 50)),
                  'p99 [ms]': float(np.percentile(latencies, 99)),
                  'answers a second': len(latencies) / passed, **used}
        if browsers and browsers.process.stdin:
            browsers.process.stdin.write('\n')
            browsers.process.stdin.flush()
            robot.wait(lambda: browsers.said().count('\n') > 1, 'how many pictures they took')
            result['pictures a viewer and second'] = float(browsers.said().split()[-1])
    return result


def run_round(robot: Robot, cases: tuple[Case, ...], seconds: float) -> dict[str, Any]:
    """Measure all cases in an order in which dashboard_node starts or ends once."""
    results, page = {}, None
    with ExitStack() as stack:
        for case in cases:
            if case.viewers < 0 and page:
                stack.close()
                page = None
            elif case.viewers >= 0 and not page:
                page = stack.enter_context(Program(
                    'fer_ros.nodes.dashboard_node', '--ros-args', '-p', 'port:=0'))
                robot.wait(lambda it=page: 'http://' in it.said(), 'the page')
            results[case.name] = measure(robot, case, page, seconds)
            print(f'{case.name}: p50 {results[case.name]["p50 [ms]"]:.2f} ms', flush=True)
    return results


def main() -> int:
    """Measure, print, and keep the results with the machine named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=5.0, help='of each case and round')
    parser.add_argument('--rounds', type=int, default=3)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    init_apart()
    with Robot() as robot:
        robot.wait_for_answer()
        rounds = [run_round(robot, CASES[::-1] if i % 2 else CASES, options.seconds)
                  for i in range(options.rounds)]
    names = list(dict.fromkeys(key for case in CASES for key in rounds[0][case.name]))
    rows = [{'who watches': case.name, **{name: float(np.median(
        [each[case.name][name] for each in rounds])) if name in rounds[0][case.name] else ''
        for name in names}} for case in CASES]
    print(table_text(rows))
    keep(RESULTS / 'dashboard.json', {
        'load average before': round(load, 1), 'rounds': options.rounds, 'viewers': rows,
        'p50 of each round [ms]': {case.name: [round(each[case.name]['p50 [ms]'], 2)
                                               for each in rounds] for case in CASES}})
    guard_exit()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
