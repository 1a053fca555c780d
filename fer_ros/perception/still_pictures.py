"""Faces in still pictures, which may be many times larger than a camera's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from fer_ros.perception.types import BoundingBox, Detection

#: In a picture of this side or less the detector finds faces of any size [px].
_ENOUGH = 640


def detect_in_still(detect: Callable[[np.ndarray], list[Detection]],
                    image: np.ndarray) -> list[Detection]:
    """
    Find faces; where there are none, look again at the picture at half its size, and so on.

    A detector is made for faces up to a few hundred pixels: a portrait of 12 megapixels is all
    one face that it does not see (an image pyramid, from fine to coarse).

    :param detect: finds faces in a picture.
    :param image: uint8 (H, W) or (H, W, 3).
    :returns: faces in pixels of the image.
    """
    side, factor = max(image.shape[:2]), 1.0
    found = detect(image)
    while not found and side * factor > _ENOUGH:
        factor /= 2
        smaller = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found = [scaled(face, 1 / factor) for face in detect(smaller)]
    return found


def scaled(face: Detection, factor: float) -> Detection:
    """Return a face of a picture in the pixels of the same picture, so many times as large."""
    points = None if face.landmarks is None else face.landmarks * np.float32(factor)
    return replace(face, box=scaled_box(face.box, factor), landmarks=points)


def scaled_box(box: BoundingBox, factor: float) -> BoundingBox:
    """Likewise of a box."""
    return BoundingBox(*(factor * value for value in (box.x, box.y, box.width, box.height)))
