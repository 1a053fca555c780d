"""Cropped faces (FER2013) with boxes and landmarks by a teacher, for pasting into pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.training.datasets import load_fer2013

#: The teacher sees a crop enlarged so many times, with so many px of gray around it.
_ENLARGED, _MARGIN = 4, 64
_LOWEST_SCORE = 0.7


@dataclass(frozen=True)
class FaceCrops:
    """
    Faces without surroundings, for pasting into pictures.

    :param images: uint8 (N, 48, 48), gray.
    :param boxes: float32 (N, 4) left, top, width, height [px]; may reach beyond the crop.
    :param landmarks: float32 (N, 5, 2) [px].
    """

    images: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray


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
            return FaceCrops(kept['images'], kept['boxes'], kept['landmarks'])
    images = load_fer2013(data)[0].images
    crops = label_crops(images, load_face_detector(
        teacher, score_threshold=_LOWEST_SCORE, min_face_size=12.0))
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, images=crops.images, boxes=crops.boxes, landmarks=crops.landmarks)
    return crops


def label_crops(images: np.ndarray, teacher: FaceDetector) -> FaceCrops:
    """
    Let a teacher find the one face of each crop; crops where it finds none are left out.

    :param images: uint8 (N, H, W).
    :param teacher: gives boxes and landmarks.
    """
    kept, boxes, landmarks = [], [], []
    for i, image in enumerate(tqdm(images, desc='faces to paste', mininterval=5)):
        large = cv2.resize(image, None, fx=_ENLARGED, fy=_ENLARGED,
                           interpolation=cv2.INTER_CUBIC)
        large = np.pad(large, _MARGIN, constant_values=127)
        found = [d for d in teacher.detect(large) if d.landmarks is not None]
        if not found:
            continue
        face = max(found, key=lambda d: d.box.area)
        if face.box.size < 0.5 * len(image) * _ENLARGED:
            continue
        kept.append(i)
        box = np.array([face.box.x, face.box.y, face.box.width, face.box.height])
        boxes.append((box - [_MARGIN, _MARGIN, 0, 0]) / _ENLARGED)
        landmarks.append((np.asarray(face.landmarks) - _MARGIN) / _ENLARGED)
    return FaceCrops(images[kept], np.array(boxes, np.float32).reshape(-1, 4),
                     np.array(landmarks, np.float32).reshape(-1, 5, 2))
