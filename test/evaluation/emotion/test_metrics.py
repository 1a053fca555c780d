"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from fer_ros.evaluation.emotion.metrics import (
    average_scores,
    brier_score,
    class_calibration_errors,
    class_scores,
    confusion_matrix,
    cross_entropy,
    expected_calibration_error,
    f1_interval,
    fit_temperature,
    macro_f1_interval,
    reliability_bins,
    share_interval,
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


def test_share_interval():
    """It holds the mean, narrows with more data, and few right answers prove little."""
    small, large = share_interval(50, 100), share_interval(5000, 10000)
    assert small[0] < 0.5 < small[1]
    assert large[1] - large[0] < small[1] - small[0]
    assert share_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert share_interval(0, 0) == (0, 1)


def test_f1_intervals():
    """They hold the F1, also of the mean; all right of few proves little."""
    truth = np.tile([0, 1, 1, 3], 20)
    predicted = np.where(np.arange(80) % 7 == 0, 0, truth)
    matrix = confusion_matrix(truth, predicted, 4)
    f1 = class_scores(matrix)['f1']
    for label in (0, 1, 3):
        low, high = f1_interval(matrix, label)
        assert low < f1[label] < high
    low, high = macro_f1_interval(truth, predicted, 4)
    assert low < average_scores(matrix)['macro_f1'] < high
    assert f1_interval(np.diag([3, 0]), 0)[0] < 0.7 and f1_interval(np.diag([3, 0]), 1) == (0, 1)


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
