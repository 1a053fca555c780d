"""The emotion network: a small SE-ResNet whose class activation map is exact."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

#: widths and blocks of the stages, each half as large as the one before. The first is as large as
#: the face, with a ``stem_stride`` of 2 half as large. ``kinds`` names the blocks of each stage:
#: those of :class:`LightBlock`; none: :class:`ResidualBlock`, with ``inner`` channels inside.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    'se_resnet_tiny': {'widths': (8, 16, 32, 64), 'blocks': (0, 1, 1, 1)},
    'se_resnet_small': {'widths': (24, 48, 96, 176), 'blocks': (0, 1, 2, 2)},
    'se_resnet_narrow': {'widths': (24, 48, 96, 176), 'blocks': (0, 1, 2, 2),
                         'inner': (None, 32, 48, 64)},
    'resnet_light': {'widths': (24, 48, 96), 'blocks': (1, 2, 2), 'stem_stride': 2,
                     'kinds': ('residual', 'residual', 'residual')},
}


class SqueezeExcitation(nn.Module):
    """Channel attention (Hu et al. 2018, arXiv 1709.01507)."""

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // reduction, 1)
        self.expand = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale each channel of (N, C, H, W)."""
        weights = functional.relu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(weights))


class ResidualBlock(nn.Module):
    """
    Two 3x3 convolutions with squeeze-excitation (He et al. 2016, arXiv 1512.03385).

    :param channels: in and out.
    :param drop_path: stochastic depth.
    :param inner: channels between the convolutions; None: as many as in and out.
    """

    def __init__(self, channels: int, drop_path: float = 0.0, inner: int | None = None) -> None:
        super().__init__()
        inner = channels if inner is None else inner
        self.conv1 = nn.Conv2d(channels, inner, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.attention = SqueezeExcitation(channels)
        self.drop_path = drop_path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to the same shape."""
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.attention(self.norm2(self.conv2(y)))
        if self.training and self.drop_path > 0:
            y = _dropped(y, self.drop_path)
        return functional.relu(x + y)


class LightBlock(nn.Module):
    """
    A residual block without channel attention: nothing but convolutions once the norms are folded.

    :param channels: in and out.
    :param kind: 'residual': two 3x3 convolutions; 'separable': depthwise 3x3, then 1x1 (Howard et
        al. 2017, arXiv 1704.04861); 'inverted': 1x1 to three times as many, depthwise 3x3, 1x1
        back (Sandler et al. 2018, arXiv 1801.04381); 'fused': 3x3 to twice as many, 1x1 back
        (Tan and Le 2021, arXiv 2104.00298).
    :param drop_path: stochastic depth.
    """

    def __init__(self, channels: int, kind: str, drop_path: float = 0.0) -> None:
        super().__init__()
        c = channels
        layers = {
            'residual': lambda: [*_convolution(c, c, 3), nn.ReLU(), *_convolution(c, c, 3)],
            'separable': lambda: [*_convolution(c, c, 3, groups=c), *_convolution(c, c, 1),
                                  nn.ReLU()],
            'inverted': lambda: [*_convolution(c, 3 * c, 1), nn.ReLU(),
                                 *_convolution(3 * c, 3 * c, 3, groups=3 * c), nn.ReLU(),
                                 *_convolution(3 * c, c, 1)],
            'fused': lambda: [*_convolution(c, 2 * c, 3), nn.ReLU(), *_convolution(2 * c, c, 1)]}
        self.layers = nn.Sequential(*layers[kind]())
        self.last = nn.ReLU() if kind == 'residual' else nn.Identity()
        self.drop_path = drop_path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to the same shape."""
        y = self.layers(x)
        if self.training and self.drop_path > 0:
            y = _dropped(y, self.drop_path)
        return self.last(x + y)


class EmotionNetwork(nn.Module):
    """
    Gray face (N, 1, H, W), normalized, to emotion logits and their class activation map.

    The heads are 1x1 convolutions before the global average, so a logit is the mean of its
    map: the class activation map (Zhou et al. 2016, arXiv 1512.04150) comes for free.

    :param architecture: a key of :data:`ARCHITECTURES`.
    :param classes: emotions of the main head (FER+ votes).
    :param auxiliary_classes: of the second head (FER2013 labels); 0 for none.
    :param dropout: before the heads.
    :param drop_path: stochastic depth of the last block; earlier ones get less.
    """

    def __init__(
            self, architecture: str = 'se_resnet_small', classes: int = 8,
            auxiliary_classes: int = 7, dropout: float = 0.2, drop_path: float = 0.1) -> None:
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise ValueError(f"architecture '{architecture}' is not one of "
                             f'{", ".join(ARCHITECTURES)}')
        plan = ARCHITECTURES[architecture]
        widths, blocks = plan['widths'], plan['blocks']
        kinds = plan.get('kinds', (None,) * len(widths))
        inner = plan.get('inner', (None,) * len(widths))
        layers: list[nn.Module] = []
        channels, built, total = 1, 0, sum(blocks)
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            stride = plan.get('stem_stride', 1) if stage == 0 else 2
            layers += [*_convolution(channels, width, 3, stride), nn.ReLU()]
            for _ in range(count):
                built += 1
                share = drop_path * built / total
                layers.append(ResidualBlock(width, share, inner[stage]) if kinds[stage] is None
                              else LightBlock(width, kinds[stage], share))
            channels = width
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(channels, classes, 1)
        self.auxiliary = nn.Conv2d(channels, auxiliary_classes, 1) if auxiliary_classes else None

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """
        Return what the ONNX file returns.

        :param x: float (N, 1, H, W).
        :returns: logits (N, classes), activation maps (N, classes, H/8, W/8) and, with a second
            head, its logits (N, auxiliary_classes).
        """
        features = self.dropout(self.features(x))
        maps = self.head(features)
        logits = maps.mean((2, 3))
        if self.auxiliary is None:
            return logits, maps
        return logits, maps, self.auxiliary(features).mean((2, 3))


def _convolution(channels: int, width: int, size: int, stride: int = 1,
                 groups: int = 1) -> list[nn.Module]:
    """Return a convolution that keeps the size (or halves it) and its batch norm."""
    return [nn.Conv2d(channels, width, size, stride, size // 2, groups=groups, bias=False),
            nn.BatchNorm2d(width)]


def _dropped(y: torch.Tensor, share: float) -> torch.Tensor:
    """Leave a block out for a share of the batch (stochastic depth, arXiv 1603.09382)."""
    keep = torch.rand(len(y), 1, 1, 1, device=y.device) >= share
    return y * keep / (1 - share)
