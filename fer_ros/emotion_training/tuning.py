"""Tune a network on few pictures, and mix the result with what it was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.emotion_training.augmentation import standardize
from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.emotion_training.old_knowledge import OldKnowledge
from fer_ros.emotion_training.trainer import EmotionTrainer, build_network, loss_of

_WARM_UP = 10
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Candidate:
    """
    A network that may be the one.

    :param epochs: of tuning.
    :param share: of the way from the old weights to the tuned ones that is gone, 0..1.
    """

    epochs: int
    share: float


UNCHANGED = Candidate(0, 0.0)


def candidates(config: dict[str, Any], pictures: int) -> list[Candidate]:
    """
    Return what is chosen from; the first is the old network.

    :param config: the preset: at most ``epochs``, and about ``most_steps`` of large sets.
    :param pictures: to learn from.
    """
    steps = max(pictures // config['batch_size'], 1)
    most = min(config['epochs'], max(config['most_steps'] // steps, 4))
    numbers = sorted({max(round(most * part), 1) for part in (0.25, 0.5, 1)})
    return [UNCHANGED] + [Candidate(epochs, share) for epochs in numbers
                          for share in config['shares']]


def mixed(old: Weights, tuned: Weights, share: float) -> Weights:
    """
    Return weights between two networks (WiSE-FT, Wortsman et al. 2022, arXiv 2109.01903).

    :param share: 0 gives the old ones, 1 the tuned ones.
    """
    return {key: old[key].lerp(value, share) if value.is_floating_point() else old[key]
            for key, value in tuned.items()}


def network_with(config: dict[str, Any], weights: Weights) -> EmotionNetwork:
    """Return the network, ready to answer."""
    network = build_network(config)
    network.load_state_dict(weights)
    return network.eval().to(memory_format=torch.channels_last)


class Tuner(EmotionTrainer):
    """
    Learns from own pictures and, beside them, what the old network says of other faces.

    :param config: the preset.
    :param output: folder of the run.
    :param knowledge: of the old network.
    """

    def __init__(self, config: dict[str, Any], output: Path, knowledge: OldKnowledge) -> None:
        super().__init__(config, output)
        self._knowledge = knowledge

    def tuned(self, train: EmotionData, epochs: Sequence[int]) -> Iterator[tuple[int, Weights]]:
        """
        Yield the averaged weights after some numbers of epochs; nothing is written.

        :param epochs: ascending.
        """
        for number in epochs:
            while self.done < number:
                loss = self._train_epoch(train)
                self.done += 1
                self.history.append({'epoch': self.done, 'loss': loss})
            yield number, {key: value.clone() for key, value in
                           self.average.module.state_dict().items()}

    def take(self, weights: Weights) -> None:
        """Make these the weights of the run."""
        self.network.load_state_dict(weights)
        self.average.module.load_state_dict(weights)

    def _rate(self, step: int, an_epoch: int) -> float:
        """Return a constant rate: the weights after n epochs do not depend on how many follow."""
        return float(self.config['learning_rate'] * min((step + 1) / _WARM_UP, 1))

    def _batch(self, data: EmotionData, index: np.ndarray, side: int,
               generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        images, *truth = super()._batch(data, index, side, generator)
        known = self._knowledge
        rows = torch.randint(len(known.images), (self.config['replay'],), generator=generator)
        return (torch.cat([images, standardize(known.images[rows])]), *truth,
                known.votes[rows], known.labels[rows])

    def _loss(self, outputs: tuple[torch.Tensor, ...], *truth: torch.Tensor) -> torch.Tensor:
        votes, labels, old_votes, old_labels = truth
        own = len(votes)
        loss = loss_of(tuple(output[:own] for output in outputs), votes, labels, self.config)
        if len(old_votes) == 0:
            return loss
        old = _cross_entropy(outputs[0][own:], old_votes) + self.config[
            'auxiliary_weight'] * _cross_entropy(outputs[2][own:], old_labels)
        return loss + self.config['replay_weight'] * old


def _cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return -(target * functional.log_softmax(logits.float(), 1)).sum(1).mean()
