"""Train the face detector, or its refiner, on pictures with faces in context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from fer_ros.datasets.face_pictures import FacePicture, load_face_pictures
from fer_ros.detector_training.crops import FaceCrops, load_face_crops
from fer_ros.detector_training.hard_examples import LOWEST_SCORE, with_hard_places
from fer_ros.detector_training.loss import detection_loss, targets_of
from fer_ros.detector_training.network import network_of
from fer_ros.detector_training.refiner_trainer import FaceRefinerTrainer
from fer_ros.detector_training.run import DetectorRun, SeededBatches
from fer_ros.evaluation.detector.metrics import SMALLEST
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.training.options import read_preset, run_parser
from fer_ros.training.told_data import told_data


class FaceDetectorTrainer(DetectorRun):
    """
    A run whose batches are whole pictures.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        super().__init__(config, output, network_of)

    def batches(self, pictures: list[FacePicture],
                crops: FaceCrops | None) -> Dataset[tuple[torch.Tensor, torch.Tensor]]:
        """Return the batches from here on."""
        return _Batches(self.config, pictures, crops, self.done)

    def loss(self, outputs: Any, targets: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """Return :func:`~fer_ros.detector_training.loss.detection_loss`."""
        return detection_loss(outputs, targets)


class _Batches(SeededBatches):
    """An item is uint8 (N, 1, side, side) and float (N, cells, 18) of ``targets_of``."""

    def draw(self, generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next batch."""
        samples = [self.sampler.draw(generator) for _ in range(self.config['batch_size'])]
        return (torch.from_numpy(np.stack([s.image for s in samples])[:, None]),
                torch.from_numpy(np.stack([
                    targets_of(s, self.config['input_size']) for s in samples])))


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset face_detector`` or ``--preset face_refiner``."""
    parser = run_parser('fer_ros train --preset face_detector or face_refiner',
                        'Train the face detector, or what follows known faces',
                        'runs/PRESET')
    parser.add_argument('--data', type=Path, required=True,
                        help='folder with images.csv.gz, labels.csv.gz, boxes_human.csv.gz')
    parser.add_argument('--faces', type=Path,
                        help='FER2013 (npz): its training faces are pasted into the pictures')
    parser.add_argument('--teacher', type=Path,
                        help='detector (ONNX, card beside it) that finds box and landmarks of '
                             'those faces')
    parser.add_argument('--hard-examples', type=Path, metavar='MODEL',
                        help='detector (ONNX, card beside it), an earlier one of this kind: what '
                             'it misses or takes for a face is shown more often')
    parser.add_argument('--workers', type=int, default=2,
                        help='processes that prepare pictures; 0: none beside the training')
    parser.add_argument('--steps', type=int, help="instead of the preset's")
    options = parser.parse_args(argv)
    if (options.faces is None) != (options.teacher is None):
        parser.error('--faces and --teacher go together')
    config = read_preset(options, steps=options.steps)
    pictures = load_face_pictures(options.data, 'train')
    print(f'{len(pictures)} pictures, {sum(len(p.boxes) for p in pictures)} faces')
    if options.hard_examples:
        pictures = with_hard_places(pictures, load_face_detector(
            options.hard_examples, score_threshold=LOWEST_SCORE, min_face_size=SMALLEST))
        print(f'{sum(len(p.hard) for p in pictures)} hard places')
    crops = None
    if options.faces:
        crops = load_face_crops(options.faces, options.teacher, options.output / 'crops.npz')
        print(f'{len(crops.images)} faces to paste')
    trainer = (FaceRefinerTrainer if 'window' in config else FaceDetectorTrainer)(
        config, options.output)
    if options.weights:
        trainer.begin_with(options.weights)
    trainer.data = told_data(options.data, len(pictures), (p.boxes for p in pictures))
    trainer.run(pictures, crops, options.workers)
    print(trainer.outcome())
    return 0
