"""Class activation maps of any torch network: exact, by gradients, by the main component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

#: (network, layer, faces (N, 1, H, W), class of each (N,)) -> maps (N, h, w).
Method = Callable[[nn.Module, str, torch.Tensor, torch.Tensor], torch.Tensor]


def cam(network: nn.Module, layer: str, faces: torch.Tensor,
        classes: torch.Tensor) -> torch.Tensor:
    """Return the exact maps: the network's own second output (arXiv 1512.04150)."""
    with _as_judge(network), torch.no_grad():
        maps: torch.Tensor = network(faces)[1]
    return maps[torch.arange(len(faces)), classes]


def grad_cam(network: nn.Module, layer: str, faces: torch.Tensor,
             classes: torch.Tensor) -> torch.Tensor:
    """
    Weigh a layer's channels by the mean gradient of the class's logit
    (Selvaraju et al. 2017, arXiv 1610.02391); the caller drops what is negative.
    """
    with _as_judge(network), torch.enable_grad():
        with _captured(network, layer) as kept:
            logits = network(faces)[0]
        chosen = logits[torch.arange(len(faces)), classes].sum()
        features = kept[0]
        gradients, = torch.autograd.grad(chosen, features)
    return (gradients.mean((2, 3), keepdim=True) * features).sum(1).detach()


def eigen_cam(network: nn.Module, layer: str, faces: torch.Tensor,
              classes: torch.Tensor) -> torch.Tensor:
    """
    Project a layer's features on their first principal component (Muhammad and Yeasin 2020,
    arXiv 2008.00299): what stands out, whatever the class.
    """
    with _as_judge(network), torch.no_grad(), _captured(network, layer) as kept:
        network(faces)
    features = kept[0].detach().flatten(2)  # (N, C, h * w)
    _, _, right = torch.linalg.svd(features, full_matrices=False)
    projected = (features @ right[:, :1].transpose(1, 2)).norm(dim=1, keepdim=True) * right[:, :1]
    sign = torch.where(projected.sum(2, keepdim=True) < 0, -1.0, 1.0)  # an SVD has no sign
    return (projected * sign).reshape(len(faces), *kept[0].shape[2:])


METHODS: dict[str, Method] = {'cam': cam, 'grad-cam': grad_cam, 'eigen-cam': eigen_cam}


def find_layer(network: nn.Module, name: str | None) -> str:
    """
    Return the layer to look at.

    :param name: of a module; None takes the last one that still has a place for every feature:
        ``features``, or else the last convolution wider than one pixel.
    :raises ValueError: if there is no such module; names those there are.
    """
    modules = dict(network.named_modules())
    if name is not None:
        if name not in modules or not name:
            raise ValueError(f"no layer '{name}'; there are {', '.join(filter(None, modules))}")
        return name
    if 'features' in modules:
        return 'features'
    wide = [key for key, module in modules.items()
            if isinstance(module, nn.Conv2d) and max(module.kernel_size) > 1]
    if not wide:
        raise ValueError('the network has no convolution to look at; name a layer')
    return wide[-1]


@contextmanager
def _captured(network: nn.Module, layer: str) -> Iterator[list[torch.Tensor]]:
    """Keep what the layer returns; the hook is gone afterwards, whatever happens."""
    kept: list[torch.Tensor] = []
    module = dict(network.named_modules())[layer]
    handle = module.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    try:
        yield kept
    finally:
        handle.remove()


@contextmanager
def _as_judge(network: nn.Module) -> Iterator[None]:
    """Put the network in evaluation mode, and back."""
    was_training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was_training)
