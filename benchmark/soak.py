"""
``make soak``: emotion_node for as long as you like under all that may go wrong.

Round after round of a minute: a camera at 30 Hz, mangled images, pictures of every format and
decompression bombs, a storm of parameters, lifecycle round trips, a camera that goes and comes
back, a second camera, images without stamps, a clock that stands, wrong model cards, silence; and
texts of every kind for a behavior_node. After each round: do they still answer, and have memory,
threads or open files grown? Exit status 1 if so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rclpy
from matplotlib.figure import Figure
from sensor_msgs.msg import Image
from tqdm import tqdm

from benchmark.child import Child, init_apart
from benchmark.mangling import Mangler
from benchmark.odd_cards import configure_oddly, write_models
from benchmark.odd_streams import stream_oddly
from benchmark.odd_texts import Talker
from benchmark.scene import scene_with_faces
from fer_ros.machine import describe_machine
from fer_ros.nodes.qos import image_qos
from fer_ros.nodes.running import guard_exit
from fer_ros_msgs.srv import AnalyzeImage

#: Growth that is allowed after the first round [MB, threads, open files].
LIMITS = {'memory [MB]': 5.0, 'threads': 2, 'files': 4, 'memory of behavior_node [MB]': 5.0}
_CYCLE = ('deactivate', 'cleanup', 'configure', 'activate')
_TRIPS = 5


class Soak:
    """
    Two nodes and everything that is done to them.

    :param child: the running emotion_node.
    :param talker: the running behavior_node.
    :param models: with wrong cards.
    :param minute: length of a round [s].
    """

    def __init__(self, child: Child, talker: Talker, models: list[Path],
                 minute: float = 60.0) -> None:
        self.child, self.talker, self.models, self.minute = child, talker, models, minute
        self.mangled = self.asked = self.parameters = self.trips = self.refused = self.odd = 0
        self.cards = 0
        self._mangler = Mangler(0)

    def round(self) -> dict[str, float]:
        """Do everything once and return what the node is and answers afterwards."""
        child, part = self.child, self.minute / 60
        child.spin(15 * part)
        self._mangle(200)
        self._ask(100)
        self._storm(60)
        for _ in range(_TRIPS):
            self._trip()
        self.cards += configure_oddly(child, self.models)
        self.talker.hear_all()
        child.node.destroy_publisher(child.publisher)
        child.spin(2 * part, 0)
        child.publisher = child.node.create_publisher(Image, 'image', image_qos())
        child.spin(5 * part)
        self.odd += stream_oddly(child, 9 * part)
        before, begin = child.answers, time.monotonic()
        child.spin(20 * part)
        rate = (child.answers - before) / (time.monotonic() - begin)
        child.spin(3 * part, 0)
        threads, files = child.threads_and_files()
        return {'answers per second': rate, 'memory [MB]': child.memory(), 'threads': threads,
                'files': files, 'memory of behavior_node [MB]': self.talker.memory()}

    def _mangle(self, count: int) -> None:
        for _ in range(count):
            self.child.publisher.publish(self._mangler.image())
            self.child.spin(0.002, 0)
        self.mangled += count

    def _ask(self, count: int) -> None:
        """Send the service picture files of every kind: most are bad, some are bombs."""
        for _ in range(count):
            self.child.call(AnalyzeImage, 'analyze_image', AnalyzeImage.Request(
                compressed=self._mangler.compressed()))
        self.asked += count

    def _storm(self, count: int) -> None:
        """Half of the changes are good ones, half must be refused."""
        for i in range(count):
            value = float(i % 5) / 4 if i % 2 else -1.0
            self.refused += not self.child.set_parameter('smoothing_time', value)
        self.parameters += count

    def _trip(self) -> None:
        for step in _CYCLE:
            self.child.change_state(step)
        self.trips += 1


def rounds_of(soak: Soak, duration: float) -> Iterator[dict[str, float]]:
    """Yield rounds until the time is over, at least two."""
    begin, count = time.monotonic(), 0
    while count < 2 or time.monotonic() - begin + soak.minute < duration:
        count += 1
        yield {'minutes': (time.monotonic() - begin) / 60, **soak.round()}


def verdict(rows: list[dict[str, float]]) -> list[str]:
    """
    Return what is wrong, if anything.

    Memory is judged by the median of the last quarter against that of the second: caches fill
    in the first rounds.
    """
    faults = []
    quarter = max(len(rows) // 4, 1)
    early, late = rows[min(quarter, len(rows) - 1):2 * quarter] or rows[:1], rows[-quarter:]
    for key, limit in LIMITS.items():
        grown = np.median([r[key] for r in late]) - np.median([r[key] for r in early])
        if grown > limit:
            faults.append(f'{key} grew by {grown:.1f}, allowed {limit:g}')
    slowest = min(r['answers per second'] for r in rows)
    if slowest < 5:
        faults.append(f'only {slowest:.1f} answers per second in one round')
    return faults


def plot(rows: list[dict[str, float]], path: Path) -> None:
    """Draw memory and answers over time."""
    figure = Figure(figsize=(10, 3.2), layout='constrained')
    left, right = figure.subplots(1, 2)
    minutes = [r['minutes'] for r in rows]
    left.plot(minutes, [r['memory [MB]'] for r in rows], marker='.')
    left.set(xlabel='minutes', ylabel='resident memory [MB]', ylim=(0, None))
    right.plot(minutes, [r['answers per second'] for r in rows], marker='.')
    right.set(xlabel='minutes', ylabel='answers per second', ylim=(0, None))
    figure.savefig(path, dpi=90)


def main() -> int:
    """Soak, print the table, keep the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--duration', type=float, default=3600.0, help='[s] (default: 3600)')
    parser.add_argument('--minute', type=float, default=60.0,
                        help='length of a round [s] (default: 60)')
    parser.add_argument('--output', type=Path, default=Path(__file__).parent / 'results')
    options = parser.parse_args()
    if options.duration <= 0 or options.minute <= 0:
        parser.error('--duration and --minute must be above 0')
    init_apart()
    rows = []
    with (tempfile.TemporaryDirectory() as folder, Child(scene_with_faces(2)) as child,
          Talker(child) as talker):
        child.wait_for_answer()
        soak = Soak(child, talker, write_models(Path(folder)), options.minute)
        bar = tqdm(rounds_of(soak, options.duration), unit='round', disable=None)
        for row in bar:
            rows.append(row)
            bar.set_postfix(memory=f'{row["memory [MB]"]:.1f} MB')
        ended = [name for name, process in (
            ('emotion_node', child.processes[0]), ('behavior_node', talker.process))
            if process.poll() is not None]
    faults = verdict(rows) + [f'{name} has ended' for name in ended]
    summary = {
        'minutes': rows[-1]['minutes'] + options.minute / 60, 'rounds': len(rows),
        'answers': child.answers, 'mangled images': soak.mangled,
        'pictures of every kind': soak.asked,
        'images of odd streams': soak.odd, 'wrong cards': soak.cards, 'texts': talker.sent,
        'parameter changes': soak.parameters, 'of them refused': soak.refused,
        'lifecycle round trips': soak.trips, 'memory first [MB]': rows[0]['memory [MB]'],
        'memory last [MB]': rows[-1]['memory [MB]'], 'threads': rows[-1]['threads'],
        'files': rows[-1]['files'], 'faults': faults}
    for key, value in summary.items():
        print(f'{key:24} {value:.1f}' if isinstance(value, float) else f'{key:24} {value}')
    options.output.mkdir(parents=True, exist_ok=True)
    plot(rows, options.output / 'soak.png')
    (options.output / 'soak.json').write_text(json.dumps({
        'date': time.strftime('%Y-%m-%d'), 'machine': describe_machine(), **summary,
        'rows': rows}, indent=2) + '\n', encoding='utf-8')
    guard_exit()
    rclpy.try_shutdown()
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
