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
_REST, _DEVIATIONS = 2.0, 3.0
#: Side of the windows as the network sees them [px], by how many there are at most: fewer faces
#: are seen more sharply for the same time; of more, a search of everything costs no more
#: (``python -m benchmark.windows``).
_SIDES = ((2, 128), (3, 96))
#: A face that would be smaller than this in its window [px] is left to a look at everything.
_SMALLEST = 16.0
#: Steps of the sides of windows to twice the size, and steps of their places as the network sees
#: them [px]: its smallest stride.
_STEPS, _GRID = 4, 8
#: Share of its size by which a box may stick out of its window and be believed.
_BEYOND = 0.1


@dataclass(frozen=True)
class ExpectedFace:
    """
    :param box: where a face should be by now [px].
    :param last: where it was seen last [px]; heads turn round faster than filters.
    :param deviation: standard deviation of its center [px].
    """

    box: BoundingBox
    last: BoundingBox
    deviation: float


@dataclass(frozen=True)
class Window:
    """
    A square of a picture, perhaps beyond its border.

    :param left: [px].
    :param top: [px].
    :param side: [px].
    :param shown: side at which the network sees it [px], a multiple of 32, at most ``side``;
        the same for all windows of a frame.
    """

    left: int
    top: int
    side: int
    shown: int


def windows_around(faces: Sequence[ExpectedFace], width: int, height: int) -> list[Window] | None:
    """
    Return the windows to look into.

    :param faces: those that are followed.
    :param width: of the picture [px].
    :param height: of the picture [px].
    :returns: a window for each face that is sure enough to be in one; None if a look at the
        whole picture is the better way.
    """
    shown = next((side for most, side in _SIDES if len(faces) <= most), None)
    if shown is None:
        return None
    windows = [_window(face, shown) for face in faces]
    return [w for w in windows if w is not None and _overlaps(w, width, height)]


def cut(image: np.ndarray, windows: Sequence[Window]) -> np.ndarray:
    """
    Return the windows as the network sees them, black beyond the picture.

    :param image: uint8 (H, W) or (H, W, 3).
    :param windows: N squares, one or more.
    :returns: uint8 (N, shown, shown) or (N, shown, shown, 3).
    """
    shown = windows[0].shown
    pictures = np.empty((len(windows), shown, shown, *image.shape[2:]), np.uint8)
    for window, picture in zip(windows, pictures):
        square = _square(image, window)
        if window.side == shown:
            picture[...] = square
        else:
            cv2.resize(square, (shown, shown), dst=picture, interpolation=cv2.INTER_AREA)
    return pictures


def is_whole(boxes: np.ndarray, windows: np.ndarray, width: int, height: int) -> np.ndarray:
    """
    Tell faces from parts of faces: whose box is cut off by its window was not seen.

    :param boxes: (K, 4) left, top, width, height in the picture [px].
    :param windows: (K, 3) left, top, side of the window that each was found in [px].
    :param width: of the picture [px]: beyond its border nothing is cut off by a window.
    :param height: of the picture [px].
    :returns: bool (K,).
    """
    slack = _BEYOND * np.sqrt(boxes[:, 2] * boxes[:, 3])[:, None]
    low = np.where(windows[:, :2] <= 0, -np.inf, windows[:, :2])
    end = windows[:, :2] + windows[:, 2:]
    high = np.where(end >= (width, height), np.inf, end)
    inside: np.ndarray = ((boxes[:, :2] >= low - slack)
                          & (boxes[:, :2] + boxes[:, 2:] <= high + slack)).all(1)
    return inside


def _window(face: ExpectedFace, shown: int) -> Window | None:
    (x, y), (last_x, last_y) = face.box.center, face.last.center
    moved = max(abs(x - last_x), abs(y - last_y))
    size = max(face.box.size, 1.0)
    side = _REST * size + 2 * _DEVIATIONS * face.deviation + moved
    # Never enlarged: a small face gets more of its surroundings instead. Sides and places come
    # in steps: while a face hardly moves its window stays, and its landmarks do not tremble.
    steps = max(math.ceil(_STEPS * math.log2(side / shown)), 0)
    scale = 2.0 ** (steps / _STEPS)
    if size / scale < min(_SMALLEST, size):
        return None
    grid = _GRID * scale
    left, top = (round(((a + b) / 2 - shown * scale / 2) / grid) * grid
                 for a, b in ((x, last_x), (y, last_y)))
    return Window(round(left), round(top), round(shown * scale), shown)


def _overlaps(window: Window, width: int, height: int) -> bool:
    return (window.left < width and window.top < height
            and window.left + window.side > 0 and window.top + window.side > 0)


def _square(image: np.ndarray, window: Window) -> np.ndarray:
    """Return a view of the window, or a copy where it reaches beyond the picture."""
    height, width = image.shape[:2]
    left, top = max(window.left, 0), max(window.top, 0)
    right = min(window.left + window.side, width)
    bottom = min(window.top + window.side, height)
    inside = image[top:bottom, left:right]
    if inside.shape[:2] == (window.side, window.side):
        return inside
    square = np.zeros((window.side, window.side, *image.shape[2:]), np.uint8)
    x, y = left - window.left, top - window.top
    square[y:y + bottom - top, x:x + right - left] = inside
    return square
