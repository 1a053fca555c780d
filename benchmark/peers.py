"""Our pipeline beside the usual stack: YuNet on the full frame and big_XCEPTION per face."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark.scene import scene_with_faces
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.types import BoundingBox, Detection
from fer_ros.resources import resource_path

YUNET = 'detectors/face_detection_yunet_2023mar.onnx'
XCEPTION = 'peers/fer2013_big_XCEPTION.54-0.66.onnx'
_COUNTS = (1, 2, 8)
#: Column, emotion network, search_period [s].
_OURS = (('ours', 'emotion', 0.17), ('ours, int8', 'emotion_int8', 0.17),
         ('ours, int8, whole pictures', 'emotion_int8', 0.0))
#: Frames until the caches have settled.
_WARM = 30
#: Frames from one search of the whole picture to the next, at 30 Hz.
_ROUND = 5


class PeerStack:
    """
    cv2.FaceDetectorYN on the full frame, then one face after the other through big_XCEPTION.

    :param folder: with the files :data:`YUNET` and :data:`XCEPTION`; the card of the latter is
        taken from ``config/model_cards``.
    :param work: where the classifier's file and card are put side by side.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self._detector = cv2.FaceDetectorYN.create(str(folder / YUNET), '', (640, 480), 0.6, 0.3)
        model = work / Path(XCEPTION).name
        model.write_bytes((folder / XCEPTION).read_bytes())
        card = resource_path(f'config/model_cards/{model.stem}.yaml')
        model.with_suffix('.yaml').write_bytes(card.read_bytes())
        self._classifier = EmotionClassifier(model)

    def process(self, image: np.ndarray) -> int:
        """Judge a frame, uint8 (480, 640, 3) BGR; return the number of faces."""
        rows = self._detector.detect(image)[1]
        for row in () if rows is None else rows:
            box = Detection(BoundingBox(*(float(v) for v in row[:4])), float(row[14]))
            self._classifier.classify(self._classifier.crops(image, [box]))
        return 0 if rows is None else len(rows)


def typical(times: Sequence[float]) -> float:
    """Return the median time of rounds, a frame: each round has one search of everything."""
    whole = np.asarray(times)[:len(times) // _ROUND * _ROUND]
    return float(np.median(whole.reshape(-1, _ROUND).mean(1)))


def bench_peers(folder: Path, work: Path, frames: int) -> list[dict[str, Any]]:
    """
    Time all in turns on the same frames at 30 Hz, one thread each.

    Every frame is looked at: by the peer and in the last column everywhere, by ours where known
    faces should be, and everywhere each :data:`_ROUND` frames.

    :returns: a row per scene; times a frame by :func:`typical` [ms].
    """
    cv2.setNumThreads(1)
    peer = PeerStack(folder, work)
    rows = []
    for count in _COUNTS:
        scene = scene_with_faces(count)
        pipelines = {name: build_pipeline(PipelineConfig(
            emotion_model=resource_path(f'models/{model}.onnx'), search_period=period))
            for name, model, period in _OURS}
        times: dict[str, list[float]] = {name: [] for name in ('peer', *pipelines)}
        found = {}
        for i in range(frames + _WARM):
            start = time.perf_counter()
            found['peer'] = peer.process(scene)
            times['peer'].append(time.perf_counter() - start)
            for name, pipeline in pipelines.items():
                result = pipeline.process(scene, i / 30)
                found[name] = len(result.faces)
                times[name].append(result.processing_seconds)
        ms = {name: typical(values[_WARM:]) * 1e3 for name, values in times.items()}
        rows.append({
            'faces': count, 'found by the peer': found['peer'], 'found by us': found['ours'],
            **{f'{name} [ms]': value for name, value in ms.items()},
            **{f'{name}: times faster': ms['peer'] / ms[name] for name in pipelines}})
    return rows
