"""Train the emotion network on FER+ votes and FER2013 labels at once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from fer_ros.training.augmentation import augment, resize, standardize
from fer_ros.training.checkpoint import ResumableRun
from fer_ros.training.datasets import NO_LABEL, EmotionData, load_fer2013
from fer_ros.training.networks import EmotionNetwork
from fer_ros.training.schedules import image_size, learning_rate, warm_ema

_SEED_STRIDE = 1_000_003


def build_network(config: dict[str, Any]) -> EmotionNetwork:
    """Return the untrained network that a preset describes."""
    return EmotionNetwork(
        config['architecture'], dropout=config['dropout'], drop_path=config['drop_path'])


def loss_of(
        outputs: tuple[torch.Tensor, ...], votes: torch.Tensor, labels: torch.Tensor,
        config: dict[str, Any]) -> torch.Tensor:
    """
    Return the loss of a batch.

    :param outputs: of :class:`EmotionNetwork`.
    :param votes: float (N, 8), rows of zeros do not count.
    :param labels: int64 (N,), FER2013.
    """
    logits, auxiliary = outputs[0].float(), outputs[2].float()
    per_row = -(votes * functional.log_softmax(logits, 1)).sum(1)
    loss = per_row.sum() / (votes.sum(1) > 0).sum().clamp_min(1)
    second = functional.cross_entropy(
        auxiliary, labels, label_smoothing=config['label_smoothing'])
    return loss + config['auxiliary_weight'] * second


class EmotionTrainer(ResumableRun):
    """
    Every epoch draws from its own seed, so a run that was killed and resumed sees what an
    unbroken one sees.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        torch.manual_seed(config['seed'])
        network = build_network(config).to(memory_format=torch.channels_last)
        super().__init__(
            config, output, network,
            AveragedModel(network, avg_fn=warm_ema(config['ema_decay']), use_buffers=True),
            torch.optim.SGD(
                _parameter_groups(network, config['weight_decay']), lr=config['learning_rate'],
                momentum=config['momentum'], nesterov=True))

    def run(self, train: EmotionData, validation: EmotionData) -> None:
        """Train to the last epoch, from the checkpoint if there is one."""
        self.restore()
        while self.done < self.config['epochs']:
            loss = self._train_epoch(train)
            row = {'epoch': self.done + 1, 'loss': loss, **self.validate(validation)}
            self.history.append(row)
            self.done += 1
            self.save()
            tqdm.write('  '.join(f'{key} {value:.4g}' for key, value in row.items()))

    def validate(self, data: EmotionData) -> dict[str, float]:
        """Return the accuracy of the averaged network on both label sets."""
        logits, auxiliary = predict(self.average.module, data)
        known = data.majority >= 0
        majority = torch.from_numpy(data.majority[known])
        return {
            'ferplus_accuracy': float((logits[known].argmax(1) == majority).float().mean()),
            'fer2013_accuracy': float(
                (auxiliary.argmax(1) == torch.from_numpy(data.labels)).float().mean())}

    def _train_epoch(self, data: EmotionData) -> float:
        generator = torch.Generator().manual_seed(
            self.config['seed'] * _SEED_STRIDE + self.done)
        torch.manual_seed(self.config['seed'] * _SEED_STRIDE + self.done)
        size = self.config['batch_size']
        side = image_size(self.done / self.config['epochs'], self.config['image_sizes'])
        order = balanced_order(data, self.config['class_balance'], generator)
        batches = order[:len(order) // size * size].view(-1, size) if len(order) >= size else (
            order.view(1, -1))
        self.network.train()
        total = 0.0
        bar = tqdm(batches, desc=f'epoch {self.done + 1}/{self.config["epochs"]}',
                   leave=False, mininterval=5, disable=None)
        for i, batch in enumerate(bar):
            step = self.done * len(batches) + i
            rate = learning_rate(step, self.config['epochs'] * len(batches), len(batches),
                                 self.config['learning_rate'])
            total += self._step(data, batch, rate, side, generator)
            bar.set_postfix(loss=f'{total / (i + 1):.3f}')
        return total / len(batches)

    def _step(self, data: EmotionData, batch: torch.Tensor, rate: float, side: int,
              generator: torch.Generator) -> float:
        index = batch.numpy()
        images = torch.from_numpy(data.images[index]).float().unsqueeze(1)
        images = standardize(resize(augment(images, generator), side)).to(
            memory_format=torch.channels_last)
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        with torch.autocast('cpu', torch.bfloat16):
            outputs = self.network(images)
        loss = loss_of(outputs, torch.from_numpy(data.votes[index]),
                       torch.from_numpy(data.labels[index]), self.config)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())


def _parameter_groups(network: torch.nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay the weights of convolutions, not biases and norms."""
    return [{'params': [p for p in network.parameters() if p.ndim > 1],
             'weight_decay': weight_decay},
            {'params': [p for p in network.parameters() if p.ndim <= 1], 'weight_decay': 0.0}]


@torch.inference_mode()
def predict(network: torch.nn.Module, data: EmotionData,
            batch_size: int = 256) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits (N, 8) and the second head's (N, 7) for every picture."""
    network.eval()
    logits, auxiliary = [], []
    for start in range(0, len(data), batch_size):
        images = torch.from_numpy(data.images[start:start + batch_size]).float().unsqueeze(1)
        outputs = network(standardize(images).to(memory_format=torch.channels_last))
        logits.append(outputs[0].float())
        auxiliary.append(outputs[2].float())
    return torch.cat(logits), torch.cat(auxiliary)


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset emotion``."""
    parser = argparse.ArgumentParser(
        prog='fer_ros train', description='Train the emotion network; resumes where it stopped.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--config', type=Path, required=True, help='preset (YAML)')
    parser.add_argument('--data', type=Path, required=True, help='FER2013 with FER+ votes (npz)')
    parser.add_argument('--output', type=Path, default=Path('runs/emotion'),
                        help='folder of the run')
    parser.add_argument('--epochs', type=int, help="instead of the preset's")
    parser.add_argument('--weights', type=Path,
                        help='begin with the averaged weights of this checkpoint')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: all cores')
    options = parser.parse_args(argv)
    config = yaml.safe_load(options.config.read_text(encoding='utf-8'))
    if options.epochs:
        config['epochs'] = options.epochs
    if options.threads:
        torch.set_num_threads(options.threads)
    train, validation = load_fer2013(options.data)
    print(f'{len(train)} training and {len(validation)} validation pictures')
    trainer = EmotionTrainer(config, options.output)
    if options.weights:
        trainer.begin_with(options.weights)
    trainer.run(train, validation)
    print(f'trained: {trainer.checkpoint}')
    return 0
