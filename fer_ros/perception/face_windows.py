"""Where known faces are looked for: a square around each, as large as what is not known of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.types import BoundingBox

#: Side of a window at rest, in face sizes, and how many standard deviations of where the face
#: will be are added on each side.
_REST, _DEVIATIONS = 1.6, 1.0
#: Size of a face over the side of its window, at least: smaller ones were not trained on.
_SMALLEST_SHARE = 0.25
#: Steps of the sides of windows to twice the size, and steps of their places to a side: while a
#: face hardly moves its window stays, and its landmarks do not tremble.
_STEPS, _GRID = 4, 16


@dataclass(frozen=True)
class ExpectedFace:
    """
    :param box: where a face should be by now [px].
    :param last: where it was seen last [px]; heads turn round faster than filters.
    :param deviation: standard deviation of its center [px].
    :param id: of its track.
    """

    box: BoundingBox
    last: BoundingBox
    deviation: float
    id: str = ''


@dataclass(frozen=True)
class Window:
    """
    A square of a picture, perhaps beyond its border.

    :param left: [px].
    :param top: [px].
    :param side: [px], 1 or more.
    """

    left: int
    top: int
    side: int


def window_around(face: ExpectedFace) -> Window | None:
    """
    Return the window to look into: large enough for where a face should be and where it was.

    :returns: None if that is not known well enough for the face to be large in it.
    """
    (x, y), (last_x, last_y) = face.box.center, face.last.center
    moved = max(abs(x - last_x), abs(y - last_y))
    side = _REST * max(face.box.size, 1.0) + 2 * _DEVIATIONS * face.deviation + moved
    if face.box.size < _SMALLEST_SHARE * side:
        return None
    side = 2.0 ** (round(_STEPS * math.log2(max(side, 1.0))) / _STEPS)
    grid = side / _GRID
    left, top = (round(round(((a + b) / 2 - side / 2) / grid) * grid)
                 for a, b in ((x, last_x), (y, last_y)))
    return Window(left, top, max(round(side), 1))


def is_inside(window: Window, width: int, height: int) -> bool:
    """Return whether a picture of a width and height [px] has a part of a window."""
    return (window.left < width and window.top < height
            and window.left + window.side > 0 and window.top + window.side > 0)


def cut(image: np.ndarray, windows: Sequence[Window], shown: int) -> np.ndarray:
    """
    Return windows of a picture at one size, black beyond the picture.

    :param image: uint8 (H, W) gray or (H, W, 3) BGR.
    :param windows: N squares.
    :param shown: their side in the result [px].
    :returns: uint8 (N, shown, shown), gray.
    """
    pictures = np.empty((len(windows), shown, shown), np.uint8)
    for window, picture in zip(windows, pictures):
        square = _square(image, window)
        if square.ndim == 3:
            square = cv2.cvtColor(square, cv2.COLOR_BGR2GRAY)
        # One bilinear tap a pixel skips none up to half the size, in a quarter of the time.
        cv2.resize(square, (shown, shown), dst=picture, interpolation=(
            cv2.INTER_AREA if window.side > 2 * shown else cv2.INTER_LINEAR))
    return pictures


def _square(image: np.ndarray, window: Window) -> np.ndarray:
    """Return a view of the window, or a copy where it reaches beyond the picture."""
    height, width = image.shape[:2]
    left, top = max(window.left, 0), max(window.top, 0)
    right = min(window.left + window.side, width)
    bottom = min(window.top + window.side, height)
    inside = image[top:max(bottom, top), left:max(right, left)]
    if inside.shape[:2] == (window.side, window.side):
        return inside
    square = np.zeros((window.side, window.side, *image.shape[2:]), np.uint8)
    x, y = left - window.left, top - window.top
    square[y:y + inside.shape[0], x:x + inside.shape[1]] = inside
    return square
