"""From pictures to the tensor that a network takes: normalization, layout and type."""

from __future__ import annotations

import numpy as np

from fer_ros.perception.model_card import ModelCard
from fer_ros.perception.preprocessing import normalize

BYTES = 'tensor(uint8)'
#: what onnxruntime calls an input that takes numbers -> how to make it.
_TYPES = {BYTES: np.uint8, 'tensor(float16)': np.float16, 'tensor(double)': np.float64}


def as_input(pictures: np.ndarray, card: ModelCard, kind: str) -> np.ndarray:
    """
    Return what a network takes of pictures in its card's size and color.

    :param pictures: uint8 (N, H, W), or (N, H, W, 3) in the card's order of colors.
    :param card: normalization and layout; a network that takes bytes normalizes itself.
    :param kind: of its input, as onnxruntime names it.
    :returns: contiguous, (N, C, H, W) or (N, H, W, C) as the card's layout says.
    """
    values = pictures if kind == BYTES else normalize(
        pictures, card.normalization, card.mean, card.std)
    if values.ndim == 3:
        values = values[:, None] if card.layout == 'NCHW' else values[..., None]
    elif card.layout == 'NCHW':
        values = values.transpose(0, 3, 1, 2)
    return as_tensor(values, kind)


def as_tensor(values: np.ndarray, kind: str) -> np.ndarray:
    """Return numbers, contiguous, in the type that onnxruntime names so; float32 if none."""
    return np.ascontiguousarray(values, _TYPES.get(kind, np.float32))
