"""The face refiner: one face in a square window to its score, box and landmarks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from fer_ros.detector_training.network import (
    OUTPUTS,
    PIXEL_SCALE,
    Residual,
    convolution,
    separable,
)

#: The window's side is halved so many times before the places are read off.
_HALVINGS = 4


class RefinerNetwork(nn.Module):
    """
    Gray windows to a row of raw outputs each.

    The last map is read as a whole (as by O-Net of MTCNN; Zhang et al. 2016, arXiv 1604.02878):
    a mean over it would lose where things are.

    :param widths: channels at strides 2, 4, 8 and 16.
    :param blocks: residual blocks at strides 4, 8 and 16.
    :param read: channels of the last map as it is read.
    :param hidden: features that the outputs are made from.
    :param side: of the windows [px], a multiple of 16.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128),
                 blocks: tuple[int, ...] = (1, 3, 3), read: int = 32, hidden: int = 128,
                 side: int = 80) -> None:
        super().__init__()
        layers: list[nn.Module] = [convolution(1, widths[0], 3, 2)]
        for inputs, outputs, count in zip(widths, widths[1:], blocks):
            layers += [separable(inputs, outputs, 2),
                       *(Residual(outputs) for _ in range(count))]
        self.body = nn.Sequential(*layers, convolution(widths[-1], read, 1))
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(read * (side >> _HALVINGS) ** 2, hidden), nn.ReLU(),
            nn.Linear(hidden, OUTPUTS))
        for block in self.modules():
            if isinstance(block, Residual):  # begins as identity (arXiv 1706.02677, 5.1)
                nn.init.zeros_(block.change[-1][-1].weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """
        Return raw outputs (see ``perception/face_refiner.py``).

        :param x: float (N, 1, side, side), gray levels 0..255.
        :returns: (N, 15).
        """
        features = self.body(x * PIXEL_SCALE)
        # Eight bits of bfloat16 are too few to say where a point is.
        with torch.autocast('cpu', enabled=False):
            result: torch.Tensor = self.head(features.float())
        return result

    def scaled(self, x: torch.Tensor) -> torch.Tensor:
        """Return what ``forward`` does, of gray levels that are scaled already."""
        result: torch.Tensor = self.head(self.body(x))
        return result


def refiner_of(config: dict[str, Any]) -> RefinerNetwork:
    """Return a new network as a preset (``config/training/face_refiner.yaml``) wants it."""
    return RefinerNetwork(tuple(config['widths']), tuple(config['blocks']), config['read'],
                          config['hidden'], config['window'])
