"""
Raw network outputs to boxes, one function per detector family.

Both families are anchor-free with strides 8, 16 and 32 and code a face relative to its grid
cell (YuNet: Wu et al. 2023, Machine Intelligence Research 20, 10.1007/s11633-023-1423-y):
``center = (cell + d) * stride``, ``size = exp(s) * stride``, ``landmark = (cell + l) * stride``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STRIDES = (8, 16, 32)
_MAX_LOG_SIZE = 6.0


def decode_yunet(
        outputs: Sequence[np.ndarray], width: int, height: int,
        threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Decode YuNet: cls, obj, bbox and kps of each stride, in this order.

    :param outputs: 12 arrays (1, cells, 1 | 1 | 4 | 10).
    :param width: of the network's input [px].
    :param height: of the network's input [px].
    :param threshold: smallest score to decode.
    :returns: scores (N,), boxes (N, 4) left, top, width, height and landmarks (N, 5, 2) [px].
    """
    parts = []
    for i, stride in enumerate(STRIDES):
        cls, obj, box, points = (outputs[k * 3 + i][0] for k in range(4))
        score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
        parts.append(_decode_level(score, box, points, stride, width, threshold))
    return _join(parts)


def decode_fer_ros(
        outputs: Sequence[np.ndarray], width: int, height: int,
        threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Decode our network: one array (1, 15, H/s, W/s) a stride: score logit, box, landmarks.

    Parameters and results are those of :func:`decode_yunet`.
    """
    # A threshold on the logit spares the sigmoid of every cell.
    logit = float(np.log(threshold / (1 - threshold))) if 0 < threshold < 1 else -np.inf
    parts = []
    for stride, output in zip(STRIDES, outputs):
        flat = output[0].reshape(15, -1)
        parts.append(_decode_level(
            flat[0], flat[1:5].T, flat[5:].T, stride, width, logit))
    scores, boxes, landmarks = _join(parts)
    return 1 / (1 + np.exp(-scores)), boxes, landmarks


def _decode_level(score: np.ndarray, box: np.ndarray, points: np.ndarray, stride: int,
                  width: int, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chosen = np.flatnonzero(score >= threshold)
    columns = width // stride
    cell = np.stack([chosen % columns, chosen // columns], 1).astype(np.float32)
    center = (cell + box[chosen, :2]) * stride
    size = np.exp(np.minimum(box[chosen, 2:], _MAX_LOG_SIZE)) * stride
    landmarks = (cell[:, None] + points[chosen].reshape(-1, 5, 2)) * stride
    return score[chosen], np.hstack([center - size / 2, size]), landmarks


def _join(parts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[
        np.ndarray, np.ndarray, np.ndarray]:
    scores, boxes, landmarks = (np.concatenate(part) for part in zip(*parts))
    return scores, boxes, landmarks
