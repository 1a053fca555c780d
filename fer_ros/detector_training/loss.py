"""Which grid cell answers for which face, and how wrong it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from fer_ros.datasets.face_pictures import SMALLEST_ASKED, FacePicture
from fer_ros.perception.detection_decoding import STRIDES

#: Face sizes (sqrt of the area, px) that each stride answers for; they overlap on purpose.
SIZES = ((0.0, 44.0), (28.0, 110.0), (76.0, 1e9))
#: Cells within this many strides of a face's center answer for it.
RADIUS = 1.3
#: positive, box (4), landmarks (10), landmarks known, weight of the score, face
_TARGETS = 18


def targets_of(sample: FacePicture, side: int) -> np.ndarray:
    """
    Return what every cell of all strides should say.

    A cell near a face's center answers for the smallest such face. Cells inside an ignored box,
    and those of faces too small to be asked for, have no say on the score.

    :returns: float32 (cells, 18): positive, box center and size [px], landmarks [px],
        landmarks known, weight, number of the face.
    """
    return np.concatenate([
        _level(sample, side // stride, stride, low, high)
        for stride, (low, high) in zip(STRIDES, SIZES)])


def _level(sample: FacePicture, cells: int, stride: int, low: float, high: float) -> np.ndarray:
    grid = (np.indices((cells, cells))[::-1].reshape(2, -1).T * stride).astype(np.float32)
    target = np.zeros((len(grid), _TARGETS), np.float32)
    target[:, 16] = 1.0
    for box in sample.ignored:
        inside = np.all((grid >= box[:2] - stride / 2) & (
            grid <= box[:2] + box[2:] + stride / 2), 1)
        target[inside, 16] = 0.0
    sizes = np.sqrt(sample.boxes[:, 2] * sample.boxes[:, 3])
    for i in np.argsort(-sizes):
        if not low <= sizes[i] < high:
            continue
        box, points = sample.boxes[i], sample.landmarks[i].reshape(-1)
        center = box[:2] + box[2:] / 2
        # At least the nearest cell answers; never one outside the face.
        reach = np.minimum(RADIUS * stride, np.maximum(box[2:] / 2, stride * 0.51))
        near = np.all(np.abs(grid - center) <= reach, 1)
        known = bool(np.isfinite(points).all())
        target[near, 0] = 1.0
        target[near, 1:5] = np.concatenate([center, box[2:]])
        target[near, 5:15] = points if known else 0.0
        target[near, 15:] = float(known), float(sizes[i] >= SMALLEST_ASKED), i
    return target


def detection_loss(outputs: Sequence[torch.Tensor], targets: torch.Tensor) -> tuple[
        torch.Tensor, dict[str, float]]:
    """
    Return the loss of a batch and its parts.

    Score: quality focal loss (Li et al. 2020, arXiv 2006.04388), the target being the overlap
    reached over the best one of that face: its best cell shall say 1, whatever the face's size,
    so that one threshold suits all sizes. Box: 1 - DIoU (Zheng et al. 2020, arXiv 1911.08287).
    Landmarks: smooth L1 in face sizes. A face weighs as the root of its number of cells, else
    the large ones would outvote the small; its landmarks weigh as its size too, for crowds of
    small faces would outvote those large enough to be aligned by them.

    :param outputs: of :class:`~fer_ros.detector_training.network.FaceNetwork`.
    :param targets: float (N, cells, 18) of :func:`targets_of`.
    """
    raw, grid, stride = _flatten(outputs)
    positive = targets[..., 0] > 0
    chosen, wanted = raw[positive], targets[positive]
    grid, stride = grid.expand(len(targets), -1, -1)[positive], stride.expand(
        len(targets), -1, -1)[positive]
    face = _face_numbers(targets, positive)
    weight = torch.bincount(face).float().rsqrt()[face]
    count = weight.sum().clamp_min(1)
    center = grid + chosen[:, 1:3] * stride
    size = torch.exp(chosen[:, 3:5].clamp(-4, 6)) * stride
    overlap, distance = overlap_of(center, size, wanted[:, 1:3], wanted[:, 3:5])
    box_loss = ((1 - overlap + distance) * weight).sum() / count
    face_size = wanted[:, 3:5].prod(1, keepdim=True).sqrt().clamp_min(1)
    points = grid.repeat(1, 5) + chosen[:, 5:] * stride
    error = functional.smooth_l1_loss(
        points / face_size, wanted[:, 5:15] / face_size, beta=0.02, reduction='none').mean(1)
    known = wanted[:, 15] * weight * face_size[:, 0]
    point_loss = (error * known).sum() / known.sum().clamp_min(1)
    quality, cell_weight = torch.zeros_like(targets[..., 0]), targets[..., 16].clone()
    quality[positive] = _relative(overlap.detach().clamp(0, 1), face)
    cell_weight[positive] *= weight
    logits = raw[..., 0]
    focal = functional.binary_cross_entropy_with_logits(logits, quality, reduction='none') * (
        (quality - torch.sigmoid(logits)).abs() ** 2)
    score_loss = (focal * cell_weight).sum() / count
    loss = 2 * score_loss + 2 * box_loss + 8 * point_loss
    return loss, {'score': float(score_loss.detach()), 'box': float(box_loss.detach()),
                  'points': float(point_loss.detach())}


def _face_numbers(targets: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Return a number 0, 1 ... for each positive cell: the same for cells of one face."""
    picture = torch.arange(len(targets))[:, None].expand_as(positive)[positive]
    return torch.unique(picture * 10000 + targets[..., 17][positive].long(),
                        return_inverse=True)[1]


def _relative(overlap: torch.Tensor, face: torch.Tensor) -> torch.Tensor:
    """Return overlaps over the best one of their face."""
    if len(face) == 0:
        return overlap
    best = torch.zeros(int(face.max()) + 1).scatter_reduce(0, face, overlap, 'amax')
    return overlap / best[face].clamp_min(1e-3)


def _flatten(outputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return raw (N, cells, 15), cell places (1, cells, 2) [px] and strides (1, cells, 1)."""
    raws, grids, strides = [], [], []
    for stride, output in zip(STRIDES, outputs):
        height, width = output.shape[2:]
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
        raws.append(output.float().flatten(2).transpose(1, 2))
        grids.append(torch.stack([x, y], -1).reshape(-1, 2).float() * stride)
        strides.append(torch.full((height * width, 1), float(stride)))
    return torch.cat(raws, 1), torch.cat(grids)[None], torch.cat(strides)[None]


def overlap_of(center_a: torch.Tensor, size_a: torch.Tensor, center_b: torch.Tensor,
             size_b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Return IoU and the squared center distance over the enclosing box's squared diagonal.

    :param center_a: (N, 2) of the first boxes.
    :param size_a: (N, 2) their width and height.
    """
    low = torch.maximum(center_a - size_a / 2, center_b - size_b / 2)
    high = torch.minimum(center_a + size_a / 2, center_b + size_b / 2)
    shared = (high - low).clamp_min(0).prod(1)
    iou = shared / (size_a.prod(1) + size_b.prod(1) - shared).clamp_min(1e-6)
    outer = torch.maximum(center_a + size_a / 2, center_b + size_b / 2) - torch.minimum(
        center_a - size_a / 2, center_b - size_b / 2)
    distance = ((center_a - center_b) ** 2).sum(1) / (outer ** 2).sum(1).clamp_min(1e-6)
    return iou, distance
