"""
Seeded views of pictures: the same turn, scale and place again whenever asked, at any size.

A teacher answers for the views once; a student sees them as often as it likes and learns what
the teacher saw, not what it saw of another view (Beyer et al. 2022, arXiv 2106.05237).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.nn import functional

_SEED_STRIDE = 7_368_787


@dataclass(frozen=True)
class ViewSpread:
    """
    How far views lie apart: standard deviations, cut at 2.5 of them.

    :param roll: [radians].
    :param scale: of the logarithm of the size.
    :param stretch: of the logarithm of width to height.
    :param shift: share of half the side.
    :param mirrored: share of the views that are mirrored.
    """

    roll: float = 0.2
    scale: float = 0.1
    stretch: float = 0.05
    shift: float = 0.1
    mirrored: float = 0.5


#: pose and a detector's framing error.
VIEWS = ViewSpread()
#: what a student's picture is moved beside the teacher's view; mirrors tell the same.
JITTER = ViewSpread(0.04, 0.03, 0.015, 0.025)


def view_transforms(count: int, view: int, seed: int) -> torch.Tensor:
    """
    Return where one view of each of a set's pictures looks.

    :param count: pictures of the whole set, N.
    :param view: number of the view.
    :param seed: of the training.
    :returns: float32 (N, 2, 3), see :func:`transforms`.
    """
    generator = torch.Generator().manual_seed(seed * _SEED_STRIDE + view)
    return transforms(count, VIEWS, generator)


def transforms(count: int, spread: ViewSpread, generator: torch.Generator) -> torch.Tensor:
    """
    Return random affine transforms.

    :returns: float32 (N, 2, 3), from places in the view to places in the picture, both -1..1
        over the side, as :func:`torch.nn.functional.affine_grid` takes them.
    """
    normal = torch.randn(count, 5, generator=generator).clamp(-2.5, 2.5)
    mirror = 1 - 2 * (torch.rand(count, generator=generator) < spread.mirrored).float()
    angle, scale = normal[:, 0] * spread.roll, torch.exp(normal[:, 1] * spread.scale)
    stretch = torch.exp(normal[:, 2] * spread.stretch)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    return torch.stack([
        torch.stack([cos * stretch * mirror, -sin, normal[:, 3] * spread.shift], 1),
        torch.stack([sin * mirror, cos / stretch, normal[:, 4] * spread.shift], 1)], 1)


def after(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """
    Return the transforms that look through ``second`` at what ``first`` shows.

    :param first: float (N, 2, 3).
    :param second: float (N, 2, 3).
    """
    whole = torch.bmm(first[:, :, :2], second)
    whole[:, :, 2] += first[:, :, 2]
    return whole


def look(images: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """
    Return the views of pictures; beyond the picture its border goes on.

    :param images: float (N, 1, H, W).
    :param where: float (N, 2, 3).
    :returns: float (N, 1, H, W).
    """
    grid = functional.affine_grid(where, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode='border', align_corners=False)


def look_at(images: np.ndarray, where: torch.Tensor, side: int) -> torch.Tensor:
    """
    Return the views of pictures at a size of their own, ten times as fast (to 1/32 pixel).

    :param images: uint8 (N, H, W).
    :param where: float (N, 2, 3).
    :param side: of the views [px].
    :returns: float (N, 1, side, side).
    """
    seen = np.empty((len(images), 1, side, side), np.uint8)
    maps = where.double().numpy()
    for i, image in enumerate(images):
        height, width = image.shape
        # From pixels of the view to -1..1, through the transform, to pixels of the picture.
        pixels = np.array([[2 / side, 0, 1 / side - 1], [0, 2 / side, 1 / side - 1], [0, 0, 1]])
        matrix = maps[i] @ pixels
        matrix[:, 2] += 1
        matrix *= np.array([[width / 2], [height / 2]])
        matrix[:, 2] -= 0.5
        cv2.warpAffine(image, matrix, (side, side), seen[i, 0],
                       cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE)
    return torch.from_numpy(seen).float()
