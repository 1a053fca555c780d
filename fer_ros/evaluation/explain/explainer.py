"""What answers, and shows where on a face it found its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from fer_ros.perception.activation import evidence
from fer_ros.perception.emotion_classifier import EmotionClassifier

#: faces a call of a network.
BATCH = 256


class Explainer(Protocol):
    """What answers, and shows why."""

    labels: tuple[str, ...]
    methods: tuple[str, ...]

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, L) for uint8 (N, 48, 48)."""

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return maps (N, h, w), 0..1, for the class chosen for each crop."""


class OnnxExplainer:
    """
    The runtime's file with its own map output; needs no torch.

    :raises ValueError: if the model has no map output.
    """

    methods: tuple[str, ...] = ('cam',)

    def __init__(self, model: Path) -> None:
        self._classifier = EmotionClassifier(model)
        self.labels = self._classifier.labels
        if not self._classifier.has_maps:
            raise ValueError(f"'{model}' has no output 'maps'; export it with fer_ros export, or "
                             'explain a checkpoint (--checkpoint)')

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, L)."""
        parts = [self._classifier.classify(crops[i:i + BATCH])[0]
                 for i in range(0, len(crops), BATCH)]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return (N, h, w)."""
        maps = self._classifier.classify(crops, maps=True)[1]
        if maps is None:
            return np.empty((0, 6, 6), np.float32)
        return np.stack([evidence(rows, int(label)) for rows, label in zip(maps, classes)])
