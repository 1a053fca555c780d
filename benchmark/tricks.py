"""
What each trick brings: the same work with and without it, in turns, medians.

``python -m benchmark.tricks`` prints the table that benchmark/README.md explains.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from std_msgs.msg import Header

from benchmark.run import RESULTS, keep, table_text
from benchmark.scene import scene_with_faces
from fer_ros.nodes.image_conversions import array_to_image, image_to_array
from fer_ros.perception.detection_decoding import decode_maps
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

_FACE = resource_path('models/face_detector.onnx')
_EMOTION = resource_path('models/emotion.onnx')
Work = Callable[[], Any]


def time_pair(without: Work, with_it: Work, passes: int) -> tuple[float, float]:
    """Return the medians of both [ms], timed in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(passes + 5):
        for work, row in zip((without, with_it), times):
            start = time.perf_counter()
            work()
            if i >= 5:
                row.append(time.perf_counter() - start)
    first, second = (float(np.median(row) * 1e3) for row in times)
    return first, second


def tricks() -> dict[str, tuple[Work, Work]]:
    """Return name -> the work without and with it."""
    cv2.setNumThreads(1)
    scene = scene_with_faces(8)
    gray = cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY)
    detector, full = load_face_detector(_FACE), load_face_detector(_FACE, min_face_size=12.0)
    int8_detector = load_face_detector(resource_path('models/face_detector_int8.onnx'))
    classifier = EmotionClassifier(_EMOTION)
    int8 = EmotionClassifier(resource_path('models/emotion_int8.onnx'))
    faces = classifier.crops(gray, detector.detect(gray))
    message = array_to_image(scene, Header())
    small = cv2.resize(gray, (320, 240), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((256, 320), np.uint8)

    def padded() -> np.ndarray:
        resized = cv2.resize(gray, (320, 240), interpolation=cv2.INTER_AREA)
        return cv2.copyMakeBorder(resized, 0, 16, 0, 0, cv2.BORDER_CONSTANT, value=0)

    def in_place() -> None:
        cv2.resize(gray, (320, 240), dst=canvas[:240], interpolation=cv2.INTER_AREA)
    raw = open_session(_FACE)
    tensor = np.zeros((1, 1, 256, 320), np.uint8)
    tensor[0, 0, :240] = small
    names = [output.name for output in raw.get_outputs()]
    maps = dict(zip(names, raw.run(None, {'image': tensor})))
    bound = _bound(raw, tensor)
    two = open_session(_FACE, 2)
    every, third = (_half_a_second_of(interval) for interval in (1, 3))
    searched = _half_a_second_of(search_period=0.0)
    return {
        'view on the message instead of a copy': (
            lambda: image_to_array(message).copy(), lambda: image_to_array(message)),
        'detector sees 320x240 (faces of 24 px) instead of 640x480': (
            lambda: full.detect(gray), lambda: detector.detect(gray)),
        'resized into a kept canvas instead of padded': (padded, in_place),
        'uint8 into the network instead of float32 from NumPy': (
            lambda: (tensor.astype(np.float32) - np.float32(0)) / np.float32(1),
            lambda: tensor),
        'maps decoded above the threshold instead of everywhere': (
            lambda: decode_maps(maps, 320, 256, 0.0), lambda: decode_maps(maps, 320, 256, 0.4)),
        'eight faces in one batch instead of one by one': (
            lambda: [classifier.classify(face[None]) for face in faces],
            lambda: classifier.classify(faces)),
        'emotion network in int8 (one face)': (
            lambda: classifier.classify(faces[:1]), lambda: int8.classify(faces[:1])),
        'emotion network in int8 (eight faces)': (
            lambda: classifier.classify(faces), lambda: int8.classify(faces)),
        'face detector in int8': (
            lambda: detector.detect(gray), lambda: int8_detector.detect(gray)),
        'IO binding for the detector': (lambda: raw.run(None, {'image': tensor}),
                                        lambda: raw.run_with_iobinding(bound)),
        'known face looked for by the refiner (15 frames)': (searched, every),
        'networks look at each third frame (15 frames, one face)': (every, third),
        'two threads for the detector': (lambda: raw.run(None, {'image': tensor}),
                                         lambda: two.run(None, {'image': tensor}))}


def _half_a_second_of(interval: int = 1, search_period: float = 0.17) -> Work:
    pipeline = build_pipeline(PipelineConfig(
        detector_interval=interval, search_period=search_period))
    scene, numbers = scene_with_faces(1), itertools.count()
    return lambda: [pipeline.process(scene, next(numbers) / 30) for _ in range(15)]


def _bound(session: onnxruntime.InferenceSession, tensor: np.ndarray) -> Any:
    binding = session.io_binding()
    binding.bind_cpu_input('image', tensor)
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return binding


def main() -> int:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--passes', type=int, default=200)
    parser.add_argument('--output', type=Path, default=RESULTS / 'tricks.json')
    options = parser.parse_args()
    rows = []
    for name, pair in tricks().items():
        without, with_it = time_pair(*pair, options.passes)
        rows.append({'trick': name, 'without [ms]': without, 'with [ms]': with_it,
                     'saved [ms]': without - with_it})
    print(table_text(rows))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    keep(options.output, {'tricks': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
