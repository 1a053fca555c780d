"""``make bench``: time per frame, latency, load and growth; our pipeline beside its peers."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.peers import bench_peers, typical
from benchmark.scene import scene_with_faces
from fer_ros.machine import describe_machine
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline

RESULTS = Path(__file__).parent / 'results'


def bench_pipeline(frames: int) -> list[dict[str, float]]:
    """
    Time the pipeline at 640x480 for several numbers of faces.

    The scenes are interleaved, so that a slow moment of the machine hits all of them.

    :param frames: timed frames per scene.
    :returns: a row per scene; times a frame by :func:`~benchmark.peers.typical` [ms].
    """
    counts = (0, 1, 2, 8)
    pipelines = [build_pipeline(PipelineConfig()) for _ in counts]
    scenes = [scene_with_faces(count) for count in counts]
    samples: list[list[tuple[float, float, int]]] = [[] for _ in counts]
    for i in range(frames + 10):
        for pipeline, scene, rows in zip(pipelines, scenes, samples):
            result = pipeline.process(scene, i / 30)
            rows.append((result.processing_seconds, result.inference_seconds,
                         len(result.faces)))
    table = []
    for count, rows in zip(counts, samples):
        timed = np.array(rows[10:])
        whole, networks = typical(timed[:, 0]), typical(timed[:, 1])
        table.append({
            'faces in the scene': count, 'faces found': float(np.median(timed[:, 2])),
            'pipeline [ms]': whole * 1e3, 'onnxruntime [ms]': networks * 1e3,
            'ratio': whole / networks})
    return table


def run_module(module: str, *arguments: str) -> Any:
    """Run a measurement in its own process and return what its last line holds (JSON)."""
    output = subprocess.run([sys.executable, '-m', module, *arguments], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def judge_latency(rows: list[dict[str, Any]], pipeline_ms: float) -> list[dict[str, Any]]:
    """
    Put beside each latency what it may be.

    :param rows: of ``benchmark.latency``: per size floor, emotion_node, jpeg.
    :param pipeline_ms: time of the pipeline for one face at 640x480.
    """
    floors = {row['size']: row for row in rows if row['what'] == 'floor'}
    raws = {row['size']: row for row in rows if row['what'] == 'emotion_node'}
    for row in rows:
        if row['what'] == 'emotion_node':
            row['p50 target'] = floors[row['size']]['p50 [ms]'] + pipeline_ms + 1
        elif row['what'] == 'jpeg':
            row['p50 target'] = raws[row['size']]['p50 [ms]'] + row['decoding [ms]'] + 0.5
        else:
            row['p50 target'] = ''
        row['p99 target'] = '' if row['what'] == 'floor' else row['p50 [ms]'] + 6
    return rows


def table_text(rows: list[dict[str, Any]]) -> str:
    """Format rows as a Markdown table."""
    names = list(rows[0])
    lines = ['| ' + ' | '.join(names) + ' |', '|' + '---|' * len(names)]
    for row in rows:
        cells = [f'{v:.2f}' if isinstance(v, float) else str(v) for v in row.values()]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def keep(file: Path, results: dict[str, Any]) -> None:
    """Write results as JSON, with the date and the machine named."""
    file.write_text(json.dumps({
        'date': time.strftime('%Y-%m-%d'), 'machine': describe_machine(), **results},
        indent=2) + '\n', encoding='utf-8')


def main() -> int:
    """Measure, print, and keep the results with the machine named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--frames', type=int, default=200, help='timed frames per scene')
    parser.add_argument('--seconds', type=float, default=10.0, help='of each latency run')
    parser.add_argument('--data', type=Path,
                        help="folder with the peers' models (detectors/, peers/); without it "
                             'they are left out')
    parser.add_argument('--output', type=Path, default=RESULTS, help='folder of the results')
    options = parser.parse_args()
    machine = describe_machine()
    print(f'{machine["processor"]}, {machine["cores"]} cores, Python '
          f'{platform.python_version()}, {machine["engine"]}\n')
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    _show('pipeline', 'Pipeline per frame, 640x480, one thread (target: ratio <= 1.15)',
          bench_pipeline(options.frames), results)
    if options.data:
        with tempfile.TemporaryDirectory() as work:
            _show('peers', 'Beside YuNet on the full frame (OpenCV) and big_XCEPTION, 640x480 '
                  '(target: 8 times faster)',
                  bench_peers(options.data, Path(work), options.frames // 4), results)
    one_face = results['pipeline'][1]['pipeline [ms]']
    _show('latency', 'Image published to /emotions received, two processes, 30 Hz',
          judge_latency(run_module('benchmark.latency', '--seconds', str(options.seconds)),
                        one_face), results)
    grown = run_module('benchmark.load', '--seconds', str(options.seconds), '--plot',
                       str(options.output / 'growth.png'))
    for key, title in (('load', 'One node, 640x480, one face'),
                       ('faces', 'Growth with faces (640x480)'),
                       ('resolutions', 'Growth with the resolution (detector input 320 px)'),
                       ('nodes', 'Growth with nodes on one machine')):
        _show(key, title, grown[key], results)
    keep(options.output / 'bench.json', results)
    print(f'kept in {options.output}: bench.json, growth.png')
    return 0


def _show(key: str, title: str, rows: list[dict[str, Any]], results: dict[str, Any]) -> None:
    results[key] = rows
    print(f'{title}\n\n{table_text(rows)}\n', flush=True)


if __name__ == '__main__':
    sys.exit(main())
