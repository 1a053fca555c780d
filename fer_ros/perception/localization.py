"""Where in space faces are, from a depth image registered to the color image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.types import BoundingBox

#: So many points a side are looked at in each face: enough for a median, whatever its size.
_GRID = 16
#: A face with fewer known pixels has no position.
_MIN_PIXELS = 4


def locate_faces(depth: np.ndarray, boxes: Sequence[BoundingBox], image_size: tuple[int, int],
                 camera_matrix: np.ndarray) -> list[np.ndarray | None]:
    """
    Return the faces' positions by the pinhole model.

    The depth is the median over the middle half of the box: hair and background lie outside.

    :param depth: float32 (H, W) [m], NaN, infinite or not above 0 where unknown; may be smaller
        or larger than the image.
    :param boxes: the faces in the color image [px].
    :param image_size: (width, height) of the color image [px].
    :param camera_matrix: float (3, 3), K of the color image.
    :returns: float64 (3,) [m] for each: x right, y down, z forward (camera optical frame, REP
        103); None if too little depth is known there or K is empty or not finite.
    """
    focal = np.array([camera_matrix[0, 0], camera_matrix[1, 1]], float)
    center = np.array([camera_matrix[0, 2], camera_matrix[1, 2]], float)
    if not boxes or depth.size == 0 or not (
            np.isfinite([focal, center]).all() and (focal > 0).all()):
        return [None] * len(boxes)
    middles = np.array([box.center for box in boxes], float)
    distances = _distances(depth, middles, np.array([(b.width, b.height) for b in boxes], float),
                           image_size)
    places = np.column_stack([
        (middles - center) * distances[:, None] / focal, distances])
    return [place if np.isfinite(place).all() else None for place in places]


def _distances(depth: np.ndarray, middles: np.ndarray, sizes: np.ndarray,
               image_size: tuple[int, int]) -> np.ndarray:
    """Return the median depth (N,) [m] in the middle half of each box, NaN if unknown."""
    height, width = depth.shape
    scale = np.array([width, height]) / image_size
    most = np.array([width, height])
    low = np.clip(np.trunc((middles - sizes / 4) * scale), 0, most)
    extent = np.clip(np.ceil((middles + sizes / 4) * scale), 0, most) - low
    steps = (np.arange(_GRID) + 0.5) / _GRID
    # Points of the window's pixels, evenly spread; in a small window some are taken twice.
    points = np.minimum((low[:, None] + steps[:, None] * extent[:, None]).astype(int), most - 1)
    samples = depth[points[:, :, None, 1], points[:, None, :, 0]].reshape(len(middles), -1)
    samples = np.where(np.isfinite(samples) & (samples > 0), samples, np.nan)
    samples.sort(axis=1)  # NaN last
    known = np.count_nonzero(np.isfinite(samples), axis=1)
    rows = np.arange(len(samples))
    lower, upper = np.maximum(known - 1, 0) // 2, known // 2
    medians = (samples[rows, lower] + samples[rows, upper]) / 2
    pixels = known / samples.shape[1] * extent.prod(axis=1)
    return np.where(np.round(pixels) >= _MIN_PIXELS, medians, np.nan)
