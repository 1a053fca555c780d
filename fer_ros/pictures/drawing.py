"""What of a picture is shown: its annotated copy, each face close up and its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fer_ros.perception.activation import blend, enlarge
from fer_ros.perception.annotator import annotate, anonymize
from fer_ros.perception.concealment import Concealment
from fer_ros.perception.preprocessing import crop_face
from fer_ros.perception.still_pictures import scaled, scaled_box
from fer_ros.perception.types import BoundingBox, TrackedFace

#: long side of a copy [px]: what is written into it can be read.
_READABLE = (480, 1280)
#: side of a face close up [px].
_CLOSE = 160


@dataclass(frozen=True)
class Drawing:
    """
    The pictures of one picture, uint8 BGR.

    :param annotated: (H, W, 3), the copy.
    :param thumbnails: (160, 160, 3) of each face, upright, as the emotion network frames it.
    :param evidence: the same with the map of evidence over it; None where there is no map.
    :param anonymized: all faces in them are hidden.
    """

    annotated: np.ndarray
    thumbnails: list[np.ndarray]
    evidence: list[np.ndarray | None]
    anonymized: bool


def draw(picture: np.ndarray, faces: Sequence[TrackedFace], labels: Sequence[str],
         concealment: Concealment | None = None, overlay: str = 'bars') -> Drawing:
    """
    Draw a still picture and its faces.

    :param picture: uint8 (H, W, 3) BGR; not changed.
    :param faces: of this very picture.
    :param labels: the emotions in the order of the probabilities.
    :param concealment: hides all faces, in everything that is drawn; None hides nothing.
    :param overlay: on the copy: 'bars', 'cam' or 'none'.
    """
    copy, small = _readable(picture, faces)
    if concealment is not None:
        factor = copy.shape[1] / picture.shape[1]
        copy = copy.copy()
        anonymize(copy, _places(picture, faces, concealment, factor))
        picture, faces = copy, small  # the faces close up are cut out of what is hidden
    thumbnails = [crop_face(picture, face.track.detection, (_CLOSE, _CLOSE)) for face in faces]
    evidence = [_evidence(thumbnail, face) for thumbnail, face in zip(thumbnails, faces)]
    return Drawing(annotate(copy, small, labels, overlay), thumbnails, evidence,
                   concealment is not None)


def _readable(picture: np.ndarray,
              faces: Sequence[TrackedFace]) -> tuple[np.ndarray, Sequence[TrackedFace]]:
    """Return a picture and its faces in a size in which one can read what is written there."""
    side = max(picture.shape[:2])
    factor = float(np.clip(side, *_READABLE)) / side
    if factor == 1:
        return picture, faces
    size = [max(1, round(factor * length)) for length in picture.shape[1::-1]]
    copy = cv2.resize(picture, size, interpolation=(
        cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR))
    return copy, [replace(face, track=replace(face.track, detection=scaled(
        face.track.detection, factor))) for face in faces]


def _places(picture: np.ndarray, faces: Sequence[TrackedFace], concealment: Concealment,
            factor: float) -> list[BoundingBox]:
    """Return every place that may be a face, in the pixels of the copy."""
    places = concealment.in_still(picture) + [face.track.detection.box for face in faces]
    return [scaled_box(box, factor) for box in places]


def _evidence(thumbnail: np.ndarray, face: TrackedFace) -> np.ndarray | None:
    if face.activation_map is None:
        return None
    return np.asarray(blend(thumbnail, enlarge(face.activation_map, (_CLOSE, _CLOSE))))
