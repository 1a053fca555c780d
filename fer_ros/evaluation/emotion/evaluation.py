"""One model, one set of pictures: every figure that tells how good and how honest it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.evaluation.emotion.metrics import (
    average_scores,
    brier_score,
    class_calibration_errors,
    class_scores,
    confusion_matrix,
    cross_entropy,
    expected_calibration_error,
    f1_interval,
    macro_f1_interval,
    share_interval,
)
from fer_ros.evaluation.emotion.robustness import robustness
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS, FER2013, GROUPINGS

_BATCH = 256


@dataclass(frozen=True)
class Evaluation:
    """
    What a model answers for N pictures whose majority vote is an emotion.

    :param name: of the model.
    :param data: the N pictures.
    :param probabilities: float32 (N, 8), order of EMOTIONS; 0 for a label the model lacks.
    :param fer2013: float (M, 7), answers to the FER2013 label, for the M pictures of
        ``fer2013_labels``.
    :param fer2013_labels: int (M,).
    :param robustness: kind -> accuracy on the pictures with a clear majority.
    :param cost: parameters, file size [bytes], time per face [ms].
    """

    name: str
    data: EmotionData
    probabilities: np.ndarray
    fer2013: np.ndarray
    fer2013_labels: np.ndarray
    robustness: dict[str, float] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)

    @property
    def correct(self) -> np.ndarray:
        """Where the first answer is the majority vote: bool (N,)."""
        return self.probabilities.argmax(1) == self.data.majority

    @property
    def matrix(self) -> np.ndarray:
        """Confusion matrix int (8, 8), truth in rows."""
        return confusion_matrix(
            self.data.majority, self.probabilities.argmax(1), len(EMOTIONS))

    @property
    def voted(self) -> bool:
        """Whether several people judged the pictures; own pictures have one label each."""
        return bool((self.data.votes.max(1, initial=0) < 1).any())

    @property
    def present(self) -> list[str]:
        """The emotions that the pictures show."""
        return [EMOTIONS[index] for index in np.unique(self.data.majority)]

    @property
    def unknown(self) -> list[str]:
        """The emotions among them that the model has no answer for."""
        return [label for label in self.present
                if not self.probabilities[:, EMOTIONS.index(label)].any()]

    def grouped(self, group: int) -> float:
        """
        Return the macro F1 in a coarser label set, over pictures whose emotion belongs to it.

        :param group: a key of :data:`~fer_ros.perception.labels.GROUPINGS`.
        """
        kept = [EMOTIONS.index(label) for label in GROUPINGS[group]]
        rows = np.isin(self.data.majority, kept)
        truth = np.searchsorted(np.sort(kept), self.data.majority[rows])
        answers = self.probabilities[rows][:, np.sort(kept)].argmax(1)
        return average_scores(confusion_matrix(truth, answers, len(kept)))['macro_f1']

    def summary(self) -> dict[str, Any]:
        """Return the figures, rounded, ready for JSON."""
        truth, clear = self.data.majority, self.data.clear
        scores = class_scores(self.matrix)
        figures: dict[str, Any] = {
            'pictures': len(truth), 'accuracy': float(self.correct.mean()),
            'accuracy_95_percent': share_interval(self.correct.sum(), len(truth)),
            'pictures_with_clear_majority': int(clear.sum()),
            'accuracy_on_clear_majority': _mean(self.correct[clear]),
            'accuracy_on_clear_majority_95_percent': share_interval(
                self.correct[clear].sum(), clear.sum()),
            **average_scores(self.matrix),
            'macro_f1_7_classes': self.grouped(7), 'macro_f1_3_classes': self.grouped(3),
            'fer2013_pictures': len(self.fer2013_labels),
            'fer2013_accuracy': _mean(self.fer2013.argmax(1) == self.fer2013_labels),
            'ece_15_bins': expected_calibration_error(self.probabilities, truth),
            'nll_of_votes': cross_entropy(self.probabilities, self.data.votes),
            'brier_of_votes': brier_score(self.probabilities, self.data.votes)}
        for name in ('precision', 'recall', 'f1'):
            figures[name] = dict(zip(EMOTIONS, scores[name]))
        figures['support'] = dict(zip(EMOTIONS, scores['support']))
        figures['calibration_error'] = dict(zip(
            EMOTIONS, class_calibration_errors(self.probabilities, truth)))
        figures['confusion'] = self.matrix.tolist()
        rounded: dict[str, Any] = _rounded(
            {**figures, 'robustness': self.robustness, 'cost': self.cost})
        return rounded


    def intervals(self) -> dict[str, Any]:
        """Return the 95 % intervals of recall and F1 of each emotion, and of the mean F1."""
        matrix = self.matrix
        places = {label: EMOTIONS.index(label) for label in self.present}
        rounded: dict[str, Any] = _rounded({
            'macro_f1_95_percent': macro_f1_interval(
                self.data.majority, self.probabilities.argmax(1), len(EMOTIONS)),
            'f1_95_percent': {label: f1_interval(matrix, i) for label, i in places.items()},
            'recall_95_percent': {label: share_interval(matrix[i, i], matrix[i].sum())
                                  for label, i in places.items()}})
        return rounded


def evaluate_classifier(classifier: EmotionClassifier, data: EmotionData,
                        thorough: bool = True) -> Evaluation:
    """
    Judge a model.

    :param classifier: any ONNX model with a card.
    :param data: pictures; those without a majority emotion only count for the FER2013 label.
    :param thorough: also measure robustness and time per face.
    :raises ValueError: if no picture has a majority emotion.
    """
    known = data.subset(data.majority >= 0)
    if len(known) == 0:
        raise ValueError('nothing to judge: no picture has an emotion as majority vote')
    labeled = data.subset((data.labels >= 0) & (data.labels < len(FER2013)))
    clear = known.subset(known.clear) if known.clear.any() else known

    def accuracy(images: np.ndarray) -> float:
        return float((probabilities_of(classifier, images).argmax(1) == clear.majority).mean())
    measured = {'clean': accuracy(clear.images), **robustness(
        accuracy, clear.images)} if thorough else {}
    return Evaluation(
        classifier.card.name, known, probabilities_of(classifier, known.images),
        fer2013_answers(classifier, labeled.images), labeled.labels, measured,
        cost_of(classifier, known.images[0]) if thorough else {})


def probabilities_of(classifier: EmotionClassifier, images: np.ndarray) -> np.ndarray:
    """
    Return calibrated probabilities in the order of EMOTIONS, 0 for labels a model lacks.

    :param images: uint8 (N, 48, 48).
    :returns: float32 (N, 8).
    """
    columns = [EMOTIONS.index(label) for label in classifier.labels]
    answers = np.zeros((len(images), len(EMOTIONS)), np.float32)
    for start in range(0, len(images), _BATCH):
        crops = crops_for(classifier, images[start:start + _BATCH])
        answers[start:start + _BATCH, columns] = classifier.classify(crops)[0]
    return answers


def fer2013_answers(classifier: EmotionClassifier, images: np.ndarray) -> np.ndarray:
    """
    Return a score for each FER2013 label: of the second head, if the model has one.

    :param images: uint8 (N, 48, 48).
    :returns: float32 (N, 7).
    """
    if 'fer2013_logits' not in classifier.outputs:
        columns = [EMOTIONS.index(label) for label in FER2013]
        return probabilities_of(classifier, images)[:, columns]
    parts = [classifier.output(crops_for(classifier, images[i:i + _BATCH]), 'fer2013_logits')
             for i in range(0, len(images), _BATCH)]
    return np.concatenate([np.empty((0, len(FER2013)), np.float32), *parts])


def crops_for(classifier: EmotionClassifier, images: np.ndarray) -> np.ndarray:
    """Give gray pictures (N, H, W) the size and channels that a model's card asks for."""
    width, height = classifier.card.input_size
    crops = images if images.shape[1:] == (height, width) else np.stack(
        [cv2.resize(image, (width, height)) for image in images])
    return crops if classifier.card.color == 'gray' else np.repeat(crops[..., None], 3, 3)


def cost_of(classifier: EmotionClassifier, image: np.ndarray, runs: int = 200) -> dict[str, float]:
    """Return the file's size and the median time of one face with preprocessing [ms]."""
    crop = crops_for(classifier, image[None])
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        classifier.classify(crop)
        times.append(time.perf_counter() - start)
    parameters = {'parameters': classifier.card.extra['parameters']} if (
        'parameters' in classifier.card.extra) else {}
    return {**parameters, 'bytes': classifier.card.path.stat().st_size,
            'milliseconds_per_face': 1e3 * float(np.median(times))}


def _mean(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else 0.0


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return round(float(value), 4)
    return int(value) if isinstance(value, np.integer) else value
