"""Smoothing by time and hysteresis: the same at every rate, with every edge."""

import numpy as np
import pytest

from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.smoothing import ExponentialSmoother
from fer_ros.perception.types import UNCERTAIN

LABELS = ('neutral', 'happy', 'sad')
NEUTRAL, HAPPY = np.array([0.9, 0.05, 0.05]), np.array([0.05, 0.9, 0.05])


def run(rate, time_constant=0.4):
    """Neutral for 2 s, then happy for 2 s; return when the state became happy."""
    smoother = ExponentialSmoother(time_constant)
    state = EmotionState(LABELS, StateConfig(0.5, 0.35, 0.4))
    for i in range(int(4 * rate)):
        t = 1e9 + i / rate
        raw = NEUTRAL if i < 2 * rate else HAPPY
        if state.update(smoother.update(raw, t), t) == 'happy':
            return t - 1e9
    return None


def test_same_state_at_every_rate():
    """5, 15, 30 and 60 Hz switch within one frame period of each other."""
    times = {rate: run(rate) for rate in (5, 15, 30, 60)}
    assert all(2.0 < t < 3.0 for t in times.values())
    for rate, t in times.items():
        assert abs(t - times[60]) <= 1 / rate + 1e-6


@pytest.mark.parametrize('probabilities', [
    [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]])
def test_smoother_stays_a_distribution(probabilities):
    """Zeros, ones and ties stay finite and sum to 1."""
    smoother = ExponentialSmoother(0.4)
    for i in range(5):
        value = smoother.update(np.array(probabilities), i / 10)
    assert value.sum() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(value, probabilities, atol=1e-3)


def test_smoother_edges():
    """Empty before the first frame; no time passing changes nothing; 0 turns it off."""
    smoother = ExponentialSmoother(0.4)
    assert smoother.value.shape == (0,)
    first = smoother.update(NEUTRAL, 1.0)
    np.testing.assert_array_equal(smoother.update(HAPPY, 1.0), first)
    off = ExponentialSmoother(0.0)
    off.update(NEUTRAL, 0.0)
    np.testing.assert_allclose(off.update(HAPPY, 0.0), HAPPY, atol=1e-6)
    with pytest.raises(ValueError, match='must be 0 or more'):
        ExponentialSmoother(-1.0)


@pytest.mark.parametrize('enter, leave, dwell, text', [
    (0.5, 0.5, 0.1, 'exit_threshold'), (0.3, 0.5, 0.1, 'exit_threshold'),
    (1.1, 0.5, 0.1, 'exceed 1'), (0.5, 0.0, 0.1, 'above 0'), (0.5, 0.3, -1, 'min_dwell')])
def test_contradicting_thresholds(enter, leave, dwell, text):
    """Values are checked together and named."""
    with pytest.raises(ValueError, match=text):
        StateConfig(enter, leave, dwell)


def test_state_needs_dwell_and_survives_a_short_burst():
    """A burst shorter than the dwell changes nothing."""
    state = EmotionState(LABELS, StateConfig(0.5, 0.35, 0.4))
    labels = [state.update(NEUTRAL, t / 10) for t in range(6)]
    assert labels == [UNCERTAIN] * 4 + ['neutral'] * 2
    assert [state.update(HAPPY, 0.6 + t / 10) for t in range(3)] == ['neutral'] * 3
    assert state.update(NEUTRAL, 0.9) == 'neutral'
    assert state.age(0.9) == pytest.approx(0.5)


def test_hysteresis_and_uncertain():
    """Between exit and enter the state holds; below exit it becomes uncertain after dwell."""
    state = EmotionState(LABELS, StateConfig(0.5, 0.35, 0.2))
    for t in range(5):
        state.update(NEUTRAL, t / 10)
    weak = np.array([0.4, 0.45, 0.15])
    assert all(state.update(weak, 0.5 + t / 10) == 'neutral' for t in range(10))
    nothing = np.array([0.33, 0.34, 0.33])
    labels = [state.update(nothing, 2.0 + t / 10) for t in range(4)]
    assert labels == ['neutral', 'neutral', UNCERTAIN, UNCERTAIN]
    assert state.confidence(nothing) == pytest.approx(0.34)
    assert state.confidence(np.empty(0)) == 0.0
