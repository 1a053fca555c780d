"""The temperature that makes a network as sure as it is right (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.emotion_training.degradation import degrade
from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.emotion_training.trainer import predict
from fer_ros.emotion_training.views import VIEWS, look_at, transforms
from fer_ros.evaluation.emotion.metrics import expected_calibration_error, fit_temperature
from fer_ros.perception.labels import EMOTIONS

#: for the model card, after which pictures.
HOLDS_FOR = ('half of them as they are, half moved, blurred, dark, compressed or partly covered '
             'as in training (emotion_training/degradation.py)')
#: from fewer pictures no temperature is fitted: it would be the pictures', not the network's.
#: 95 % of draws from the public part give 0.14 to 0.93 (13 pictures), 0.26 to 0.80 (50), 0.23 to
#: 0.72 (100), 0.41 to 0.69 (200).
FEWEST = 200


def degraded(data: EmotionData, seed: int = 0) -> EmotionData:
    """Return the same faces through worse cameras, loosely framed and partly covered."""
    generator = torch.Generator().manual_seed(seed)
    side = data.images.shape[-1]
    seen = look_at(data.images, transforms(len(data), VIEWS, generator), side)
    worse = degrade(seen, generator).round().clamp(0, 255).to(torch.uint8)
    return replace(data, images=worse[:, 0].numpy())


def calibrate(network: EmotionNetwork, data: EmotionData,
              labels: Sequence[str] = EMOTIONS) -> tuple[float, float]:
    """
    Fit one temperature to pictures as they are and to the same pictures degraded.

    A network is less often right on pictures of another kind than on those it was made with,
    but hardly less sure: fitted to good pictures alone the temperature flatters it elsewhere.

    :param network: in evaluation mode.
    :param data: pictures that it has not learned from.
    :param labels: emotions that are told apart; pictures of others are left out.
    :returns: the temperature, fitted to all, and the calibration error on the good pictures of
        temperatures fitted to one half of the pictures and judged on the other one.
    :raises ValueError: if fewer than two pictures have a majority emotion.
    """
    columns = [EMOTIONS.index(label) for label in labels]
    data = data.subset(np.isin(data.majority, columns))
    if len(data) < 2:
        raise ValueError('calibration needs pictures of split 1 whose majority is an emotion')
    network = network.to(memory_format=torch.channels_last)
    truth = np.array([columns.index(emotion) for emotion in data.majority])
    good, worse = (predict(network, pictures)[0].double().numpy()[:, columns]
                   for pictures in (data, degraded(data)))
    half = np.random.default_rng(0).permutation(len(data)) % 2 == 0
    cooled = good.copy()
    for part in (half, ~half):
        cooled[part] /= _fitted(good[~part], worse[~part], truth[~part])
    probabilities = torch.softmax(torch.from_numpy(cooled), 1).numpy()
    return (_fitted(good, worse, truth),
            expected_calibration_error(probabilities, truth))


def _fitted(good: np.ndarray, worse: np.ndarray, truth: np.ndarray) -> float:
    return fit_temperature(np.concatenate([good, worse]), np.concatenate([truth, truth]))
