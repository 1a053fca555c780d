"""Train the face detector on pictures with faces in context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from fer_ros.training.checkpoint import ResumableRun
from fer_ros.training.face_dataset import FacePicture, load_face_pictures, random_sample
from fer_ros.training.face_loss import detection_loss, targets_of
from fer_ros.training.face_network import FaceNetwork
from fer_ros.training.options import read_preset, run_parser
from fer_ros.training.schedules import learning_rate, warm_ema

_WARM_UP = 200
_SAVE_EVERY = 200


class FaceDetectorTrainer(ResumableRun):
    """
    Every step draws from its own seed, so a run that was killed and resumed sees the pictures
    that an unbroken one sees.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        torch.manual_seed(config['seed'])
        network = FaceNetwork(config['width']).to(memory_format=torch.channels_last)
        super().__init__(
            config, output, network,
            AveragedModel(network, avg_fn=warm_ema(config['ema_decay']), use_buffers=True),
            torch.optim.AdamW(network.parameters(), lr=config['learning_rate'],
                              weight_decay=config['weight_decay']))

    def run(self, pictures: list[FacePicture]) -> None:
        """Train to the last step, from the checkpoint if there is one."""
        self.restore()
        self.network.train()
        bar = tqdm(total=self.config['steps'], initial=self.done, desc='steps', mininterval=5)
        sums: dict[str, float] = {}
        while self.done < self.config['steps']:
            parts = self._train_step(pictures)
            sums = {key: sums.get(key, 0.0) + value for key, value in parts.items()}
            self.done += 1
            bar.update()
            if self.done % _SAVE_EVERY == 0 or self.done == self.config['steps']:
                since = self.done - (self.history[-1]['step'] if self.history else 0)
                self.history.append({
                    'step': self.done, **{key: value / since for key, value in sums.items()}})
                sums = {}
                bar.set_postfix(self.history[-1])
                self.save()
        bar.close()

    def _train_step(self, pictures: list[FacePicture]) -> dict[str, float]:
        config, side = self.config, self.config['input_size']
        generator = np.random.default_rng([config['seed'], self.done])
        samples = [random_sample(pictures, side, config['mosaic'], generator)
                   for _ in range(config['batch_size'])]
        images = torch.from_numpy(np.stack([s.image for s in samples])[:, None]).float()
        targets = torch.from_numpy(np.stack([targets_of(s, side) for s in samples]))
        rate = learning_rate(self.done, config['steps'], _WARM_UP, config['learning_rate'])
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        with torch.autocast('cpu', torch.bfloat16):
            outputs = self.network(images.to(memory_format=torch.channels_last))
        loss, parts = detection_loss(outputs, targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return {'loss': float(loss.detach()), **parts}


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset face_detector``."""
    parser = run_parser('fer_ros train --preset face_detector', 'Train the face detector',
                        'runs/face_detector')
    parser.add_argument('--data', type=Path, required=True,
                        help='folder with images.csv.gz, labels.csv.gz, boxes_human.csv.gz')
    parser.add_argument('--steps', type=int, help="instead of the preset's")
    options = parser.parse_args(argv)
    config = read_preset(options, steps=options.steps)
    pictures = load_face_pictures(options.data, 'train')
    print(f'{len(pictures)} pictures, {sum(len(p.boxes) for p in pictures)} faces')
    trainer = FaceDetectorTrainer(config, options.output)
    if options.weights:
        trainer.begin_with(options.weights)
    trainer.run(pictures)
    print(f'trained: {trainer.checkpoint}')
    return 0
