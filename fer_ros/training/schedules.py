"""Learning rate and weight averaging over the steps of a training."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch


def learning_rate(step: int, steps: int, warm_up: int, peak: float) -> float:
    """Return the rate of a step: linear warm-up, then cosine to 0."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    return peak * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def image_size(done: float, sizes: list[list[float]]) -> int:
    """
    Return the side of the training pictures [px] (progressive resizing, arXiv 2104.00298).

    :param done: share of the training that is done, 0..1.
    :param sizes: rows of (share from which it holds, side), ascending, the first from 0.
    """
    return int([side for begin, side in sizes if done >= begin][-1])


def warm_ema(decay: float) -> Callable[..., torch.Tensor]:
    """Return an exponential average that forgets its first steps faster than later ones."""
    def average(old: torch.Tensor, new: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        if not old.is_floating_point():
            return new
        return old.lerp(new, 1 - min(decay, (1 + int(steps)) / (10 + int(steps))))
    return average
