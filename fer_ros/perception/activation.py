"""Class activation maps (Zhou et al. 2016, arXiv 1512.04150) made ready to look at."""

from __future__ import annotations

import cv2
import numpy as np

_COLORS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_JET).reshape(256, 3)


def evidence(maps: np.ndarray, label: int) -> np.ndarray:
    """
    Return where a label's evidence lies: its map scaled to 0..1; evidence against it is 0.

    :param maps: float (L, h, w), whose means are the logits.
    :param label: row of the map.
    :returns: float32 (h, w).
    """
    positive = np.maximum(maps[label], 0.0)
    return (positive / max(float(positive.max(initial=0)), 1e-6)).astype(np.float32)


def enlarge(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Return a map in the size of its crop, smoothly.

    :param heat: float32 (h, w), 0..1.
    :param size: (width, height) [px].
    """
    return cv2.resize(heat, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)


def blend(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """
    Lay a map over a picture: the stronger the evidence, the more color.

    :param image: uint8 (H, W, 3) BGR.
    :param heat: float32 (H, W), 0..1.
    :returns: uint8 (H, W, 3) BGR.
    """
    colors = np.take(_COLORS, (heat * 255).astype(np.uint8), axis=0)
    weight = 0.5 * heat
    return cv2.blendLinear(image, colors, 1 - weight, weight)
