"""From the raw outputs of a detection network to boxes: the families we know, vectorized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

STRIDES = (8, 16, 32)


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
        maps = outputs[f'map_{stride}'].reshape(15, -1)
        cells = np.flatnonzero(maps[0] >= lowest)
        if len(cells):
            raw = maps[:, cells].T
            parts.append(_from_cells(cells, 1 / (1 + np.exp(-raw[:, 0])), raw[:, 1:5],
                                     raw[:, 5:], stride, width // stride))
    return _joined(parts)


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
    return _joined([
        _decode_stride(outputs, s, width // s, score_threshold) for s in STRIDES])


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
    return Candidates(boxes, scores[rows])


#: the card's ``decoder`` -> function.
DECODE: dict[str, Callable[[dict[str, np.ndarray], int, int, float], Candidates]] = {
    'maps': decode_maps, 'yunet': decode_yunet, 'rfb': decode_rfb}


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


def _decode_stride(
        outputs: dict[str, np.ndarray], stride: int, columns: int,
        score_threshold: float) -> Candidates:
    scores = np.clip(outputs[f'cls_{stride}'][0, :, 0], 0.0, 1.0)
    if f'obj_{stride}' in outputs:
        scores = np.sqrt(scores * np.clip(outputs[f'obj_{stride}'][0, :, 0], 0.0, 1.0))
    cells = np.flatnonzero(scores >= score_threshold)
    return _from_cells(cells, scores[cells], outputs[f'bbox_{stride}'][0, cells],
                       outputs[f'kps_{stride}'][0, cells], stride, columns)


def _from_cells(cells: np.ndarray, scores: np.ndarray, raw: np.ndarray, offsets: np.ndarray,
                stride: int, columns: int) -> Candidates:
    corners = np.stack([cells % columns, cells // columns], 1).astype(np.float32)
    sizes = np.exp(np.minimum(raw[:, 2:], 10.0)) * stride
    boxes = np.concatenate([(corners + raw[:, :2]) * stride - sizes / 2, sizes], 1)
    points = (corners[:, None] + offsets.reshape(-1, 5, 2)) * stride
    return Candidates(boxes, scores, points)


def _joined(parts: list[Candidates]) -> Candidates:
    if not parts:
        return Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32),
                          np.empty((0, 5, 2), np.float32))
    return Candidates(
        np.concatenate([p.boxes for p in parts]), np.concatenate([p.scores for p in parts]),
        np.concatenate([p.landmarks for p in parts if p.landmarks is not None]))


def _logit(probability: float) -> float:
    clipped = min(max(probability, 1e-7), 1 - 1e-7)
    return float(np.log(clipped / (1 - clipped)))
