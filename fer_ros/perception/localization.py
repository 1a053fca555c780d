"""
Where in space faces are: from a depth image registered to the color image, or from their size.

What the size tells was measured (``python -m benchmark.position``, docs/explanation/position.md):
of box and landmarks, alone and together, the width of the box, widened where the head is turned,
had the smallest error that needs one length only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fer_ros.perception.head_pose import head_pose
from fer_ros.perception.types import BoundingBox, Detection

BY_DEPTH, BY_SIZE = 'depth', 'size'

#: So many points a side are looked at in each face: enough for a median, whatever its size.
_GRID = 16
#: A face with fewer known pixels has no position.
_MIN_PIXELS = 4
#: Standard deviation over the range between the quartiles, of a normal distribution.
_PER_QUARTILES = 0.7413

#: How widths of adults spread, as a share of their mean: interpupillary distances, which are to
#: detected widths as 1 to 2.14 +- 2.2 % (Dodgson 2004, Proc. SPIE 5291: 63.36 +- 3.83 mm).
_PEOPLE = 0.060
#: Error of the detector's width, as a share of it, and on top [px].
_BOX, _PIXELS = 0.040, 1.0


class Position(NamedTuple):
    """
    A face in the camera optical frame (REP 103).

    :param x: right [m].
    :param y: down [m].
    :param z: forward [m].
    :param stddev: standard deviation along the line of sight [m]. From depth: how depths spread
        inside the face, its relief included. From size: of people's sizes and of the box.
    :param source: 'depth' or 'size'.
    """

    x: float
    y: float
    z: float
    stddev: float
    source: str


def locate_faces(depth: np.ndarray, boxes: Sequence[BoundingBox], image_size: tuple[int, int],
                 camera_matrix: np.ndarray) -> list[Position | None]:
    """
    Return the faces' positions from depth by the pinhole model.

    The depth is the median over the middle half of the box: hair and background lie outside.

    :param depth: float32 (H, W) [m], NaN, infinite or not above 0 where unknown; may be smaller
        or larger than the image.
    :param boxes: the faces in the color image [px].
    :param image_size: (width, height) of the color image [px].
    :param camera_matrix: float (3, 3), K of the color image.
    :returns: one for each; None if too little depth is known there or K is empty or not finite.
    """
    focal, center = _focal_and_center(camera_matrix)
    if not boxes or depth.size == 0 or not _usable(focal, center):
        return [None] * len(boxes)
    middles = np.array([box.center for box in boxes], float)
    distances, spreads = _distances(
        depth, middles, np.array([(b.width, b.height) for b in boxes], float), image_size)
    rays = (middles - center) / focal
    along = np.sqrt(1 + (rays * rays).sum(1))  # the line of sight, for a depth of 1
    rows = np.column_stack([rays * distances[:, None], distances, spreads * along])
    return [Position(x, y, z, spread, BY_DEPTH) if math.isfinite(x + y + z + spread) else None
            for x, y, z, spread in rows.tolist()]


def estimate_positions(detections: Sequence[Detection], camera_matrix: np.ndarray,
                       face_width: float) -> list[Position | None]:
    """
    Return the faces' positions from how wide they look.

    A head is round: turned aside by an angle it looks narrower by the root of its cosine, rather
    than by the cosine, as something flat would.

    :param detections: the faces in the color image [px].
    :param camera_matrix: float (3, 3), K of that image.
    :param face_width: mean of people [m].
    :returns: one for each; None if the box is empty or K is empty or not finite.
    """
    focal, center = _focal_and_center(camera_matrix)
    if not _usable(focal, center):
        return [None] * len(detections)
    return [_estimate(detection, focal, center, face_width) for detection in detections]


def _estimate(detection: Detection, focal: np.ndarray, center: np.ndarray,
              face_width: float) -> Position | None:
    width = detection.box.width
    if width <= 0:
        return None
    pose = None if detection.landmarks is None else head_pose(detection.landmarks)
    # Profiles are as wide as heads are long: there is no narrower look than at 60 degrees.
    narrowing = 1.0 if pose is None else math.sqrt(max(math.cos(math.radians(pose.yaw)), 0.5))
    distance = face_width * float(focal[0]) * narrowing / width
    # Half of what the turn corrects may be wrong.
    share = math.hypot(_PEOPLE, _BOX, _PIXELS / width, (1 - narrowing) / 2)
    if not math.isfinite(distance):
        return None
    x, y = ((np.array(detection.box.center) - center) / focal * distance).tolist()
    return Position(x, y, distance, share * math.hypot(x, y, distance), BY_SIZE)


def _focal_and_center(camera_matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return focal lengths and principal point (x, y) [px]."""
    return (np.array([camera_matrix[0, 0], camera_matrix[1, 1]], float),
            np.array([camera_matrix[0, 2], camera_matrix[1, 2]], float))


def _usable(focal: np.ndarray, center: np.ndarray) -> bool:
    return bool(np.isfinite([focal, center]).all() and (focal > 0).all())


def _distances(depth: np.ndarray, middles: np.ndarray, sizes: np.ndarray,
               image_size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the median depth (N,) in the middle half of each box [m], NaN if unknown; and the
    standard deviation (N,) that the quartiles tell of.
    """
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
    spreads = _PER_QUARTILES * (samples[rows, np.maximum(3 * known - 1, 0) // 4] -
                                samples[rows, known // 4])
    pixels = known / samples.shape[1] * extent.prod(axis=1)
    return np.where(np.round(pixels) >= _MIN_PIXELS, medians, np.nan), spreads
