"""How many faces a detector invents in video without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from fer_ros.perception.face_detector import FaceDetector
from fer_ros.perception.face_tracker import CONFIRMED, FaceTracker, TrackerConfig

_RATE = 15.0
_SECONDS = 2.0
_VIEW = (640, 480)
_ZOOMS = (1.0, 1.7, 2.8)


def panned(images: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """
    Yield what a camera sees that pans over pictures: 640x480, three zooms of two seconds each.

    :param images: uint8 (H, W, 3).
    """
    frames = int(_RATE * _SECONDS)
    for number, image in enumerate(images):
        height, width = image.shape[:2]
        for zoom in _ZOOMS:
            scale = 1.15 * zoom * max(_VIEW[0] / width, _VIEW[1] / height)
            low = np.array(_VIEW) / 2 / scale
            high = np.array([width, height]) - low
            begin, end = np.random.default_rng([number, int(zoom * 10)]).uniform(low, high, (2, 2))
            for i in range(frames):
                center = begin + (end - begin) * i / frames
                matrix = np.array([[scale, 0, _VIEW[0] / 2 - scale * center[0]],
                                   [0, scale, _VIEW[1] / 2 - scale * center[1]]])
                yield cv2.warpAffine(image, matrix, _VIEW, flags=cv2.INTER_LINEAR,
                                     borderMode=cv2.BORDER_REFLECT_101)


def false_faces_per_hour(detector: FaceDetector, frames: Iterable[np.ndarray],
                         threshold: float, rate: float = _RATE) -> dict[str, float]:
    """
    Count what detector and tracker take for faces.

    :param frames: uint8 (H, W, 3), none of which shows a face.
    :param threshold: score that a new face needs.
    :param rate: frames per second.
    :returns: ``false_faces_per_hour`` (confirmed tracks) and ``frames_with_a_false_face``
        (share of the frames with a detection from the threshold on).
    """
    tracker = FaceTracker(TrackerConfig(high_score=threshold))
    ids, alarms, count = set(), 0, 0
    for i, frame in enumerate(frames):
        found = detector.detect(frame)
        ids |= {t.id for t in tracker.update(found, i / rate) if t.state == CONFIRMED}
        alarms += any(d.score >= threshold for d in found)
        count += 1
    hours = max(count, 1) / rate / 3600
    return {'false_faces_per_hour': len(ids) / hours,
            'frames_with_a_false_face': alarms / max(count, 1)}
