"""Outputs of detectors with anchors, SCRFD's and RetinaFace's, known by shape: names differ."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.detection_decoding import STRIDES, Candidates, with_area

#: SCRFD and RetinaFace put two anchors on each cell.
_ANCHORS = 2
#: Sides of RetinaFace's [px of the network's input], by stride (Pytorch_Retinaface, config.py).
_SIDES = ((16.0, 32.0), (64.0, 128.0), (256.0, 512.0))
#: Its offsets of centers and logarithms of sizes are in tenths and fifths (ibid., variance).
_CENTER, _SIZE = 0.1, 0.2


def decode_scrfd(
        outputs: dict[str, np.ndarray], width: int, height: int,
        score_threshold: float) -> Candidates:
    """
    Decode SCRFD (Guo et al. 2021, arXiv 2105.04714; insightface/detection/scrfd/tools/scrfd.py).

    An anchor is a cell's corner; the box is its distances to the four sides and the landmarks are
    offsets, all in strides.

    :param outputs: six or nine, of strides 8, 16 and 32: scores float (anchors, 1), distances
        (anchors, 4), perhaps landmarks (anchors, 10); (1, anchors, ...) likewise.
    :param width: of the network's input [px], a multiple of 32.
    :param height: of the network's input [px], a multiple of 32.
    :param score_threshold: candidates below it are left out.
    :raises ValueError: for outputs of another number or shape.
    """
    scores, boxes, points = (_by_stride(outputs, channels) for channels in (1, 4, 10))
    _check(len(scores) == len(boxes) == len(STRIDES) and len(points) in (0, len(STRIDES)),
           'six or nine outputs of 1, 4 and 10 channels', outputs)
    parts = []
    for i, stride in enumerate(STRIDES):
        centers = _cells(stride, width, height) * stride
        _check(len(scores[i]) == len(boxes[i]) == len(centers),
               f'{len(centers)} anchors of stride {stride}', outputs)
        rows = np.flatnonzero(scores[i][:, 0] >= score_threshold)
        at, distances = centers[rows], boxes[i][rows] * stride
        parts.append(Candidates(
            np.concatenate([at - distances[:, :2], distances[:, :2] + distances[:, 2:]], 1),
            scores[i][rows, 0], None if not points else (
                at[:, None] + points[i][rows].reshape(-1, 5, 2) * stride)))
    return with_area(Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]), None if not points else np.concatenate(
            [part.landmarks for part in parts if part.landmarks is not None])))


def decode_retinaface(
        outputs: dict[str, np.ndarray], width: int, height: int,
        score_threshold: float) -> Candidates:
    """
    Decode RetinaFace as in biubug6/Pytorch_Retinaface (Deng et al. 2020, arXiv 1905.00641).

    :param outputs: three: boxes float (1, anchors, 4), offsets of the center and logarithms of
        the size against the anchor's; scores (1, anchors, 2), background and face after the
        softmax; landmarks (1, anchors, 10), offsets likewise.
    :param width: of the network's input [px], a multiple of 32.
    :param height: of the network's input [px], a multiple of 32.
    :param score_threshold: candidates below it are left out.
    :raises ValueError: for outputs of another number or shape.
    """
    found = [_by_stride(outputs, channels) for channels in (4, 2, 10)]
    _check(len(outputs) == 3 and all(len(one) == 1 for one in found),
           'three outputs of 4, 2 and 10 channels', outputs)
    (boxes,), (scores,), (points,) = found
    centers = np.concatenate([(_cells(s, width, height) + 0.5) * s for s in STRIDES])
    sides = np.concatenate([np.tile(np.array(pair, np.float32), len(_cells(s, width, height)) // 2)
                            for pair, s in zip(_SIDES, STRIDES)])
    _check(len(boxes) == len(scores) == len(points) == len(centers),
           f'{len(centers)} anchors', outputs)
    rows = np.flatnonzero(scores[:, 1] >= score_threshold)
    at, side = centers[rows], sides[rows, None]
    sizes = np.exp(np.minimum(boxes[rows, 2:] * _SIZE, 10.0)) * side
    corners = at + boxes[rows, :2] * _CENTER * side - sizes / 2
    return with_area(Candidates(
        np.concatenate([corners, sizes], 1), scores[rows, 1],
        at[:, None] + points[rows].reshape(-1, 5, 2) * _CENTER * side[:, None]))


def _by_stride(outputs: dict[str, np.ndarray], channels: int) -> list[np.ndarray]:
    """Return the outputs of so many channels, (anchors, channels), by falling length."""
    flat = [values.reshape(-1, channels) for values in outputs.values()
            if values.shape[-1:] == (channels,)]
    return sorted(flat, key=len, reverse=True)


def _cells(stride: int, width: int, height: int) -> np.ndarray:
    """Return column and row of each anchor's cell, float32 (anchors, 2)."""
    rows, columns = np.mgrid[:height // stride, :width // stride]
    cells = np.stack([columns, rows], -1).reshape(-1, 2)
    return np.repeat(cells, _ANCHORS, 0).astype(np.float32)


def _check(fits: bool, wanted: str, outputs: dict[str, np.ndarray]) -> None:
    if not fits:
        shapes = ', '.join(f'{name} {list(values.shape)}' for name, values in outputs.items())
        raise ValueError(f'the decoder wants {wanted}, the network gives {shapes}')
