"""Places in the training pictures that a detector gets wrong, to be shown more often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.evaluation.detector.metrics import SMALLEST, match
from fer_ros.perception.face_detector import FaceDetector
from fer_ros.perception.types import Detection

#: Detections from this score on are looked at; faces with a lower one than the other are hard.
LOWEST_SCORE, _SURE = 0.3, 0.65


def with_hard_places(pictures: Sequence[FacePicture],
                     detector: FaceDetector) -> list[FacePicture]:
    """
    Return the pictures with their hard places (bootstrapping; Sung and Poggio 1998).

    Hard are faces that the detector misses or doubts, and whatever it takes for a face in a
    picture without one. What it finds beside the labeled faces of other pictures is often a
    face without a label: it becomes neither face nor background.

    :param detector: with a score threshold of :data:`LOWEST_SCORE`.
    """
    found = (detector.detect(p.image) for p in tqdm(pictures, desc='hard places', mininterval=5))
    return [_judged(picture, detections) for picture, detections in zip(pictures, found)]


def _judged(picture: FacePicture, detections: Sequence[Detection]) -> FacePicture:
    matched = match(detections, picture.boxes, picture.landmarks, picture.ignored)
    best = np.zeros(len(picture.boxes))
    np.maximum.at(best, matched.faces[matched.kinds > 0], matched.scores[matched.kinds > 0])
    doubted = picture.boxes[(best < _SURE) & (matched.face_sizes >= SMALLEST)]
    chosen = (matched.kinds < 0) & ~matched.near
    false = np.array([[d.box.x, d.box.y, d.box.width, d.box.height] for d, is_false in zip(
        detections, chosen) if is_false], np.float32).reshape(-1, 4)
    if picture.faceless:
        return replace(picture, hard=false)
    return replace(picture, hard=doubted, ignored=np.concatenate([picture.ignored, false]))
