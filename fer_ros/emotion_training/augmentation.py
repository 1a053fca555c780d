"""What a robot's camera does to a face, applied to a batch of training pictures."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch.nn import functional


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """
    Return a batch as other cameras, detectors and lights would have given it.

    :param images: float (N, 1, H, W), gray levels 0..255.
    :param generator: the source of all randomness.
    :returns: float (N, 1, H, W), gray levels 0..255.
    """
    if len(images) == 0:
        return images
    images = _warp(images, generator)
    images = _light(images, generator)
    images = _resolution(images, generator)
    images = _dim(images, generator)
    images = images + torch.randn(images.shape, generator=generator) * _uniform(
        len(images), 0, 10, generator) * _chosen(len(images), 0.25, generator)
    images = _compress(images.clamp(0, 255), generator)
    return _cover_half(_erase(images, generator), generator)


def resize(images: torch.Tensor, side: int) -> torch.Tensor:
    """Return (N, 1, side, side): early epochs learn from smaller faces, and faster."""
    if images.shape[-1] == side:
        return images
    return functional.interpolate(
        images, (side, side), mode='bilinear', align_corners=False, antialias=True)


def standardize(images: torch.Tensor) -> torch.Tensor:
    """Do what ``preprocessing.normalize(..., 'per_image')`` does, on (N, 1, H, W)."""
    centered = images - images.mean((1, 2, 3), keepdim=True)
    return centered / centered.std((1, 2, 3), keepdim=True, correction=0).clamp_min(1.0)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low


def _chosen(n: int, share: float, generator: torch.Generator) -> torch.Tensor:
    return (torch.rand(n, 1, 1, 1, generator=generator) < share).float()


def _warp(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror, roll, scale, stretch and shift: pose and the detector's framing error."""
    n = len(images)
    normal = torch.randn(n, 5, generator=generator).clamp(-2.5, 2.5)
    angle = normal[:, 0] * 0.2
    scale = torch.exp(normal[:, 1] * 0.10)
    stretch = torch.exp(normal[:, 2] * 0.05)
    mirror = 1 - 2 * (torch.rand(n, generator=generator) < 0.5).float()
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack([
        torch.stack([cos * stretch * mirror, -sin, normal[:, 3] * 0.10], 1),
        torch.stack([sin * mirror, cos / stretch, normal[:, 4] * 0.10], 1)], 1)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode='border', align_corners=False)


def _light(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Gamma, contrast with clipping, and light from one side."""
    n, _, height, width = images.shape
    gamma = torch.exp(torch.randn(n, 1, 1, 1, generator=generator).clamp(-2, 2) * 0.3)
    images = (images / 255).clamp(1e-4, 1) ** gamma
    gain = torch.exp(torch.randn(n, 1, 1, 1, generator=generator).clamp(-2, 2) * 0.2)
    images = ((images - 0.5) * gain + 0.5 + torch.randn(
        n, 1, 1, 1, generator=generator) * 0.08).clamp(0, 1)
    slope = torch.randn(n, 2, 1, 1, generator=generator) * 0.3 * _chosen(n, 0.4, generator)
    x = torch.linspace(-1, 1, width).view(1, 1, 1, width)
    y = torch.linspace(-1, 1, height).view(1, 1, height, 1)
    shade = (1 + slope[:, :1] * x + slope[:, 1:] * y).clamp(0.2, 1.8)
    return (images * shade).clamp(0, 1) * 255


def _resolution(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Far and blurred faces: a fifth of the batch loses its fine detail."""
    part = len(images) // 5
    if part == 0:
        return images
    side = int(torch.randint(16, 40, (1,), generator=generator))
    small = functional.interpolate(images[:part], (side, side), mode='area')
    small = functional.interpolate(
        small, images.shape[2:], mode='bilinear', align_corners=False)
    return torch.cat([small, images[part:]])


def _erase(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Cover a random rectangle of half the pictures (Zhong et al. 2020, arXiv 1708.04896)."""
    n, _, height, width = images.shape
    center = torch.rand(n, 2, 1, 1, generator=generator)
    half = torch.rand(n, 2, 1, 1, generator=generator) * 0.18 + 0.05
    x = torch.linspace(0, 1, width).view(1, 1, 1, width)
    y = torch.linspace(0, 1, height).view(1, 1, height, 1)
    inside = ((x - center[:, :1]).abs() < half[:, :1]) & ((y - center[:, 1:]).abs() < half[:, 1:])
    cover = inside.float() * _chosen(n, 0.5, generator)
    return images * (1 - cover) + cover * _uniform(n, 0, 255, generator)


def _dim(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Take the light from a tenth of the pictures: few gray levels and the sensor's noise."""
    n = len(images)
    gain = _uniform(n, 0.06, 0.5, generator)
    dark = (images * gain + torch.randn(images.shape, generator=generator) * 2).round()
    return torch.where(_chosen(n, 0.1, generator) > 0, dark, images)


def _compress(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Send an eighth of the pictures through JPEG, as a compressed image topic does."""
    chosen = torch.nonzero(torch.rand(len(images), generator=generator) < 0.125).flatten()
    quality = torch.randint(15, 70, (len(chosen),), generator=generator)
    for i, q in zip(chosen.tolist(), quality.tolist()):
        picture = images[i, 0].numpy().astype(np.uint8)
        coded = cv2.imencode('.jpg', picture, (cv2.IMWRITE_JPEG_QUALITY, q))[1]
        images[i, 0] = torch.from_numpy(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)).float()
    return images


def _cover_half(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Cover one side of a twelfth of the faces up to its middle: a hand, a mask, a shelf."""
    n, _, height, width = images.shape
    side = torch.randint(0, 4, (n, 1, 1, 1), generator=generator)
    x = torch.linspace(0, 1, width).view(1, 1, 1, width).expand(n, 1, height, width)
    y = torch.linspace(0, 1, height).view(1, 1, height, 1).expand(n, 1, height, width)
    distance = torch.where(side == 0, x, torch.where(side == 1, 1 - x, torch.where(
        side == 2, y, 1 - y)))
    covered = (distance < _uniform(n, 0.25, 0.52, generator)) & (
        _chosen(n, 0.085, generator) > 0)
    return torch.where(covered, _uniform(n, 0, 255, generator), images)
