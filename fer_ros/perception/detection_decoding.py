"""From the raw outputs of a detection network to boxes: the families we know, vectorized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

STRIDES = (8, 16, 32)
#: Candidates that overlap so much (IoU) speak of the same face.
_SAME = 0.5


@dataclass(frozen=True)
class Candidates:
    """
    Faces before non-maximum suppression, in pixels of the network's input.

    :param boxes: float32 (N, 4): left, top, width, height.
    :param scores: float32 (N,), 0..1.
    :param landmarks: float32 (N, 5, 2), or None if the network gives none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Candidates:
        """Return some of the candidates, in the order of ``rows``."""
        landmarks = None if self.landmarks is None else self.landmarks[rows]
        return Candidates(self.boxes[rows], self.scores[rows], landmarks)


def decode_maps(
        outputs: dict[str, np.ndarray], width: int, height: int,
        score_threshold: float) -> Candidates:
    """
    Decode our own network: boxes as :func:`decode_yunet`, scores as logits, one map per stride.

    :param outputs: ``map_8``, ``map_16``, ``map_32``: float (1, 15, rows, columns): score logit,
        box (4), landmarks (10).
    :param width: of the network's input [px], a multiple of 32.
    :param height: of the network's input [px], a multiple of 32.
    :param score_threshold: candidates below it are left out.
    """
    lowest = _logit(score_threshold)
    parts = []
    for stride in STRIDES:
        maps = outputs[f'map_{stride}'][0].reshape(15, -1)
        cells = np.flatnonzero(maps[0] >= lowest)
        if len(cells):
            parts.append(_Cells(cells, stride, width // stride, maps[:, cells].T))
    found = _from_cells(parts)
    return Candidates(found.boxes, sigmoid(found.scores), found.landmarks)


def decode_yunet(
        outputs: dict[str, np.ndarray], width: int, height: int,
        score_threshold: float) -> Candidates:
    """
    Decode an anchor-free head of YuNet's layout (Wu, Peng, Yu 2023, 10.1007/s11633-023-1423-y).

    A cell's box center and landmarks are offsets from the cell's corner, and its width and
    height logarithms, all in strides; the score is sqrt(cls * obj), or cls where the network
    has no ``obj`` (as in OpenCV's objdetect/src/face_detect.cpp).

    :param outputs: name -> float (1, cells, channels): ``cls_8``, ``bbox_8``, ``kps_8``,
        perhaps ``obj_8``; the same for 16 and 32.
    :param width: of the network's input [px], a multiple of 32.
    :param height: of the network's input [px], a multiple of 32.
    :param score_threshold: candidates below it are left out.
    """
    parts = [_yunet_cells(outputs, s, width // s, score_threshold) for s in STRIDES]
    return _from_cells([part for part in parts if len(part.numbers)])


def decode_rfb(
        outputs: dict[str, np.ndarray], width: int, height: int,
        score_threshold: float) -> Candidates:
    """
    Decode the Ultra-Light detectors, whose graph holds the anchors already.

    :param outputs: ``scores`` float (1, N, 2), background and face; ``boxes`` float (1, N, 4),
        left, top, right, bottom as fractions of the input.
    :param width: of the network's input [px].
    :param height: of the network's input [px].
    :param score_threshold: candidates below it are left out.
    """
    scores = outputs['scores'][0, :, 1]
    rows = np.flatnonzero(scores >= score_threshold)
    corners = outputs['boxes'][0, rows] * np.array([width, height, width, height], np.float32)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1)
    return with_area(Candidates(boxes, scores[rows]))


def with_area(candidates: Candidates) -> Candidates:
    """Leave out boxes whose left side is not left of the right one, or that are not finite."""
    sizes = candidates.boxes[:, 2:]
    sound = np.isfinite(candidates.boxes).all(1) & (sizes > 0).all(1)
    return candidates if sound.all() else candidates.take(np.flatnonzero(sound))


def suppress(candidates: Candidates, nms_threshold: float) -> Candidates:
    """
    Keep the best of overlapping candidates.

    :param nms_threshold: intersection over union from which two are the same face.
    :returns: the kept ones, by falling score.
    """
    if len(candidates.scores) <= 1:
        return candidates
    kept = cv2.dnn.NMSBoxes(
        candidates.boxes.astype(float).tolist(), candidates.scores.astype(float).tolist(), 0.0,
        nms_threshold)
    return candidates.take(np.asarray(kept, np.int64).reshape(-1))


def vote(kept: Candidates, candidates: Candidates) -> Candidates:
    """
    Let the candidates around each kept one say where it is: their mean, weighted by score.

    Box voting (Gidaris and Komodakis 2015, arXiv 1505.01749, section 4), for landmarks too.

    :param kept: what :func:`suppress` left of the candidates.
    :returns: as many, in the same order, with their own scores.
    """
    if len(candidates.scores) <= 1:
        return kept
    shared = intersections(kept.boxes, candidates.boxes)
    area = candidates.boxes[:, 2] * candidates.boxes[:, 3]
    whole = (kept.boxes[:, 2] * kept.boxes[:, 3])[:, None] + area - shared
    weights = np.where(shared >= _SAME * whole, np.maximum(candidates.scores, 1e-9), 0.0)
    weights /= weights.sum(1, keepdims=True)
    landmarks = None if candidates.landmarks is None else (
        weights @ candidates.landmarks.reshape(-1, 10)).reshape(-1, 5, 2)
    return Candidates(weights @ candidates.boxes, kept.scores, landmarks)


def intersections(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """
    Return the areas that boxes share.

    :param a: (N, 4) left, top, width, height.
    :param b: (M, 4) likewise.
    :returns: (N, M).
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    shared: np.ndarray = np.maximum(high - low, 0.0)
    return shared[..., 0] * shared[..., 1]


class _Cells(NamedTuple):
    """The cells of one stride that may be faces: numbers (N,), score, box, landmarks (N, 15)."""

    numbers: np.ndarray
    stride: int
    columns: int
    values: np.ndarray


def _yunet_cells(outputs: dict[str, np.ndarray], stride: int, columns: int,
                 score_threshold: float) -> _Cells:
    scores = np.clip(outputs[f'cls_{stride}'][0, :, 0], 0.0, 1.0)
    if f'obj_{stride}' in outputs:
        scores = np.sqrt(scores * np.clip(outputs[f'obj_{stride}'][0, :, 0], 0.0, 1.0))
    cells = np.flatnonzero(scores >= score_threshold)
    return _Cells(cells, stride, columns, np.concatenate(
        [scores[cells, None], outputs[f'bbox_{stride}'][0, cells],
         outputs[f'kps_{stride}'][0, cells]], 1))


def _from_cells(parts: list[_Cells]) -> Candidates:
    """Decode the cells of all strides at once: every call of NumPy costs as much as a face."""
    if not parts:
        return Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32),
                          np.empty((0, 5, 2), np.float32))
    places = np.array([divmod(n, part.columns)[::-1] for part in parts
                       for n in part.numbers.tolist()], np.float32)
    strides = np.array([part.stride for part in parts for _ in part.numbers], np.float32)[:, None]
    values = np.concatenate([part.values for part in parts])
    boxes = np.empty((len(values), 4), np.float32)
    boxes[:, 2:] = np.exp(np.minimum(values[:, 3:5], 10.0)) * strides
    boxes[:, :2] = (places + values[:, 1:3]) * strides - boxes[:, 2:] / 2
    points = (places[:, None] + values[:, 5:].reshape(-1, 5, 2)) * strides[:, None]
    return Candidates(boxes, values[:, 0], points)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities, the same shape."""
    result: np.ndarray = 1 / (1 + np.exp(-logits))
    return result


def _logit(probability: float) -> float:
    clipped = min(max(probability, 1e-7), 1 - 1e-7)
    return float(np.log(clipped / (1 - clipped)))
