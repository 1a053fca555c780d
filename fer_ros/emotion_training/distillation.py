"""Train a small emotion network on what larger ones say about faces, labeled or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional

from fer_ros.datasets.emotion_data import NO_LABEL, EmotionData, load_fer2013
from fer_ros.datasets.unlabeled import unlabeled_faces
from fer_ros.emotion_training.augmentation import standardize
from fer_ros.emotion_training.degradation import degrade
from fer_ros.emotion_training.own_data import data_of
from fer_ros.emotion_training.teachers import SoftAnswers, soft_answers
from fer_ros.emotion_training.trainer import EmotionTrainer, cross_validate, existing
from fer_ros.emotion_training.views import JITTER, after, look_at, transforms, view_transforms
from fer_ros.perception.labels import EMOTIONS, FER2013
from fer_ros.training.options import read_preset, run_parser


@dataclass(frozen=True)
class TaughtData(EmotionData):
    """
    Face pictures with what teachers say about V views of each.

    :param views: float32 (N, V, 2, 3), where each view looks.
    :param soft_votes: float16 (N, V, 8).
    :param soft_labels: float16 (N, V, 7).
    """

    views: np.ndarray
    soft_votes: np.ndarray
    soft_labels: np.ndarray

    def subset(self, index: np.ndarray) -> TaughtData:
        """Return the rows that an index or mask selects."""
        plain = super().subset(index)
        return TaughtData(**vars(plain), views=self.views[index],
                          soft_votes=self.soft_votes[index], soft_labels=self.soft_labels[index])


def taught(data: EmotionData, answers: SoftAnswers, seed: int) -> TaughtData:
    """
    Put pictures and answers together.

    :param seed: that the views were drawn with.
    """
    views = [view_transforms(len(data), view, seed).numpy()
             for view in range(len(answers.votes))]
    return TaughtData(**vars(data), views=np.stack(views, 1),
                      soft_votes=answers.votes.swapaxes(0, 1),
                      soft_labels=answers.labels.swapaxes(0, 1))


def joined(first: TaughtData, second: TaughtData | None) -> TaughtData:
    """Return the pictures of both, or of the first where there is no second."""
    if second is None:
        return first
    return TaughtData(**{name: np.concatenate([value, getattr(second, name)])
                         for name, value in vars(first).items()})


def without_labels(images: np.ndarray) -> EmotionData:
    """
    Return faces that nobody has judged.

    :param images: uint8 (N, H, W).
    """
    n = len(images)
    small = np.stack([cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
                      for image in images])
    return EmotionData(small, np.zeros((n, len(EMOTIONS)), np.float32),
                       np.full(n, -1, np.int64), np.full(n, NO_LABEL, np.int64),
                       np.zeros(n, bool))


def distillation_loss(
        outputs: tuple[torch.Tensor, ...], votes: torch.Tensor, labels: torch.Tensor,
        soft_votes: torch.Tensor, soft_labels: torch.Tensor,
        config: dict[str, Any]) -> torch.Tensor:
    """
    Return the cross entropy with the teachers' answers mixed with people's (Hinton et al. 2015,
    arXiv 1503.02531); where people have none, with the teachers' alone.

    :param outputs: of :class:`~fer_ros.training.networks.EmotionNetwork`.
    :param votes: float (N, 8), rows of zeros do not count.
    :param labels: int64 (N,), FER2013; negative ones do not count.
    :param soft_votes: float (N, 8), the teachers'.
    :param soft_labels: float (N, 7), the teachers'.
    """
    share = config['teacher_share']
    known = (votes.sum(1, keepdim=True) > 0).float() * (1 - share)
    target = known * votes + (1 - known) * soft_votes
    loss = -(target * functional.log_softmax(outputs[0].float(), 1)).sum(1).mean()
    given = functional.one_hot(labels.clamp_min(0), len(FER2013)).float()
    smooth = config['label_smoothing']
    given = given * (1 - smooth) + smooth / len(FER2013)
    known = (labels >= 0).float().unsqueeze(1) * (1 - share)
    target = known * given + (1 - known) * soft_labels
    second = -(target * functional.log_softmax(outputs[2].float(), 1)).sum(1).mean()
    return loss + config['auxiliary_weight'] * second


class DistillationTrainer(EmotionTrainer):
    """
    A student sees each picture as the teachers saw it, but through bad cameras.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        super().__init__(config, output)
        for layer in self.network.features[:config['frozen']]:
            layer.requires_grad_(False)

    def _batch(self, data: EmotionData, index: np.ndarray, side: int,
               generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        assert isinstance(data, TaughtData)
        view = (index + self.done) % data.views.shape[1]
        where = after(torch.from_numpy(data.views[index, view]),
                      transforms(len(index), JITTER, generator))
        images = degrade(look_at(data.images[index], where, side), generator,
                         self.config['degraded'])
        return (standardize(images),
                torch.from_numpy(data.votes[index]), torch.from_numpy(data.labels[index]),
                torch.from_numpy(data.soft_votes[index, view]).float(),
                torch.from_numpy(data.soft_labels[index, view]).float())

    def _loss(self, outputs: tuple[torch.Tensor, ...], *truth: torch.Tensor) -> torch.Tensor:
        votes, labels, soft_votes, soft_labels = truth
        return distillation_loss(
            outputs, votes, labels, soft_votes, soft_labels, self.config)


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset distill``."""
    parser = run_parser('fer_ros train --preset distill (or teach)',
                        'Train a small emotion network by distillation', 'runs/distill')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz)')
    parser.add_argument('--teachers', type=Path, nargs='+', required=True,
                        help='ONNX networks with votes (logits or votes_logits) and '
                             'fer2013_logits, gray or BGR; their mean is learned')
    parser.add_argument('--unlabeled', type=Path,
                        help='folder of pictures with faces that nobody has judged')
    parser.add_argument('--answers', type=Path,
                        help="folder that keeps what the teachers said; runs with the same data, "
                             "views, seed and teachers can share it; none: in the run's")
    parser.add_argument('--epochs', type=int, help="instead of the preset's")
    parser.add_argument('--views', type=int, help="instead of the preset's")
    parser.add_argument('--folds', type=int, default=0,
                        help='stratified cross-validation on the training part instead of one '
                             'run; the public part is not touched')
    options = parser.parse_args(argv)
    config = read_preset(options, epochs=options.epochs, views=options.views)
    if 'weights' in config:
        existing(config['weights'])  # before teachers answer for hours
    config['teachers'] = [teacher.name for teacher in options.teachers]
    train, validation = load_fer2013(options.data)
    if len(train) == 0:
        raise ValueError(f"'{options.data}' has no training pictures (split 0)")
    answers = options.answers or options.output / 'answers'
    data = _taught_by(options.teachers, train, config, answers, 'faces')
    others = None
    if options.unlabeled is not None:
        faces = unlabeled_faces(options.unlabeled, answers / 'unlabeled.npz')
        config['unlabeled'] = len(faces)
        others = _taught_by(options.teachers, without_labels(faces), config, answers,
                            'unlabeled', faces)
        others = others.subset(np.tile(np.arange(len(faces)), config['unlabeled_repeats']))
    print(f'{len(data)} training, {config.get("unlabeled", 0)} unlabeled and {len(validation)} '
          'validation pictures')
    if options.folds:
        cross_validate(config, options.output, data, options.folds, DistillationTrainer,
                       lambda part: joined(part, others))
        return 0
    trainer = DistillationTrainer(config, options.output)
    trainer.data = data_of(options.data, train)
    trainer.run(joined(data, others), validation)
    print(trainer.outcome())
    return 0


def _taught_by(teachers: list[Path], data: EmotionData, config: dict[str, Any], folder: Path,
               name: str, images: np.ndarray | None = None) -> TaughtData:
    """
    Return data with the teachers' answers.

    :param images: what the teachers see instead, uint8 (N, H, W), larger.
    """
    answers = soft_answers(teachers, data.images if images is None else images, config['views'],
                           config['seed'], folder, name, torch.get_num_threads())
    return taught(data, answers, config['seed'])
