"""Where a training run's network finds its evidence: any layer, exact maps or gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.emotion_training.activation_maps import METHODS, find_layer
from fer_ros.emotion_training.calibration import calibrate
from fer_ros.emotion_training.export import load_network
from fer_ros.emotion_training.temperature import known_temperature
from fer_ros.evaluation.explain.explainer import BATCH
from fer_ros.perception.activation import evidence
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.model_card import load_model_card
from fer_ros.perception.preprocessing import normalize


def temperature_of(checkpoint: Path, exported: Path | None, data: Path | None) -> float | None:
    """
    Return the temperature of a network's answers at run time; None where nobody can know it.

    :param checkpoint: of a run, or .pt of an export, whose card may lie beside it.
    :param exported: ONNX file of this network, whose card tells.
    :param data: npz file by whose public part it is calibrated otherwise, as fer_ros export does.
    :raises ValueError: if the card of ``exported`` is missing or wrong.
    """
    if exported is not None:
        return load_model_card(exported, 'emotion_classification').temperature
    known = known_temperature(checkpoint)
    if known is not None or data is None:
        return known
    return calibrate(load_network(checkpoint)[0], load_fer2013(data)[1])[0]


class CheckpointExplainer:
    """
    A training run's averaged weights, by any method.

    :param checkpoint: of a run, or .pt of an export.
    :param layer: None: the last feature stage.
    :param temperature: that the logits are divided by, as the exported file does.
    """

    methods: tuple[str, ...] = tuple(METHODS)
    labels: tuple[str, ...] = EMOTIONS

    def __init__(self, checkpoint: Path, layer: str | None, temperature: float = 1.0) -> None:
        self._network, _ = load_network(checkpoint)
        self._layer = find_layer(self._network, layer)
        self._temperature = temperature

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, 8), calibrated."""
        with torch.inference_mode():
            logits = [self._network(self._faces(crops[i:i + BATCH]))[0]
                      for i in range(0, len(crops), BATCH)]
            parts = [torch.softmax(part / self._temperature, 1).numpy() for part in logits]
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
