"""What the exports of both networks share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

#: readable by OpenCV 4.6 and onnxruntime 1.10 alike.
OPSET = 13


def without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Name the file that a run began with, not where it lay on somebody's disk."""
    if 'weights' not in config:
        return config
    return {**config, 'weights': Path(config['weights']).name}


def mean_weights(networks: Sequence[nn.Module]) -> dict[str, torch.Tensor]:
    """
    Return the mean of the weights of networks of one architecture.

    Runs that continue each other differ little, and their mean is better than each (Izmailov
    et al. 2018, arXiv 1803.05407; for pictures of another kind Wortsman et al. 2022,
    arXiv 2109.01903).
    """
    weights = [network.state_dict() for network in networks]
    return {key: torch.stack([w[key].double() for w in weights]).mean(0).to(value.dtype)
            for key, value in weights[-1].items()}
