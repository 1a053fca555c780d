"""OpenCV's Haar cascade as a yardstick, where OpenCV still has it (before version 5)."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np

from fer_ros.perception.model_card import ModelCard
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import BoundingBox, Detection

_CASCADE = 'haarcascade_frontalface_default.xml'


def haar_is_there() -> bool:
    """Return whether this OpenCV has the classifier and its file."""
    return hasattr(cv2, 'CascadeClassifier') and _cascade_file().is_file()


def _cascade_file() -> Path:
    return Path(getattr(getattr(cv2, 'data', None), 'haarcascades', '')) / _CASCADE


class HaarDetector:
    """
    A :class:`~fer_ros.perception.face_detector.FaceDetector` without landmarks.

    Scores are the last stage's weights through a logistic curve: an order, no probability.

    :param min_face_size: [px].
    """

    def __init__(self, min_face_size: float = 12.0) -> None:
        file = _cascade_file()
        self._cascade = cv2.CascadeClassifier(str(file))  # type: ignore[attr-defined]
        self._smallest = max(round(min_face_size), 1)
        self.card = ModelCard(file, 'haar', 'face_detection')
        self.inference_seconds = 0.0

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Find faces, see :meth:`~fer_ros.perception.face_detector.FaceDetector.detect`."""
        start = time.perf_counter()
        boxes, _, weights = self._cascade.detectMultiScale3(
            to_gray(image), 1.1, 3, minSize=(self._smallest, self._smallest),
            outputRejectLevels=True)
        self.inference_seconds = time.perf_counter() - start
        found = [Detection(BoundingBox(*(float(v) for v in box)), float(1 / (1 + np.exp(-weight))))
                 for box, weight in zip(boxes, np.ravel(weights))]
        return sorted(found, key=lambda d: -d.score)
