"""A training run of one of the detector's networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.detector_training.crops import FaceCrops
from fer_ros.detector_training.samples import FaceSampler
from fer_ros.training.checkpoint import ResumableRun
from fer_ros.training.schedules import learning_rate, warm_ema

_WARM_UP = 200
_SAVE_EVERY = 200


class DetectorRun(ResumableRun):
    """
    Every step draws from its own seed, so a run that was killed and resumed sees the pictures
    that an unbroken one sees.

    :param config: the preset.
    :param output: folder of the run.
    :param make: makes the network that the preset wants.
    """

    def __init__(self, config: dict[str, Any], output: Path,
                 make: Callable[[dict[str, Any]], torch.nn.Module]) -> None:
        torch.manual_seed(config['seed'])
        network = make(config)
        network.to(memory_format=torch.channels_last)
        super().__init__(
            config, output, network,
            AveragedModel(network, avg_fn=warm_ema(config['ema_decay']), use_buffers=True),
            torch.optim.AdamW(network.parameters(), lr=config['learning_rate'],
                              weight_decay=config['weight_decay']))

    def run(self, pictures: list[FacePicture], crops: FaceCrops | None = None,
            workers: int = 0) -> None:
        """
        Train to the last step, from the checkpoint if there is one.

        :param crops: faces to paste into the pictures.
        :param workers: processes that prepare the pictures; 0: this one does.
        """
        self.restore()
        self.network.train()
        first, last = self.done, self.config['steps']
        batches = DataLoader(self.batches(pictures, crops), batch_size=None, num_workers=workers)
        bar = tqdm(total=last, initial=first, desc='steps', mininterval=5)
        sums: dict[str, float] = {}
        for images, targets in batches:
            parts = self._train_step(images, targets)
            sums = {key: sums.get(key, 0.0) + value for key, value in parts.items()}
            self.done += 1
            bar.update()
            if self.done % _SAVE_EVERY == 0 or self.done == last:
                since = self.done - (self.history[-1]['step'] if self.history else 0)
                self.history.append({
                    'step': self.done, **{key: value / since for key, value in sums.items()}})
                sums = {}
                bar.set_postfix(self.history[-1])
                self.save()
        bar.close()

    def batches(self, pictures: list[FacePicture],
                crops: FaceCrops | None) -> Dataset[tuple[torch.Tensor, torch.Tensor]]:
        """Return the batches from here on: uint8 (N, 1, side, side) and their targets."""
        raise NotImplementedError

    def loss(self, outputs: Any, targets: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """Return the loss of a batch and its parts."""
        raise NotImplementedError

    def _train_step(self, images: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
        config = self.config
        rate = learning_rate(self.done, config['steps'], _WARM_UP, config['learning_rate'])
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        with torch.autocast('cpu', torch.bfloat16):
            outputs = self.network(images.float().to(memory_format=torch.channels_last))
        loss, parts = self.loss(outputs, targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return {'loss': float(loss.detach()), **parts}


class SeededBatches(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """
    The batches from one step on, each drawn from its own seed.

    :param config: the preset.
    :param pictures: with faces and without.
    :param crops: faces to paste in; None: only those that are there.
    :param first: step.
    """

    def __init__(self, config: dict[str, Any], pictures: list[FacePicture],
                 crops: FaceCrops | None, first: int) -> None:
        self.config, self._first = config, first
        self.sampler = FaceSampler(
            pictures, config['input_size'], crops=crops,
            **{share: config[share] for share in ('mosaic', 'crowd', 'hard', 'clean')})

    def __len__(self) -> int:
        return max(int(self.config['steps']) - self._first, 0)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if index >= len(self):
            raise IndexError(index)
        return self.draw(np.random.default_rng([self.config['seed'], self._first + index]))

    def draw(self, generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return uint8 (N, 1, side, side) and what the network shall say of them."""
        raise NotImplementedError
