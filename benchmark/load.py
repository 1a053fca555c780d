"""What emotion_node takes of a machine: processor, memory, time to start; and how it grows."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from matplotlib.figure import Figure
from sensor_msgs.msg import Image

from benchmark.child import Child, init_apart
from benchmark.peers import typical
from benchmark.scene import scene_with_faces
from fer_ros.nodes.qos import image_qos
from fer_ros.nodes.running import guard_exit
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline

_RESOLUTIONS = ((320, 240), (640, 480), (1280, 720), (1920, 1080), (3840, 2160))
_FACES = (0, 1, 2, 4, 8, 16, 24, 32)


def bench_load(seconds: float) -> list[dict[str, Any]]:
    """Measure the shares of a core, memory and start of one node at 640x480."""
    picture = scene_with_faces(1)
    rows: list[dict[str, Any]] = []
    with Child(picture) as child:
        rows.append({'what': 'start to first result [s]', 'value': child.wait_for_answer(),
                     'target': '<= 2'})
        child.spin(3)
        memory = child.memory()
        rows.append({'what': 'one face, 30 Hz [% of a core]', 'value': child.use(seconds),
                     'target': '<= 10'})
        child.set_parameter('detector_interval', 1)
        child.spin(1)
        rows.append({'what': 'the same, every frame looked at [% of a core]',
                     'value': child.use(seconds), 'target': ''})
        child.set_parameter('detector_interval', 'auto')
        child.spin(1)
        received: list[Image] = []
        subscription = child.node.create_subscription(
            Image, 'emotions/image', received.append, image_qos())
        child.spin(1)
        rows.append({'what': 'one face, 30 Hz, annotated image too [% of a core]',
                     'value': child.use(seconds), 'target': '<= 14'})
        child.node.destroy_subscription(subscription)
        child.spin(0.5, 0)
        rows.append({'what': 'active, no images [% of a core]', 'value': child.use(seconds, 0),
                     'target': '< 1'})
        child.change_state('deactivate')
        child.spin(1, 0)
        rows.append({'what': 'deactivated [% of a core]', 'value': child.use(seconds, 0),
                     'target': '< 0.5'})
        rows.append({'what': 'memory after start [MB]', 'value': memory, 'target': ''})
        rows.append({'what': 'memory grown since [MB]', 'value': child.memory() - memory,
                     'target': '< 5 (in an hour: make soak)'})
    return rows


def bench_faces(frames: int) -> list[dict[str, float]]:
    """Time the pipeline at 640x480 for 0 to 32 faces of one size."""
    rows = []
    for count in _FACES:
        pipeline = build_pipeline(PipelineConfig())
        scene = scene_with_faces(count, columns=8)
        samples = np.array([_sample(pipeline, scene, i) for i in range(frames + 5)])[5:]
        median = [1e3 * typical(column) for column in samples.T]
        found = len(pipeline.process(scene, (frames + 6) / 30).faces)
        rows.append({'faces': count, 'found': found, 'pipeline [ms]': median[0],
                     'classification [ms]': median[1]})
    return rows


def bench_resolutions(frames: int) -> list[dict[str, Any]]:
    """Time the pipeline with one face and a detector input of 320 px at several sizes."""
    rows = []
    for width, height in _RESOLUTIONS:
        pipeline = build_pipeline(PipelineConfig(detector_input=320))
        scene = scene_with_faces(1, width, height)
        samples = np.array([_sample(pipeline, scene, i) for i in range(frames + 5)])[5:]
        rows.append({'size': f'{width}x{height}', 'megapixels': width * height / 1e6,
                     'pipeline [ms]': 1e3 * typical(samples[:, 0]),
                     'networks [ms]': 1e3 * typical(samples[:, 2])})
    return rows


def bench_nodes(seconds: float) -> list[dict[str, float]]:
    """Measure 1 to 4 nodes on one camera at 640x480 and 30 Hz."""
    rows = []
    for count in (1, 2, 3, 4):
        with Child(scene_with_faces(1), count=count) as child:
            child.wait_for_answer()
            child.spin(4)
            before = child.answers
            use = child.use(seconds)
            answers = (child.answers - before) / seconds / count
            rows.append({'nodes': count, 'all together [% of a core]': use,
                         'answers per node and second': answers})
    return rows


def plot_growth(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw time against faces and pixels, and load against nodes."""
    figure = Figure(figsize=(13, 3.6), layout='constrained')
    faces, pixels, nodes = figure.subplots(1, 3)
    for axes, rows, key, names, label in (
            (faces, results['faces'], 'faces', ('pipeline [ms]', 'classification [ms]'),
             'faces in the frame'),
            (pixels, results['resolutions'], 'megapixels', ('pipeline [ms]', 'networks [ms]'),
             'megapixels, detector input 320 px'),
            (nodes, results['nodes'], 'nodes', ('all together [% of a core]',),
             'nodes on one camera, 30 Hz')):
        for name in names:
            axes.plot([r[key] for r in rows], [r[name] for r in rows], marker='o', label=name)
        axes.set(xlabel=label, ylim=(0, None))
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=90)


def main() -> int:
    """Measure everything; print the rows as JSON and draw the plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--frames', type=int, default=60)
    parser.add_argument('--plot', type=Path, required=True)
    options = parser.parse_args()
    init_apart()
    results = {'load': bench_load(options.seconds), 'faces': bench_faces(options.frames),
               'resolutions': bench_resolutions(options.frames),
               'nodes': bench_nodes(options.seconds)}
    plot_growth(results, options.plot)
    print(json.dumps(results), flush=True)
    guard_exit()
    rclpy.try_shutdown()
    return 0


def _sample(pipeline: Any, scene: np.ndarray, number: int) -> tuple[float, float, float]:
    """Return the pipeline's, the classifier's and both networks' time of one frame [s]."""
    result = pipeline.process(scene, number / 30)
    return (result.processing_seconds, pipeline.classifier.inference_seconds,
            result.inference_seconds)


if __name__ == '__main__':
    sys.exit(main())
