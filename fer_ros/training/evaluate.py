"""``python -m fer_ros evaluate``: judge emotion networks, ours and others, by one measure."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS
from fer_ros.training.datasets import EmotionData, load_fer2013
from fer_ros.training.metrics import (
    bootstrap_interval,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    negative_log_likelihood,
)


@dataclass(frozen=True)
class Evaluation:
    """
    What a network reached against the FER+ majority.

    :param name: the network.
    :param labels: the emotions, order of the matrix.
    :param matrix: int (8, 8), truth in rows.
    :param probabilities: (N, 8) of the judged pictures; 0 for a label the model lacks.
    :param truth: int (N,).
    :param clear: bool (N,), where the majority holds more than half of the emotion votes (lone
        votes dropped), as Barsoum et al. 2016 count it.
    """

    name: str
    labels: tuple[str, ...]
    matrix: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray
    clear: np.ndarray

    def summary(self) -> dict[str, Any]:
        """Return the figures that a table shows."""
        correct = self.probabilities.argmax(1) == self.truth
        low, high = bootstrap_interval(correct)
        scores = class_scores(self.matrix)
        return {
            'data': 'FER+ majority of the FER2013 public test part',
            'pictures': int(len(self.truth)),
            'accuracy': round(float(correct.mean()), 4),
            'accuracy_95_percent': [round(low, 4), round(high, 4)],
            'pictures_with_clear_majority': int(self.clear.sum()),
            'accuracy_on_clear_majority': round(float(correct[self.clear].mean()), 4),
            'macro_f1': round(float(scores['f1'].mean()), 4),
            'ece_15_bins': round(
                expected_calibration_error(self.probabilities, self.truth), 4),
            'nll': round(negative_log_likelihood(self.probabilities, self.truth), 4),
            'recall': {label: round(float(value), 3)
                       for label, value in zip(self.labels, scores['recall'])}}


def evaluate_classifier(classifier: EmotionClassifier, data: EmotionData) -> Evaluation:
    """Judge a network on the pictures whose FER+ majority is an emotion."""
    data = data.subset(data.majority >= 0)
    width, height = classifier.card.input_size
    probabilities = np.zeros((len(data), len(EMOTIONS)), np.float32)
    columns = [EMOTIONS.index(label) for label in classifier.labels]
    for start in range(0, len(data), 256):
        crops = np.stack([
            image if image.shape == (height, width) else cv2.resize(image, (width, height))
            for image in data.images[start:start + 256]])
        if classifier.card.color != 'gray':
            crops = np.repeat(crops[..., None], 3, 3)
        probabilities[start:start + 256, columns] = classifier.classify(crops)[0]
    matrix = confusion_matrix(data.majority, probabilities.argmax(1), len(EMOTIONS))
    return Evaluation(classifier.card.name, EMOTIONS, matrix, probabilities, data.majority,
                      data.votes.max(1, initial=0) > 0.5)


def plot_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the confusion matrix, each row as shares of the truth."""
    from matplotlib.figure import Figure
    shares = evaluation.matrix / np.maximum(evaluation.matrix.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(6.4, 5.6), layout='constrained')
    axes = figure.subplots()
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, f'{100 * share:.0f}', ha='center', va='center',
                  color='white' if share > 0.5 else 'black')
    names = [f'{label} ({n})' for label, n in zip(evaluation.labels, evaluation.matrix.sum(1))]
    axes.set_xticks(range(len(names)), evaluation.labels, rotation=45, ha='right')
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel='predicted', ylabel='FER+ majority (pictures)',
             title=f'{evaluation.name}: share of each row [%]')
    figure.savefig(path, dpi=100)


def main(argv: list[str]) -> int:
    """Judge one or more ONNX models with model cards."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate', description='Judge emotion networks against the FER+ majority.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--data', type=Path, required=True, help='FER2013 with FER+ votes (npz)')
    parser.add_argument('--output', type=Path, default=Path('runs/evaluation'))
    parser.add_argument('models', nargs='*', default=None,
                        help='ONNX files with cards; none: the one in the package')
    options = parser.parse_args(argv)
    from fer_ros.resources import resource_path
    models = options.models or [resource_path('models/emotion.onnx')]
    _, public = load_fer2013(options.data)
    options.output.mkdir(parents=True, exist_ok=True)
    rows = {}
    print(f'{"model":28} {"accuracy":>8} {"clear":>8} {"macro F1":>8} {"ECE":>6} {"NLL":>6}')
    for model in models:
        evaluation = evaluate_classifier(EmotionClassifier(model), public)
        row = rows[evaluation.name] = evaluation.summary()
        plot_confusion(evaluation, options.output / f'confusion_{evaluation.name}.png')
        print(f'{evaluation.name:28} {row["accuracy"]:8.4f} '
              f'{row["accuracy_on_clear_majority"]:8.4f} {row["macro_f1"]:8.4f} '
              f'{row["ece_15_bins"]:6.4f} {row["nll"]:6.3f}')
    (options.output / 'evaluation.json').write_text(json.dumps(rows, indent=2), encoding='utf-8')
    print(f'written to {options.output}')
    return 0
