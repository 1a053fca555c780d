"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from fer_ros.evaluation.emotion.metrics import (
    average_scores,
    bootstrap_interval,
    brier_score,
    class_calibration_errors,
    class_scores,
    confusion_matrix,
    cross_entropy,
    expected_calibration_error,
    fit_temperature,
    reliability_bins,
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
    assert cross_entropy(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])) == pytest.approx(
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


def test_averages():
    """Over the classes that have pictures; micro is the share of right answers."""
    averages = average_scores(np.array([[1, 1, 0], [1, 2, 0], [0, 0, 0]]))
    assert averages['macro_recall'] == pytest.approx((0.5 + 2 / 3) / 2)
    assert averages['micro_f1'] == pytest.approx(0.6)
    assert average_scores(np.zeros((2, 2), int))['macro_f1'] == 0


@pytest.mark.parametrize('confidence, expected', [
    ([], [0, 0]), ([0.0, 0.49], [2, 0]), ([0.5, 1.0], [0, 2])])
def test_reliability_bins(confidence, expected):
    """Both borders belong to a bin."""
    bins = reliability_bins(np.array(confidence), np.ones(len(confidence), bool), 2)
    assert bins['count'].tolist() == expected


def test_class_calibration():
    """One class is 0.8 sure and always right: off by 0.2; the other one likewise."""
    errors = class_calibration_errors(np.tile([0.8, 0.2], (10, 1)), np.zeros(10, int))
    np.testing.assert_allclose(errors, [0.2, 0.2])
    assert class_calibration_errors(np.empty((0, 2)), np.empty(0, int)).tolist() == [0, 0]


def test_scores_against_votes():
    """Equal distributions: Brier 0 and the entropy; nothing to judge: 0."""
    votes = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert brier_score(votes, votes) == 0
    assert brier_score(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])) == 2
    entropy = -(0.5 * np.log(0.5) * 2 + 0.25 * np.log(0.25) + 0.75 * np.log(0.75)) / 2
    assert cross_entropy(votes, votes) == pytest.approx(entropy)
    assert brier_score(np.empty((0, 2)), np.empty((0, 2))) == 0
    assert cross_entropy(np.empty((0, 2)), np.empty((0, 2))) == 0
