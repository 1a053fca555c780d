"""Make the blocks of a trained network narrower: its weakest inner channels are left out."""

from __future__ import annotations

import math

import torch


def narrowed(weights: dict[str, torch.Tensor],
             wanted: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """
    Return the weights of a network whose residual blocks have fewer channels inside.

    Kept are those that carry most of what a block adds: the root mean square of a channel after
    its norm and ReLU (a rectified Gaussian with the norm's scale and shift), times the norm of
    the weights that read it. Structured pruning as in Li et al. 2017, arXiv 1608.08710; what it
    costs is trained back.

    :param weights: of the wider :class:`~fer_ros.emotion_training.network.EmotionNetwork`.
    :param wanted: of the narrower one, for their shapes.
    :returns: as many as ``wanted``; where a block is as wide as before, unchanged.
    """
    result = dict(weights)
    for name in weights:
        if not name.endswith('.conv1.weight'):
            continue
        block, (inner, count) = name[:-len('.conv1.weight')], (
            len(weights[name]), len(wanted.get(name, ())))
        if 0 < count < inner:
            kept = _importance(weights, block).argsort(descending=True)[:count].sort().values
            result[name] = weights[name][kept]
            result[f'{block}.conv2.weight'] = weights[f'{block}.conv2.weight'][:, kept]
            for part in ('weight', 'bias', 'running_mean', 'running_var'):
                result[f'{block}.norm1.{part}'] = weights[f'{block}.norm1.{part}'][kept]
    return result


def _importance(weights: dict[str, torch.Tensor], block: str) -> torch.Tensor:
    """Return how much each inner channel of a block carries, float (C,)."""
    scale, shift = weights[f'{block}.norm1.weight'].abs(), weights[f'{block}.norm1.bias']
    z = shift / scale.clamp_min(1e-6)
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    power = scale ** 2 * ((1 + z * z) * below + z * density)
    return (power * weights[f'{block}.conv2.weight'].pow(2).sum((0, 2, 3))).sqrt()
