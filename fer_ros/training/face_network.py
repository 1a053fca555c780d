"""The face detector: a small anchor-free network of depthwise blocks."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

OUTPUTS = 15  # score logit, box (4), landmarks (10)


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1,
                groups: int = 1, activate: bool = True) -> nn.Sequential:
    """Return convolution, batch norm and, unless told otherwise, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU()] if activate else []))


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a 1x1 and a depthwise 3x3 convolution (as in YuNet)."""
    return nn.Sequential(
        convolution(inputs, outputs, 1, activate=False),
        convolution(outputs, outputs, 3, stride, groups=outputs))


class FaceNetwork(nn.Module):
    """
    Gray image to one map of raw outputs for each of the strides 8, 16 and 32.

    :param width: channels from stride 8 on.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        half = width // 2
        self.stem = nn.Sequential(convolution(1, 12, 3, 2), separable(12, 16),
                                  separable(16, half, 2), separable(half, half))
        self.stage8 = nn.Sequential(separable(half, width, 2), separable(width, width),
                                    separable(width, width))
        self.stage16 = nn.Sequential(separable(width, width, 2), separable(width, width),
                                     separable(width, width))
        self.stage32 = nn.Sequential(separable(width, width, 2), separable(width, width),
                                     separable(width, width))
        self.neck16 = separable(width, width)
        self.neck8 = separable(width, width)
        self.heads = nn.ModuleList(
            nn.Sequential(separable(width, width), nn.Conv2d(width, OUTPUTS, 1))
            for _ in range(3))
        self._initialize()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """
        Return raw outputs (see ``perception/detection_decoding.py``).

        :param x: float (N, 1, H, W), gray levels 0..255; H and W multiples of 32.
        :returns: three of (N, 15, H/s, W/s).
        """
        x8 = self.stage8(self.stem(x / 127.5 - 1))
        x16 = self.stage16(x8)
        x32 = self.stage32(x16)
        y16 = self.neck16(x16 + functional.interpolate(x32, scale_factor=2.0, mode='nearest'))
        y8 = self.neck8(x8 + functional.interpolate(y16, scale_factor=2.0, mode='nearest'))
        return self.heads[0](y8), self.heads[1](y16), self.heads[2](x32)

    def _initialize(self) -> None:
        for head in self.heads:
            last = head[-1]
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)
            last.bias.data[0] = -4.6  # a face in one cell of a hundred (arXiv 1708.02002)
