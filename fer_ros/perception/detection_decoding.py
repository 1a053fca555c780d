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
    parts = [_decode_stride(outputs, s, width // s, score_threshold) for s in STRIDES]
    return Candidates(
        np.concatenate([p.boxes for p in parts]), np.concatenate([p.scores for p in parts]),
        np.concatenate([p.landmarks for p in parts if p.landmarks is not None]))


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
    'yunet': decode_yunet, 'rfb': decode_rfb}


def suppress(candidates: Candidates, nms_threshold: float) -> Candidates:
    """
    Keep the best of overlapping candidates.

    :param nms_threshold: intersection over union from which two are the same face.
    :returns: the kept ones, by falling score.
    """
    if len(candidates.scores) == 0:
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
    corners = np.stack([cells % columns, cells // columns], 1).astype(np.float32)
    raw = outputs[f'bbox_{stride}'][0, cells]
    sizes = np.exp(np.minimum(raw[:, 2:], 10.0)) * stride
    boxes = np.concatenate([(corners + raw[:, :2]) * stride - sizes / 2, sizes], 1)
    offsets = outputs[f'kps_{stride}'][0, cells].reshape(-1, 5, 2)
    return Candidates(boxes, scores[cells], (corners[:, None] + offsets) * stride)
