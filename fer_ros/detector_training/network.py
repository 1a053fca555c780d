"""The face detector: a small anchor-free network of depthwise blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

OUTPUTS = 15  # score logit, box (4), landmarks (10)
#: Gray levels are multiplied by it first.
PIXEL_SCALE = 1 / 128


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1,
                groups: int = 1, activate: bool = True) -> nn.Sequential:
    """Return convolution, batch norm and, unless told otherwise, ReLU."""
    kind = _HalvingDepthwise if stride == 2 and groups == inputs > 1 else nn.Conv2d
    layers: list[nn.Module] = [
        kind(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU()] if activate else []))


def separable(inputs: int, outputs: int, stride: int = 1, kernel: int = 3,
              activate: bool = True) -> nn.Sequential:
    """Return a depthwise and a 1x1 convolution (MobileNet's order: the stride comes first)."""
    return nn.Sequential(
        convolution(inputs, inputs, kernel, stride, groups=inputs, activate=False),
        convolution(inputs, outputs, 1, activate=activate))


class _HalvingDepthwise(nn.Conv2d):
    """A depthwise convolution of stride 2 that learns three times faster on CPUs."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float (N, C, H / 2, W / 2)."""
        if not self.training:
            return super().forward(x)
        result: torch.Tensor = _HalvingFunction.apply(x, self.weight)
        return result


class _HalvingFunction(torch.autograd.Function):
    """
    oneDNN has no fast bfloat16 gradient of a strided depthwise convolution for its input.

    It is the convolution, by the turned kernel and without stride, of the gradient with zeros
    put between.
    """

    @staticmethod
    @torch.amp.custom_fwd(device_type='cpu', cast_inputs=torch.bfloat16)
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return functional.conv2d(x, weight, None, 2, weight.shape[2] // 2, 1, len(weight))

    @staticmethod
    @torch.amp.custom_bwd(device_type='cpu')
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        padding, groups = weight.shape[2] // 2, len(weight)
        spread = torch.zeros_like(x)
        spread[..., ::2, ::2] = gradient
        for_weight = torch.nn.grad.conv2d_weight(
            x, list(weight.shape), gradient, 2, padding, 1, groups)
        return functional.conv2d(
            spread, weight.flip(2, 3), None, 1, padding, 1, groups), for_weight


class Residual(nn.Module):
    """A separable convolution added to its input."""

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.change = separable(channels, channels, kernel=kernel, activate=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return float (N, C, H, W), as x."""
        return functional.relu(x + self.change(x))


class FaceNetwork(nn.Module):
    """
    Gray image to one map of raw outputs for each of the strides 8, 16 and 32.

    Channels are multiples of 16, as the blocked convolutions of onnxruntime take them.

    :param width: channels at stride 8 and of the heads.
    :param deep: channels at strides 16 and 32.
    :param stem_blocks: residual blocks at stride 4.
    """

    def __init__(self, width: int = 64, deep: int = 96, stem_blocks: int = 2) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(1, 16, 3, 2), separable(16, 32, 2),
                                  *(Residual(32) for _ in range(stem_blocks)))
        self.stage8 = nn.Sequential(separable(32, width, 2), Residual(width), Residual(width))
        self.stage16 = _stage(width, deep)
        self.stage32 = _stage(deep, deep)
        self.lateral16 = convolution(deep, width, 1, activate=False)
        self.lateral32 = convolution(deep, width, 1)
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
        return self.scaled(x * PIXEL_SCALE)

    def scaled(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return what ``forward`` does, of gray levels that are scaled already."""
        x8 = self.stage8(self.stem(x))
        x16 = self.stage16(x8)
        y32 = self.lateral32(self.stage32(x16))
        y16 = self.neck16(self.lateral16(x16) + _doubled(y32))
        y8 = self.neck8(x8 + _doubled(y16))
        return self.heads[0](y8), self.heads[1](y16), self.heads[2](y32)

    def _initialize(self) -> None:
        for block in self.modules():
            if isinstance(block, Residual):  # begins as identity (arXiv 1706.02677, 5.1)
                nn.init.zeros_(block.change[-1][-1].weight)
        for head in self.heads:
            last = head[-1]
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)
            last.bias.data[0] = -4.6  # a face in one cell of a hundred (arXiv 1708.02002)


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    """Halve the size; 5x5 kernels see a whole face at little cost on such small maps."""
    return nn.Sequential(
        separable(inputs, outputs, 2), Residual(outputs, 5), Residual(outputs, 5))


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode='nearest')


def network_of(config: dict[str, Any]) -> FaceNetwork:
    """Return a new network as a preset (``config/training/face_detector.yaml``) wants it."""
    return FaceNetwork(config['width'], config['deep'], config['stem_blocks'])
