"""
The emotion network on one core: float32 and int8, with and without activation maps.

The variants are interleaved face by face, so that a slow moment of the machine hits all of them.
Each is timed between two frames, after the face detector has run and the network's weights have
left the caches, as on a robot; and again at once.
``python -m benchmark.classifier``
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmark.scene import scene_with_faces
from fer_ros.machine import describe_machine
from fer_ros.perception.annotator import annotate
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

RESULTS = Path(__file__).parent / 'results' / 'classifier.json'


def variants(float32_model: Path, int8_model: Path) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name."""
    float32, int8 = EmotionClassifier(float32_model), EmotionClassifier(int8_model)
    face = cv2.resize(scene_with_faces(1), float32.card.input_size)
    gray = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY) if face.ndim == 3 else face
    one, eight = gray[None], np.repeat(gray[None], 8, 0)
    return {
        'float32, 1 face': lambda: float32.classify(one),
        'float32, 1 face, with its map': lambda: float32.classify(one, maps=True),
        'float32, 8 faces': lambda: float32.classify(eight),
        'int8, 1 face': lambda: int8.classify(one),
        'int8, 1 face, with its map': lambda: int8.classify(one, maps=True),
        'int8, 8 faces': lambda: int8.classify(eight)}


def drawing() -> dict[str, Callable[[], object]]:
    """Return the annotated image of one face with each overlay, 640x480."""
    scene = scene_with_faces(1)
    pipeline = build_pipeline(PipelineConfig(maps=True))
    faces = pipeline.analyze(scene)
    return {f'drawing, overlay {overlay}': lambda overlay=overlay: annotate(
        scene, faces, pipeline.labels, overlay) for overlay in ('none', 'bars', 'cam')}


def measure(functions: dict[str, Callable[[], object]],
            rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median time of each function [ms], at once and between two frames."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    scene = cv2.cvtColor(scene_with_faces(1), cv2.COLOR_BGR2GRAY)
    times: dict[str, list[list[float]]] = {name: [] for name in functions}
    for _ in range(rounds + 5):
        for name, function in functions.items():
            detector.detect(scene)
            stamps = [time.perf_counter()]
            for _ in range(2):  # the second one finds its own data in the caches
                function()
                stamps.append(time.perf_counter())
            times[name].append(np.diff(stamps).tolist())
    medians = {name: 1e3 * np.median(values[5:], 0) for name, values in times.items()}
    return ({name: float(value[1]) for name, value in medians.items()},
            {name: float(value[0]) for name, value in medians.items()})


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=300)
    parser.add_argument('--float32', type=Path, default=resource_path('models/emotion.onnx'))
    parser.add_argument('--int8', type=Path, default=resource_path('models/emotion_int8.onnx'))
    options = parser.parse_args()
    medians, between = measure(
        {**variants(options.float32, options.int8), **drawing()}, options.rounds)
    base = medians['float32, 1 face']
    for name, value in medians.items():
        print(f'{name:32} {value:7.3f} ms  {value / base:5.2f} of float32, 1 face; '
              f'between two frames {between[name]:7.3f} ms')
    RESULTS.write_text(json.dumps(
        {'machine': describe_machine(), 'rounds': options.rounds, 'milliseconds': {
            name: round(value, 4) for name, value in medians.items()},
         'milliseconds_between_frames': {
             name: round(value, 4) for name, value in between.items()}}, indent=2) + '\n',
        encoding='utf-8')


if __name__ == '__main__':
    main()
