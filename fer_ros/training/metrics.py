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
    confidence = probabilities.max(1)
    correct = probabilities.argmax(1) == truth
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for i in range(bins):
        inside = bin_of == i
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


def negative_log_likelihood(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean -log of the true class's probability."""
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean()) if len(truth) else 0.0


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


def bootstrap_interval(
        correct: np.ndarray, samples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % confidence interval of a mean by the percentile bootstrap."""
    generator = np.random.default_rng(seed)
    means = correct[generator.integers(0, len(correct), (samples, len(correct)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
