"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from fer_ros.training.metrics import (
    bootstrap_interval,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)


def test_confusion_and_scores():
    """Three classes, one of them never predicted, one without truth."""
    matrix = confusion_matrix(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0]), 3)
    assert matrix.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 0]]
    scores = class_scores(matrix)
    np.testing.assert_allclose(scores['precision'], [0.5, 2 / 3, 0])
    np.testing.assert_allclose(scores['recall'], [0.5, 2 / 3, 0])
    np.testing.assert_allclose(scores['f1'], [0.5, 2 / 3, 0])
    assert confusion_matrix(np.empty(0, int), np.empty(0, int), 2).sum() == 0


def test_calibration_error():
    """Sure and right: 0; sure and wrong: 1; 60 % sure, half right: 0.1; no data: 0."""
    sure = np.array([[1.0, 0.0]] * 4)
    assert expected_calibration_error(sure, np.zeros(4, int)) == 0
    assert expected_calibration_error(sure, np.ones(4, int)) == 1
    weak = np.array([[0.6, 0.4]] * 4)
    assert expected_calibration_error(weak, np.array([0, 0, 1, 1])) == pytest.approx(0.1)
    assert expected_calibration_error(np.empty((0, 2)), np.empty(0, int)) == 0


def test_likelihood_and_temperature():
    """Logits that are three times too sure get temperature 3."""
    assert negative_log_likelihood(np.array([[0.5, 0.5]]), np.array([0])) == pytest.approx(
        np.log(2))
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (20000, 4))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = (p.cumsum(1) > generator.random((len(p), 1))).argmax(1)
    assert fit_temperature(3 * logits, truth) == pytest.approx(3.0, rel=0.05)


def test_bootstrap():
    """The interval holds the mean and narrows with more data."""
    small = bootstrap_interval(np.arange(100) % 2 == 0)
    large = bootstrap_interval(np.arange(10000) % 2 == 0)
    assert small[0] < 0.5 < small[1]
    assert large[1] - large[0] < small[1] - small[0]
