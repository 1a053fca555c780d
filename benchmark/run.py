"""``make bench``: time per frame beside bare onnxruntime, and latency between two processes."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.scene import scene_with_faces
from fer_ros.machine import describe_machine
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

RESULTS = Path(__file__).parent / 'results'


def bench_pipeline(frames: int) -> list[dict[str, float]]:
    """
    Time the pipeline at 640x480 for several numbers of faces.

    The scenes are interleaved, so that a slow moment of the machine hits all of them.

    :param frames: timed frames per scene.
    :returns: a row per scene; times are medians [ms].
    """
    config = PipelineConfig(
        resource_path('models/face_detector.onnx'), resource_path('models/emotion.onnx'))
    counts = (0, 1, 2, 8)
    pipelines = [build_pipeline(config) for _ in counts]
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
        table.append({
            'faces in the scene': count, 'faces found': float(np.median(timed[:, 2])),
            'pipeline [ms]': float(np.median(timed[:, 0]) * 1e3),
            'onnxruntime [ms]': float(np.median(timed[:, 1]) * 1e3),
            'ratio': float(np.median(timed[:, 0] / timed[:, 1]))})
    return table


def bench_latency(seconds: float) -> list[dict[str, Any]]:
    """Run the latency measurement in its own process (see ``benchmark/latency.py``)."""
    output = subprocess.run(
        [sys.executable, '-m', 'benchmark.latency', '--seconds', str(seconds)],
        check=True, capture_output=True, text=True).stdout
    rows: list[dict[str, Any]] = json.loads(output.splitlines()[-1])
    return rows


def table_text(rows: list[dict[str, Any]]) -> str:
    """Format rows as a Markdown table."""
    names = list(rows[0])
    lines = ['| ' + ' | '.join(names) + ' |', '|' + '---|' * len(names)]
    for row in rows:
        cells = [f'{v:.2f}' if isinstance(v, float) else str(v) for v in row.values()]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def main() -> int:
    """Measure, print, and keep the results with the machine named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--frames', type=int, default=200, help='timed frames per scene')
    parser.add_argument('--seconds', type=float, default=10.0, help='of each latency run')
    parser.add_argument('--output', type=Path, default=RESULTS, help='folder of the results')
    options = parser.parse_args()
    machine = describe_machine()
    print(f'{machine["processor"]}, {machine["cores"]} cores, Python '
          f'{platform.python_version()}, onnxruntime {machine["onnxruntime"]}\n')
    pipeline = bench_pipeline(options.frames)
    print('Pipeline per frame, 640x480, one thread, medians\n\n' + table_text(pipeline) + '\n')
    latency = bench_latency(options.seconds)
    print('Image published to /emotions received, two processes, 30 Hz\n\n'
          + table_text(latency))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / 'bench.json').write_text(json.dumps({
        'date': time.strftime('%Y-%m-%d'), 'machine': machine, 'pipeline': pipeline,
        'latency': latency}, indent=2) + '\n', encoding='utf-8')
    print(f'\nkept in {options.output / "bench.json"}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
