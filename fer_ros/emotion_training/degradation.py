"""
What stands between a face and a student: cameras, light, distance, hands and masks.

The teacher sees the whole face in a good picture, the student what is left of it (covered faces:
Hariri and others learn so too, arXiv 2111.10561).
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from fer_ros.emotion_training.augmentation import (
    _chosen,
    _compress,
    _dim,
    _erase,
    _light,
    _uniform,
)

#: sides that a distant face has [px]; drawn for :data:`FAR` of the pictures.
FAR_SIDES = (14, 18, 22, 26, 32, 38)
FAR = 0.3
#: share of the pictures that are moved while the shutter is open, and of those tone-mapped.
MOVED, TONED = 0.12, 0.2
#: share of the pictures with one side covered; a third of them below, as masks do.
COVERED = 0.25
_BLUR = 9


def degrade(images: torch.Tensor, generator: torch.Generator,
            share: float = 1.0) -> torch.Tensor:
    """
    Return a batch as a robot gets to see it.

    :param images: float (N, 1, H, W), gray levels 0..255.
    :param generator: the source of all randomness.
    :param share: of the batch; the others only get other light.
    :returns: float (N, 1, H, W), gray levels 0..255.
    """
    if len(images) == 0:
        return images
    images = _light(images, generator)
    if share >= 1:
        return _degrade_all(images, generator)
    rows = _rows(len(images), share, generator)
    return images.index_copy(0, rows, _degrade_all(images[rows], generator))


def _degrade_all(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if len(images) == 0:
        return images
    images = _tone(images, generator)
    images = _motion(_far(images, generator), generator)
    images = _dim(images, generator)
    images = _compress(_noise(images, generator).clamp(0, 255), generator)
    return _cover(_erase(images, generator), generator)


def _tone(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Other tone curves, as infrared cameras have them: random steps, always rising."""
    rows = _rows(len(images), TONED, generator)
    if len(rows) == 0:
        return images
    steps = torch.rand(len(rows), 5, generator=generator) + 0.15
    knots = functional.pad(steps.cumsum(1), (1, 0)) / steps.sum(1, keepdim=True)
    place = images[rows].clamp(0, 255) / 255 * 5
    below = place.floor().clamp_max(4)
    flat = below.flatten(1).long()
    low, high = knots.gather(1, flat), knots.gather(1, flat + 1)
    toned = low + (high - low) * (place - below).flatten(1)
    return images.index_copy(0, rows, toned.view_as(place) * 255)


def _far(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Faces of :data:`FAR_SIDES` pixels, enlarged again as the preprocessing does."""
    rows = _rows(len(images), FAR, generator)
    images = images.clone()
    for side, part in zip(FAR_SIDES, rows.tensor_split(len(FAR_SIDES))):
        if len(part):
            side = round(side * images.shape[-1] / 48)
            small = functional.interpolate(images[part], (side, side), mode='area')
            images[part] = functional.interpolate(
                small, images.shape[2:], mode='bilinear', align_corners=False)
    return images


def _motion(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Blur some along a line of up to nine pixels of 48."""
    rows = _rows(len(images), MOVED, generator)
    n = len(rows)
    if n == 0:
        return images
    angle = torch.rand(n, 1, 1, generator=generator) * math.pi
    half = torch.rand(n, 1, 1, generator=generator) * 3 + 1
    axis = torch.arange(_BLUR) - _BLUR // 2
    y, x = axis.view(1, -1, 1), axis.view(1, 1, -1)
    along = (x * torch.cos(angle) + y * torch.sin(angle)).abs()
    across = (y * torch.cos(angle) - x * torch.sin(angle)).abs()
    kernel = (1 - across).clamp_min(0) * (half + 0.5 - along).clamp(0, 1)
    kernel = kernel / kernel.sum((1, 2), keepdim=True)
    padded = functional.pad(images[rows], (_BLUR // 2,) * 4, mode='replicate')
    blurred = functional.conv2d(padded.transpose(0, 1), kernel.unsqueeze(1), groups=n)
    return images.index_copy(0, rows, blurred.transpose(0, 1))


def _noise(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Up to ten gray levels in a quarter of the pictures."""
    rows = _rows(len(images), 0.25, generator)
    part = images[rows]
    level = _uniform(len(rows), 0, 10, generator)
    return images.index_add(0, rows, level * torch.randn(part.shape, generator=generator))


def _cover(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Cover one side up to its middle, plain or with what another picture shows."""
    rows = _rows(len(images), COVERED, generator)
    n, (height, width) = len(rows), images.shape[2:]
    if n == 0:
        return images
    side = torch.tensor([0, 1, 2, 3, 3, 3])[
        torch.randint(0, 6, (n, 1, 1, 1), generator=generator)]
    x = torch.linspace(0, 1, width).view(1, 1, 1, width).expand(n, 1, height, width)
    y = torch.linspace(0, 1, height).view(1, 1, height, 1).expand(n, 1, height, width)
    distance = torch.where(side == 0, x, torch.where(side == 1, 1 - x, torch.where(
        side == 2, y, 1 - y)))
    bow = _uniform(n, -0.4, 0.4, generator) * ((torch.where(side < 2, y, x) - 0.5) ** 2)
    covered = distance + bow < _uniform(n, 0.25, 0.52, generator)
    part = images[rows]
    cover = torch.where(_chosen(n, 0.6, generator) > 0, _uniform(n, 0, 255, generator),
                        part.roll(1, 0).flip(2))
    return images.index_copy(0, rows, torch.where(covered, cover, part))


def _rows(n: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """Return a random share of the rows, in random order: int64."""
    return torch.randperm(n, generator=generator)[:round(n * share)]
