"""How good and how honest a classifier is; NumPy only."""

from __future__ import annotations

import numpy as np


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """
    Count truth (rows) against prediction (columns).

    :param truth: int (N,), 0..classes-1.
    :param predicted: int (N,), likewise.
    :returns: int64 (classes, classes).
    """
    flat = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def class_scores(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """
    Return precision, recall, F1 and support of every class; 0 where undefined.

    :param matrix: (C, C) of :func:`confusion_matrix`.
    """
    hits = np.diag(matrix).astype(float)
    support, predicted = matrix.sum(1), matrix.sum(0)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, support, out=np.zeros_like(hits), where=support > 0)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(hits), where=total > 0)
    return {'precision': precision, 'recall': recall, 'f1': f1, 'support': support}


def average_scores(matrix: np.ndarray) -> dict[str, float]:
    """
    Return precision, recall and F1 averaged over classes (macro) and over pictures (micro).

    Classes without a picture do not count. Micro precision, recall and F1 are all equal to the
    accuracy where every picture has one label and one answer, as here.

    :param matrix: (C, C) of :func:`confusion_matrix`.
    """
    scores = class_scores(matrix)
    present = scores['support'] > 0
    averages = {f'macro_{name}': float(scores[name][present].mean()) if present.any() else 0.0
                for name in ('precision', 'recall', 'f1')}
    return {**averages, 'micro_f1': float(np.trace(matrix) / max(matrix.sum(), 1))}


def reliability_bins(
        confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> dict[str, np.ndarray]:
    """
    Sort answers by confidence into bins of equal width.

    :param confidence: (N,), 0..1.
    :param correct: bool (N,).
    :param bins: their number.
    :returns: ``count``, mean ``confidence`` and ``accuracy`` (both 0 where empty), each (bins,).
    """
    bin_of = np.clip((np.asarray(confidence) * bins).astype(int), 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    means = [np.bincount(bin_of, weights=values, minlength=bins) / count.clip(1)
             for values in (confidence, correct)]
    return {'count': count, 'confidence': means[0], 'accuracy': means[1]}


def expected_calibration_error(
        probabilities: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """
    Return the expected calibration error (Guo et al. 2017, arXiv 1706.04599).

    :param probabilities: (N, C).
    :param truth: int (N,).
    :param bins: equal-width bins of the confidence.
    """
    if len(truth) == 0:
        return 0.0
    return _gap(reliability_bins(probabilities.max(1), probabilities.argmax(1) == truth, bins))


def class_calibration_errors(
        probabilities: np.ndarray, truth: np.ndarray, bins: int = 15) -> np.ndarray:
    """
    Return the calibration error of each class's probability, right or not the first answer
    (static calibration error, Nixon et al. 2019, arXiv 1904.01685, per class).

    :returns: float (C,).
    """
    if len(truth) == 0:
        return np.zeros(probabilities.shape[1])
    return np.array([_gap(reliability_bins(probabilities[:, c], truth == c, bins))
                     for c in range(probabilities.shape[1])])


def _gap(bins: dict[str, np.ndarray]) -> float:
    gaps = np.abs(bins['accuracy'] - bins['confidence'])
    return float((bins['count'] * gaps).sum() / max(bins['count'].sum(), 1))


def brier_score(probabilities: np.ndarray, distribution: np.ndarray) -> float:
    """
    Return the mean squared distance to the true distribution, summed over classes (Brier 1950).

    :param probabilities: (N, C).
    :param distribution: (N, C), one-hot labels or shares of votes.
    """
    return float(((probabilities - distribution) ** 2).sum(1).mean()) if len(
        probabilities) else 0.0


def cross_entropy(probabilities: np.ndarray, distribution: np.ndarray) -> float:
    """
    Return the mean negative log likelihood of a distribution of labels.

    :param probabilities: (N, C).
    :param distribution: (N, C), one-hot labels or shares of votes.
    """
    logarithm = np.log(np.maximum(probabilities, 1e-12))
    return float(-(distribution * logarithm).sum(1).mean()) if len(probabilities) else 0.0


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """
    Return the temperature with the least negative log likelihood (Guo et al. 2017).

    :param logits: float (N, C).
    :param truth: int (N,).
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        log_p = scaled - np.log(np.exp(scaled).sum(1, keepdims=True))
        return float(-log_p[np.arange(len(truth)), truth].mean())
    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method='bounded').x))


def share_interval(right: int, total: int) -> tuple[float, float]:
    """
    Return the 95 % confidence interval of a share (Wilson 1927), which holds for few pictures
    too: ten right ones of ten are no proof of 100 %.

    :param right: how many are.
    :param total: of how many; of none nothing is known.
    """
    from scipy.stats import binomtest  # takes a second
    if total == 0:
        return 0.0, 1.0
    interval = binomtest(int(right), int(total)).proportion_ci(method='wilson')
    return float(interval.low), float(interval.high)


def f1_interval(matrix: np.ndarray, label: int) -> tuple[float, float]:
    """
    Return the 95 % confidence interval of a class's F1.

    Of the pictures that are of the class or taken for it, a share F* is both; F1 = 2 F* / (1 +
    F*) (Hand, Christen and Kirielle 2021, Machine Learning 110).

    :param matrix: (C, C) of :func:`confusion_matrix`.
    :param label: the class.
    """
    hits = matrix[label, label]
    low, high = share_interval(hits, matrix[label].sum() + matrix[:, label].sum() - hits)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def macro_f1_interval(truth: np.ndarray, predicted: np.ndarray, classes: int, samples: int = 500,
                      seed: int = 0) -> tuple[float, float]:
    """
    Return the 95 % confidence interval of the mean F1 (percentile bootstrap over the pictures).

    :param truth: int (N,), 0..classes-1.
    :param predicted: int (N,), likewise.
    """
    generator = np.random.default_rng(seed)
    means = []
    for _ in range(samples):
        rows = generator.integers(0, len(truth), len(truth))
        means.append(average_scores(
            confusion_matrix(truth[rows], predicted[rows], classes))['macro_f1'])
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
