"""Where a training run's network finds its evidence: any layer, exact maps or gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from fer_ros.emotion_training.activation_maps import METHODS, find_layer
from fer_ros.emotion_training.export import load_network
from fer_ros.evaluation.explain.explainer import BATCH
from fer_ros.perception.activation import evidence
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.preprocessing import normalize


class CheckpointExplainer:
    """A training run's averaged weights, by any method."""

    methods: tuple[str, ...] = tuple(METHODS)
    labels: tuple[str, ...] = EMOTIONS

    def __init__(self, checkpoint: Path, layer: str | None) -> None:
        self._network, _ = load_network(checkpoint)
        self._layer = find_layer(self._network, layer)

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, 8)."""
        with torch.inference_mode():
            parts = [torch.softmax(self._network(self._faces(crops[i:i + BATCH]))[0], 1).numpy()
                     for i in range(0, len(crops), BATCH)]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return (N, h, w)."""
        if len(crops) == 0:
            return np.empty((0, 6, 6), np.float32)
        maps = METHODS[method](self._network, self._layer, self._faces(crops),
                               torch.from_numpy(np.asarray(classes, np.int64))).numpy()
        return np.stack([evidence(one[None], 0) for one in maps])

    def _faces(self, crops: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(normalize(crops, 'per_image')[:, None])
