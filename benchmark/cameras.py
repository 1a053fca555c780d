"""
``python -m benchmark.cameras``: several cameras in one process, against a process for each.

Images of one face, 640x480, every one looked at, come for each camera at the same rate from one
process, which also takes the answers. Both ways in turns, there and back.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmark.child import init_apart, processor_seconds
from benchmark.run import RESULTS, keep, table_text
from benchmark.scene import scene_with_faces
from fer_ros.nodes.image_conversions import array_to_image
from fer_ros.nodes.qos import emotions_qos, image_qos
from fer_ros.nodes.running import guard_exit
from fer_ros_msgs.msg import EmotionArray

COUNTS = (1, 2, 4, 8)
#: Whether the cameras share a process.
WAYS = {'one process': True, 'a process each': False}
_RATE = 10.0


class Cameras:
    """
    Some cameras and the nodes that look through them; a context manager.

    :param count: of cameras.
    :param together: in one process.
    """

    def __init__(self, count: int, together: bool) -> None:
        self.latencies: list[float] = []
        self.node = rclpy.create_node('bench_cameras')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.answers = [0] * count
        self.publishers = [self.node.create_publisher(Image, f'camera_{i}/image', image_qos())
                           for i in range(count)]
        for i in range(count):
            self.node.create_subscription(
                EmotionArray, f'camera_{i}/emotions',
                lambda message, i=i: self._on_answer(i, message), emotions_qos())
        topics = ','.join(f'camera_{i}/image' for i in range(count))
        given = [['-p', f"cameras:='{topics}'"]] if together else [
            ['-r', f'__ns:=/camera_{i}'] for i in range(count)]
        self.processes = [subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args', '-p',
             'detector_interval:=1', *one], stdout=subprocess.DEVNULL) for one in given]

    def __enter__(self) -> Cameras:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self._executor.shutdown()
        self.node.destroy_node()

    def spin(self, seconds: float, picture: np.ndarray, until: Any = lambda: False) -> int:
        """Publish for a while, or until something is true; return how many images a camera."""
        begin, number = time.perf_counter(), 0
        while (now := time.perf_counter()) < begin + seconds and not until():
            if now >= begin + number / _RATE:
                message = array_to_image(picture, Header(), 'bgr8')
                for publisher in self.publishers:
                    message.header.stamp = self.node.get_clock().now().to_msg()
                    publisher.publish(message)
                number += 1
            self._executor.spin_once(0.002)
        return number

    def wait(self, picture: np.ndarray) -> None:
        """:raises RuntimeError: if a camera gets no answer in time."""
        self.spin(60.0, picture, until=lambda: min(self.answers) > 0)
        if not min(self.answers):
            raise RuntimeError(f'no answer in 60 s: {self.answers}')

    def _on_answer(self, i: int, message: EmotionArray) -> None:
        self.answers[i] += 1
        taken = rclpy.time.Time.from_msg(message.header.stamp)
        self.latencies.append((self.node.get_clock().now() - taken).nanoseconds * 1e-6)


def proportional_memory(pid: int) -> float:
    """Return the memory of a process, what it shares with others in part [MB]."""
    for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
        if line.startswith('Pss:'):
            return int(line.split()[1]) / 1024
    return float('nan')


def measure(count: int, together: bool, seconds: float) -> dict[str, float]:
    """Return what so many cameras cost: share of a core [%], memory [MB], latencies [ms]."""
    picture = scene_with_faces(1)
    with Cameras(count, together) as cameras:
        cameras.wait(picture)
        cameras.spin(2.0, picture)
        cameras.latencies.clear()
        pids = [process.pid for process in cameras.processes]
        before, begin = sum(map(processor_seconds, pids)), time.perf_counter()
        sent = cameras.spin(seconds, picture) * count
        passed = time.perf_counter() - begin
        used = sum(map(processor_seconds, pids)) - before
        cameras.spin(0.5, picture)
        return {'share of a core [%]': 100 * used / passed,
                'memory [MB]': sum(map(proportional_memory, pids)),
                'p50 [ms]': float(np.percentile(cameras.latencies, 50)),
                'p99 [ms]': float(np.percentile(cameras.latencies, 99)),
                'answered [%]': 100 * min(1.0, len(cameras.latencies) / max(1, sent))}


def main() -> int:
    """Measure, print, and keep the results with the machine named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=6.0, help='of each case and round')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--counts', type=int, nargs='+', default=list(COUNTS))
    options = parser.parse_args()
    load = os.getloadavg()[0]
    init_apart()
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    for number in range(options.rounds):
        for count in options.counts:
            for way in list(WAYS)[::-1] if number % 2 else WAYS:
                row = measure(count, WAYS[way], options.seconds)
                found.setdefault((count, way), []).append(row)
                print(count, way, {key: round(value, 1) for key, value in row.items()},
                      flush=True)
    rows: list[dict[str, Any]] = [
        {'cameras': count, 'way': way,
         **{key: float(np.median([row[key] for row in each])) for key in each[0]}}
        for (count, way), each in found.items()]
    rows.sort(key=lambda row: row['cameras'])
    print(table_text(rows))
    keep(RESULTS / 'cameras.json', {
        'load average before': round(load, 1), 'rounds': options.rounds,
        'images a camera and second': _RATE, 'cameras': rows})
    guard_exit()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
