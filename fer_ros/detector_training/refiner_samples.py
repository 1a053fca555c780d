"""Training windows of the face refiner: faces where a tracker thinks they are, and none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.datasets.face_pictures import SMALLEST_ASKED, FacePicture
from fer_ros.perception.face_windows import Window, cut

#: positive, box center and size (4), landmarks (10), trust in the landmarks, weight of the score
TARGETS = 17
#: Share of windows aimed at a face; the others are anywhere.
_AIMED = 0.72
#: Size of a face over the side of its window where the tracker is sure, and the share of windows
#: in which it is not.
_SHARE, _UNSURE = 0.58, 0.15
#: Sizes of the faces asked for, over the side of the window, and how far from its middle their
#: centers may be, in sides.
_SMALLEST_SHARE, _LARGEST_SHARE, _FARTHEST = 0.22, 0.85, 0.42
#: Whose landmarks weigh all [px of the picture]: smaller faces are blurred in their windows.
_SHARP = 48.0
#: A window whose middle half is covered by so much of something doubtful is not judged.
_DOUBTFUL = 0.1


def draw_windows(sample: FacePicture, count: int, shown: int,
                 generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """
    Cut windows out of a training picture.

    :param sample: gray, from :class:`~fer_ros.detector_training.samples.FaceSampler`.
    :param shown: side of the windows [px].
    :returns: uint8 (count, shown, shown); float32 (count, 17) targets. Places are from the
        window's middle, in half sides; sizes are in half sides too.
    """
    windows = [_window(sample, generator) for _ in range(count)]
    return cut(sample.image, windows, shown), np.stack([_target(sample, w) for w in windows])


def _window(sample: FacePicture, generator: np.random.Generator) -> Window:
    if len(sample.boxes) and generator.random() < _AIMED:
        box = sample.boxes[int(generator.integers(len(sample.boxes)))]
        size = float(np.sqrt(box[2] * box[3]))
        unsure = generator.random() < _UNSURE
        share = float(np.exp(generator.uniform(np.log(0.25), np.log(0.75))) if unsure else
                      np.clip(_SHARE * np.exp(generator.normal(0, 0.1)), 0.25, 0.8))
        side = size / share
        farthest = max(min(side / 2 - 0.35 * size, _FARTHEST * side), 0.0)
        offset = (generator.uniform(-1, 1, 2) * farthest if unsure else
                  np.clip(generator.normal(0, 0.07, 2) * size, -farthest, farthest))
        x, y = box[:2] + box[2:] / 2 + offset
    else:
        limit = len(sample.image)
        side = float(np.exp(generator.uniform(np.log(2 * SMALLEST_ASKED), np.log(limit))))
        x, y = generator.uniform(0, limit, 2)
    return Window(round(x - side / 2), round(y - side / 2), max(round(side), 2))


def _target(sample: FacePicture, window: Window) -> np.ndarray:
    target = np.zeros(TARGETS, np.float32)
    half = window.side / 2
    middle = np.array([window.left, window.top]) + half
    places = (sample.boxes[:, :2] + sample.boxes[:, 2:] / 2 - middle) / half
    sizes = np.sqrt(sample.boxes[:, 2] * sample.boxes[:, 3])
    far = np.abs(places).max(1) / 2 if len(places) else np.zeros(0)
    fair = (far <= _FARTHEST) & (sizes >= _SMALLEST_SHARE * window.side) & (
        sizes <= _LARGEST_SHARE * window.side)
    if not fair.any():
        target[16] = not _is_doubtful(np.concatenate([sample.boxes, sample.ignored]), window)
        return target
    # Of several faces the one nearest to the middle is meant.
    i = int(np.argmin(np.where(fair, (places ** 2).sum(1), np.inf)))
    points = (sample.landmarks[i] - middle) / half
    known = bool(np.isfinite(points).all())
    target[0] = 1.0
    target[1:5] = *places[i], *(sample.boxes[i, 2:] / half)
    target[5:15] = points.reshape(-1) if known else 0.0
    target[15] = known * min(sizes[i] / _SHARP, 1.0)
    target[16] = sizes[i] >= SMALLEST_ASKED
    return target


def _is_doubtful(boxes: Sequence[np.ndarray] | np.ndarray, window: Window) -> bool:
    """Whether a face, or what may be one, reaches far into the middle of a window."""
    quarter = window.side / 4
    low = np.array([window.left, window.top]) + quarter
    for box in boxes:
        shared = np.minimum(low + 2 * quarter, box[:2] + box[2:]) - np.maximum(low, box[:2])
        if shared.min() > 0 and shared.prod() > _DOUBTFUL * min(
                4 * quarter ** 2, float(box[2] * box[3])):
            return True
    return False
