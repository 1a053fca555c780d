"""Where in space a face is, from a depth image registered to the color image."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.types import BoundingBox

_MIN_SAMPLES = 4


def locate_face(depth: np.ndarray, box: BoundingBox, image_size: tuple[int, int],
                camera_matrix: np.ndarray) -> np.ndarray | None:
    """
    Return a face's position by the pinhole model.

    The depth is the median over the middle half of the box: hair and background lie outside.

    :param depth: float32 (H, W) [m], NaN or 0 where unknown; may be smaller than the image.
    :param box: the face in the color image [px].
    :param image_size: (width, height) of the color image [px].
    :param camera_matrix: float (3, 3), K of the color image.
    :returns: float64 (3,) [m]: x right, y down, z forward (camera optical frame, REP 103);
        None if too little depth is known there or K is empty.
    """
    fx, fy = float(camera_matrix[0, 0]), float(camera_matrix[1, 1])
    height, width = depth.shape
    if fx <= 0 or fy <= 0 or height == 0 or width == 0:
        return None
    sx, sy = width / image_size[0], height / image_size[1]
    x, y = box.center
    x1, x2 = int((x - box.width / 4) * sx), int(np.ceil((x + box.width / 4) * sx))
    y1, y2 = int((y - box.height / 4) * sy), int(np.ceil((y + box.height / 4) * sy))
    window = depth[max(y1, 0):max(y2, 0), max(x1, 0):max(x2, 0)]
    known = window[np.isfinite(window) & (window > 0)]
    if known.size < _MIN_SAMPLES:
        return None
    z = float(np.median(known))
    return np.array([(x - camera_matrix[0, 2]) * z / fx, (y - camera_matrix[1, 2]) * z / fy, z])
