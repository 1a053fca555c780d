"""How much of each face is hidden, and which share of the faces is left in clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from fer_ros.perception.annotator import concealed_part
from fer_ros.perception.types import BoundingBox

#: A face of which less is hidden is in clear.
ENOUGH = 0.9
#: Faces of which less is inside the picture are not counted.
_LEAST_VISIBLE = 0.25
#: Borders of the face sizes [px].
SIZES = (12.0, 16.0, 24.0, 48.0, 96.0, np.inf)


class Faces(NamedTuple):
    """
    The faces of pictures.

    :param sizes: float (N,): square root of the area of the whole face [px].
    :param hidden: float (N,): share of the part inside the picture that is hidden.
    """

    sizes: np.ndarray
    hidden: np.ndarray

    @property
    def in_clear(self) -> np.ndarray:
        """Which are left in clear, bool (N,)."""
        return np.asarray(self.hidden < ENOUGH)


def hidden_pixels(shape: Sequence[int], places: Sequence[BoundingBox]) -> np.ndarray:
    """
    Return which pixels of a picture are hidden where a face may be at some places.

    :param shape: (height, width, ...) of the picture.
    :returns: bool (height, width).
    """
    mask = np.zeros(tuple(shape[:2]), bool)
    for box in places:
        mask[concealed_part(box, shape[1], shape[0])] = True
    return mask


def hidden_faces(mask: np.ndarray, faces: np.ndarray) -> Faces:
    """
    Judge the faces of a picture.

    :param mask: bool (H, W), from :func:`hidden_pixels`.
    :param faces: float (N, 4, 2): corners of each [px].
    :returns: those of which enough is inside the picture.
    """
    sizes, hidden = [], []
    for corners in faces:
        area = cv2.contourArea(corners.astype(np.float32))
        inside = np.zeros(mask.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.rint(corners).astype(np.int32), 1)
        visible = int(inside.sum())
        if visible and visible >= _LEAST_VISIBLE * area:
            sizes.append(area ** 0.5)
            hidden.append(float(mask[inside > 0].mean()))
    return Faces(np.array(sizes), np.array(hidden))


def all_faces(pictures: Sequence[Faces]) -> Faces:
    """Return the faces of several pictures as one."""
    return Faces(*(np.concatenate([np.empty(0), *part]) for part in zip(*pictures)))


def shares_in_clear(faces: Faces) -> dict[str, float]:
    """
    Return shares by size, NaN where there is no such face.

    :returns: ``in_clear`` (24 px and more), ``in_clear_12-16`` and so on, and as ``faces...`` how
        many there are.
    """
    rows: dict[str, float] = {}
    bins = {'': (24.0, np.inf), **{
        f'_{low:g}-{high:g}' if np.isfinite(high) else f'_{low:g}+': (low, high)
        for low, high in zip(SIZES, SIZES[1:])}}
    for name, (low, high) in bins.items():
        of_size = (faces.sizes >= low) & (faces.sizes < high)
        rows[f'faces{name}'] = int(of_size.sum())
        rows[f'in_clear{name}'] = float(
            faces.in_clear[of_size].mean()) if of_size.any() else float('nan')
    return rows
