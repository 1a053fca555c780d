"""Cropped faces (FER2013) with boxes and landmarks by a teacher, for pasting into pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.datasets.face_pictures import moved_boxes
from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.types import BoundingBox, Detection

#: The teacher sees a crop enlarged so many times, with so many px of gray around it.
_ENLARGED, _MARGIN = 4, 64
#: Where it is not sure it looks again at the crop turned by so much [degrees].
_TURNS = (-30.0, 30.0)
#: It shall be sure at first sight; else the surest look counts, from the lower score on.
_SURE, _LOWEST_SCORE = 0.7, 0.4


@dataclass(frozen=True)
class FaceCrops:
    """
    Faces without surroundings, for pasting into pictures.

    :param images: uint8 (N, 48, 48), gray.
    :param boxes: float32 (N, 4) left, top, width, height [px]; may reach beyond the crop.
    :param landmarks: float32 (N, 5, 2) [px].
    :param hard: bool (N,), not found at first sight.
    """

    images: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    hard: np.ndarray


def load_face_crops(data: Path, teacher: Path, cache: Path) -> FaceCrops:
    """
    Return the training faces of FER2013 that a teacher finds.

    :param data: the npz file of FER2013.
    :param teacher: ONNX file of a detector with landmarks, its card beside it.
    :param cache: npz file that keeps the teacher's answers from one run to the next.
    :raises ValueError: if a file cannot be used; names it.
    """
    if cache.is_file():
        with np.load(cache) as kept:
            if 'hard' in kept:  # earlier versions did not note it: label anew
                return FaceCrops(
                    kept['images'], kept['boxes'], kept['landmarks'], kept['hard'])
    images = load_fer2013(data)[0].images
    crops = label_crops(images, load_face_detector(
        teacher, score_threshold=_LOWEST_SCORE, min_face_size=12.0))
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, images=crops.images, boxes=crops.boxes, landmarks=crops.landmarks,
             hard=crops.hard)
    return crops


def label_crops(images: np.ndarray, teacher: FaceDetector) -> FaceCrops:
    """
    Let a teacher find the one face of each crop; crops where it finds none are left out.

    :param images: uint8 (N, H, W).
    :param teacher: gives boxes and landmarks.
    """
    kept, faces, hard = [], [], []
    for i, image in enumerate(tqdm(images, desc='faces to paste', mininterval=5)):
        face = _found(image, teacher)
        first_sight = face is not None and face.score >= _SURE
        if not first_sight:
            looks = [face, *(_found(image, teacher, turn) for turn in _TURNS)]
            face = max(filter(None, looks), key=lambda f: f.score, default=None)
        if face is not None:
            kept.append(i)
            faces.append(face)
            hard.append(not first_sight)
    return FaceCrops(
        images[kept],
        np.array([[f.box.x, f.box.y, f.box.width, f.box.height] for f in faces],
                 np.float32).reshape(-1, 4),
        np.array([f.landmarks for f in faces], np.float32).reshape(-1, 5, 2),
        np.array(hard, bool))


def _found(image: np.ndarray, teacher: FaceDetector, turn: float = 0.0) -> Detection | None:
    """Return the largest face in a crop that is enlarged and turned, in px of the crop."""
    side = len(image) * _ENLARGED + 2 * _MARGIN
    middle = (len(image) - 1) / 2
    there = cv2.getRotationMatrix2D((middle, middle), turn, _ENLARGED)
    there[:, 2] += (side - 1) / 2 - middle
    large = cv2.warpAffine(image, there, (side, side), flags=cv2.INTER_CUBIC,
                           borderMode=cv2.BORDER_CONSTANT, borderValue=127.0)
    faces = [d for d in teacher.detect(large) if d.landmarks is not None]
    face = max(faces, key=lambda d: d.box.area, default=None)
    if face is None or face.box.size < 0.5 * len(image) * _ENLARGED:
        return None
    back = cv2.invertAffineTransform(there)
    box = np.array([[face.box.x, face.box.y, face.box.width, face.box.height]])
    return Detection(
        BoundingBox(*(float(v) for v in moved_boxes(box, back, np.full(2, 1 / _ENLARGED))[0])),
        face.score, np.asarray(face.landmarks) @ back[:, :2].T + back[:, 2])
