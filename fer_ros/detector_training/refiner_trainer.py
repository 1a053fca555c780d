"""Train the face refiner on windows of pictures with faces in context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.detector_training.crops import FaceCrops
from fer_ros.detector_training.loss import overlap_of
from fer_ros.detector_training.refiner_network import refiner_of
from fer_ros.detector_training.refiner_samples import draw_windows
from fer_ros.detector_training.run import DetectorRun, SeededBatches


class FaceRefinerTrainer(DetectorRun):
    """
    A run whose batches are windows.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        super().__init__(config, output, refiner_of)

    def loss(self, outputs: torch.Tensor,
             targets: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """Return :func:`refinement_loss`."""
        return refinement_loss(outputs, targets)

    def batches(self, pictures: list[FacePicture],
                crops: FaceCrops | None) -> Dataset[tuple[torch.Tensor, torch.Tensor]]:
        """Return the batches from here on."""
        return _Windows(self.config, pictures, crops, self.done)


def refinement_loss(outputs: torch.Tensor,
                    targets: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
    """
    Return the loss of a batch and its parts.

    Score: cross entropy. Box: 1 - DIoU (Zheng et al. 2020, arXiv 1911.08287). Landmarks: smooth
    L1 in face sizes.

    :param outputs: (N, 15) of :class:`~fer_ros.detector_training.refiner_network.RefinerNetwork`.
    :param targets: float (N, 17), see :func:`~fer_ros.detector_training.refiner_samples.
        draw_windows`.
    """
    raw, positive, weight = outputs.float(), targets[:, 0] > 0, targets[:, 16]
    score = (functional.binary_cross_entropy_with_logits(
        raw[:, 0], targets[:, 0], reduction='none') * weight).sum() / weight.sum().clamp_min(1)
    chosen, wanted = raw[positive], targets[positive]
    overlap, distance = overlap_of(chosen[:, 1:3], torch.exp(chosen[:, 3:5].clamp(-3, 2)),
                                   wanted[:, 1:3], wanted[:, 3:5])
    box = (1 - overlap + distance).sum() / max(len(chosen), 1)
    size = wanted[:, 3:5].prod(1, keepdim=True).sqrt()
    error = functional.smooth_l1_loss(
        chosen[:, 5:] / size, wanted[:, 5:15] / size, beta=0.02, reduction='none').mean(1)
    known = wanted[:, 15]
    points = (error * known).sum() / known.sum().clamp_min(1)
    return 2 * score + 2 * box + 16 * points, {
        'score': float(score.detach()), 'box': float(box.detach()),
        'points': float(points.detach())}


class _Windows(SeededBatches):
    """An item is uint8 (N, 1, window, window) and float (N, 17) of ``draw_windows``."""

    def draw(self, generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next batch."""
        config = self.config
        drawn = [draw_windows(self.sampler.draw(generator), config['windows'], config['window'],
                              generator) for _ in range(config['batch_size'] // config['windows'])]
        images, targets = zip(*drawn)
        return (torch.from_numpy(np.concatenate(images)[:, None]),
                torch.from_numpy(np.concatenate(targets)))
