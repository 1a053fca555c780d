"""
What it costs to be without onnxruntime: the pipeline on OpenCV's dnn module, frame by frame.

``python -m benchmark.engines``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmark.peers import typical
from fer_ros.machine import describe_machine
from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception import onnx_session
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

RESULTS = Path(__file__).parent / 'results' / 'engines.json'


def pipelines() -> dict[str, Pipeline]:
    """Return the pipeline on each engine, both in this process, with the float32 network."""
    config = PipelineConfig(emotion_model=resource_path('models/emotion.onnx'))
    found = {onnx_session.inference_engine(): build_pipeline(config)}
    engine, onnx_session.onnxruntime = onnx_session.onnxruntime, None
    try:
        found[onnx_session.inference_engine()] = build_pipeline(config)
    finally:
        onnx_session.onnxruntime = engine
    return found


def measure(frames: int) -> dict[str, float]:
    """Return the time of a frame on each engine [ms], interleaved, 640x480, one face."""
    scene, ours = DemoScene(), pipelines()
    times: dict[str, list[float]] = {name: [] for name in ours}
    for i in range(frames):
        frame, stamp = scene.render(2 + i / 30), i / 30
        for name, pipeline in ours.items():
            times[name].append(pipeline.process(frame, stamp).processing_seconds)
    return {name: 1e3 * typical(values) for name, values in times.items()}


def main() -> None:
    """Measure, print, keep; a run with another OpenCV adds its row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=200)
    options = parser.parse_args()
    (engine, ours), (other, theirs) = measure(options.frames).items()
    row = {'engine': other, 'ms a frame': round(theirs, 3), f'{engine} [ms]': round(ours, 3),
           'times': round(theirs / ours, 2)}
    print('  '.join(f'{key} {value}' for key, value in row.items()))
    kept = json.loads(RESULTS.read_text(encoding='utf-8'))['rows'] if RESULTS.exists() else []
    rows = sorted([row, *(old for old in kept if old['engine'] != other)],
                  key=lambda old: str(old['engine']))
    RESULTS.write_text(json.dumps(
        {'machine': describe_machine(), 'frames': options.frames, 'rows': rows}, indent=2) + '\n',
        encoding='utf-8')


if __name__ == '__main__':
    main()
