"""Train the emotion network on FER+ votes and FER2013 labels at once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.augmentation import augment, resize, standardize
from fer_ros.emotion_training.narrowing import narrowed
from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.emotion_training.own_data import data_of, has_votes
from fer_ros.emotion_training.sampling import balanced_order, class_weights, stratified_folds
from fer_ros.evaluation.emotion.metrics import average_scores, confusion_matrix
from fer_ros.perception.labels import EMOTIONS
from fer_ros.resources import resource_path
from fer_ros.training.checkpoint import ResumableRun
from fer_ros.training.options import read_preset, run_parser
from fer_ros.training.prefetch import prepared
from fer_ros.training.progress import TimeLeft
from fer_ros.training.schedules import image_size, learning_rate, warm_ema

_SEED_STRIDE = 1_000_003


def build_network(config: dict[str, Any]) -> EmotionNetwork:
    """Return the untrained network that a preset describes."""
    return EmotionNetwork(
        config['architecture'], dropout=config['dropout'], drop_path=config['drop_path'])


def loss_of(
        outputs: tuple[torch.Tensor, ...], votes: torch.Tensor, labels: torch.Tensor,
        config: dict[str, Any], weights: torch.Tensor | None = None) -> torch.Tensor:
    """
    Return the loss of a batch.

    :param outputs: of :class:`EmotionNetwork`.
    :param votes: float (N, 8), rows of zeros do not count.
    :param labels: int64 (N,), FER2013; negative ones do not count.
    :param weights: float (8,), of the emotions in the first part; None weighs all alike.
    """
    logits, auxiliary = outputs[0].float(), outputs[2].float()
    weighted = votes if weights is None else votes * weights
    per_row = -(weighted * functional.log_softmax(logits, 1)).sum(1)
    loss = per_row.sum() / (votes.sum(1) > 0).sum().clamp_min(1)
    second = functional.cross_entropy(
        auxiliary, labels, label_smoothing=config['label_smoothing'], reduction='sum')
    return loss + config['auxiliary_weight'] * second / (labels >= 0).sum().clamp_min(1)


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
        if 'weights' in config:
            self.begin_with(existing(config['weights']))
        self._class_weights: torch.Tensor | None = None

    def fitted(self, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the weights of a wider network without their weakest inner channels."""
        return narrowed(weights, self.network.state_dict())

    def run(self, train: EmotionData, validation: EmotionData) -> None:
        """Train to the last epoch, from the checkpoint if there is one."""
        self.restore()
        self._class_weights = class_weights(train, self.config['class_weights'])
        left = TimeLeft(self.length - self.done)
        while self.done < self.length:
            loss = self._train_epoch(train)
            row = {'epoch': self.done + 1, 'loss': loss, **self.validate(validation)}
            self.history.append(row)
            self.done += 1
            self.save()
            tqdm.write('  '.join(f'{key} {value:.4g}' for key, value in row.items())
                       + f'  {left.after_one()}')

    def validate(self, data: EmotionData) -> dict[str, float]:
        """
        Return accuracies and macro F1 of the averaged network; nothing without pictures.

        People's own pictures have labels, no votes: their accuracy is called just that.
        """
        if len(data) == 0:
            return {}
        logits, auxiliary = (output.numpy() for output in predict(self.average.module, data))
        known, labeled = data.majority >= 0, data.labels >= 0
        scores = average_scores(confusion_matrix(
            data.majority[known], logits[known].argmax(1), len(EMOTIONS)))
        if not has_votes(data):
            return {'accuracy': scores['micro_f1'], 'macro_f1': scores['macro_f1']}
        right = auxiliary[labeled].argmax(1) == data.labels[labeled]
        return {'ferplus_accuracy': scores['micro_f1'],
                'fer2013_accuracy': float(right.mean()) if len(right) else 0.0,
                'macro_f1': scores['macro_f1']}

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
        bar = tqdm(prepared(lambda batch: self._batch(data, batch.numpy(), side, generator),
                            batches), desc=f'epoch {self.done + 1}/{self.config["epochs"]}',
                   total=len(batches), leave=False, mininterval=5, disable=None)
        for i, batch in enumerate(bar):
            total += self._step(batch, self._rate(self.done * len(batches) + i, len(batches)))
            bar.set_postfix(loss=f'{total / (i + 1):.3f}')
        return total / len(batches)

    def _rate(self, step: int, an_epoch: int) -> float:
        """Return the learning rate of a step; ``an_epoch`` has so many."""
        return learning_rate(step, self.config['epochs'] * an_epoch, an_epoch,
                             self.config['learning_rate'])

    def _batch(self, data: EmotionData, index: np.ndarray, side: int,
               generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        """Return pictures, as the network takes them, and what :meth:`_loss` compares with."""
        images = torch.from_numpy(data.images[index]).float().unsqueeze(1)
        return (standardize(resize(augment(images, generator), side)),
                torch.from_numpy(data.votes[index]), torch.from_numpy(data.labels[index]))

    def _loss(self, outputs: tuple[torch.Tensor, ...], *truth: torch.Tensor) -> torch.Tensor:
        votes, labels = truth
        return loss_of(outputs, votes, labels, self.config, self._class_weights)

    def _step(self, batch: tuple[torch.Tensor, ...], rate: float) -> float:
        images, *truth = batch
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        with torch.autocast('cpu', torch.bfloat16):
            outputs = self.network(images.to(memory_format=torch.channels_last))
        loss = self._loss(outputs, *truth)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())


def existing(name: str) -> Path:
    """
    Return the file of weights: as named, or one that ships with the package.

    :raises ValueError: if it is neither; names it.
    """
    try:
        return Path(name) if Path(name).exists() else resource_path(name)
    except FileNotFoundError as error:
        raise ValueError(f"no weights to begin with: '{name}' is not there; --weights takes "
                         "another run's checkpoint.pt, or .pt of an export") from error


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


def cross_validate(
        config: dict[str, Any], output: Path, data: EmotionData, folds: int,
        trainer_class: type[EmotionTrainer] = EmotionTrainer,
        extended: Callable[[Any], EmotionData] = lambda data: data) -> list[dict[str, float]]:
    """
    Train once for each fold, judged on the fold that was held out; a killed run goes on.

    :param output: gets a folder for each run and ``folds.csv``.
    :param trainer_class: of the runs.
    :param extended: adds to the training part of a fold what no fold is judged by.
    :returns: the last row of each run's history.
    """
    fold_of = stratified_folds(data, folds, config['seed'])
    rows: list[dict[str, float]] = []
    for fold in range(folds):
        trainer = trainer_class(config, output / f'fold_{fold}')
        print(f'fold {fold + 1} of {folds}')
        trainer.run(extended(data.subset(fold_of != fold)), data.subset(fold_of == fold))
        rows.append({'fold': fold, **trainer.history[-1]})
        with (output / 'folds.csv').open('w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for key in [key for key in rows[0] if key not in ('fold', 'epoch', 'loss')]:
        values = np.array([row[key] for row in rows])
        print(f'{key}: {values.mean():.4f} +- {values.std(ddof=1):.4f} over {folds} folds')
    return rows


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset emotion``."""
    parser = run_parser('fer_ros train --preset emotion', 'Train the emotion network',
                        'runs/emotion')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz)')
    parser.add_argument('--epochs', type=int, help="instead of the preset's")
    parser.add_argument('--folds', type=int, default=0,
                        help='stratified cross-validation on the training part instead of one '
                             'run; the public part is not touched')
    options = parser.parse_args(argv)
    config = read_preset(options, epochs=options.epochs)
    train, validation = load_fer2013(options.data)
    if len(train) == 0:
        raise ValueError(f"'{options.data}' has no training pictures (split 0)")
    print(f'{len(train)} training and {len(validation)} validation pictures')
    if options.folds:
        cross_validate(config, options.output, train, options.folds)
        return 0
    trainer = EmotionTrainer(config, options.output)
    trainer.data = data_of(options.data, train)
    trainer.run(train, validation)
    print(trainer.outcome())
    return 0
