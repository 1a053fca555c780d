"""Smoothing by time and hysteresis: the same at every rate, with every edge."""

import numpy as np
import pytest

from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.smoothing import FILTERS, SmoothingConfig, make_filter
from fer_ros.perception.types import UNCERTAIN

LABELS = ('neutral', 'happy', 'sad')
NEUTRAL, HAPPY = np.array([0.9, 0.05, 0.05]), np.array([0.05, 0.9, 0.05])
MODEL = error_model({'confusion': [[80, 5, 15], [5, 90, 5], [30, 5, 65]]}, 3)


def made(kind='exponential', **changes):
    """Return a filter."""
    return make_filter(SmoothingConfig(kind, **changes), MODEL)


def run(rate, kind):
    """Neutral for 2 s, then happy for 2 s; return when the state became happy."""
    smoother = made(kind)
    state = EmotionState(LABELS, StateConfig(0.5, 0.35, 0.4))
    for i in range(int(4 * rate)):
        t = 1e9 + i / rate
        raw = NEUTRAL if i < 2 * rate else HAPPY
        if state.update(smoother.update(raw, t), t) == 'happy':
            return t - 1e9
    return None


@pytest.mark.parametrize('rate', [5, 30])
def test_the_first_frame_weighs_no_more_than_the_second(rate):
    """One bad frame at the start is half of the truth after two, a quarter after four."""
    filter_ = make_filter(SmoothingConfig(time=10.0), MODEL)
    bad, good = np.array([0.9, 0.1]), np.array([0.1, 0.9])
    filter_.update(bad, 0.0)
    assert filter_.update(good, 1 / rate) == pytest.approx([0.5, 0.5], abs=0.02)
    filter_.update(good, 2 / rate)
    odds = np.log(filter_.update(good, 3 / rate))
    assert odds[1] - odds[0] == pytest.approx(0.5 * np.log(9), rel=0.05)


@pytest.mark.parametrize('kind', FILTERS)
def test_same_state_at_every_rate(kind):
    """5, 15, 30 and 60 Hz switch within one frame period of each other."""
    times = {rate: run(rate, kind) for rate in (5, 15, 30, 60)}
    assert all(2.0 < t < 3.5 for t in times.values())
    for rate, t in times.items():
        assert abs(t - times[60]) <= 1 / rate + 1 / 60 + 1e-6


@pytest.mark.parametrize('kind', FILTERS)
@pytest.mark.parametrize('probabilities', [
    [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]])
def test_filters_stay_distributions(kind, probabilities):
    """Zeros, ones and ties stay finite and sum to 1."""
    smoother = made(kind)
    for i in range(5):
        value = smoother.update(np.array(probabilities), i / 10)
    assert value.sum() == pytest.approx(1.0, abs=1e-6)
    assert np.isfinite(value).all() and (value >= 0).all()
    assert value[np.argmax(probabilities)] == value.max()


@pytest.mark.parametrize('kind', FILTERS)
def test_filter_edges(kind):
    """Empty before the first frame; nothing to forget; 0 turns it off; no jump in no time."""
    smoother = made(kind)
    assert smoother.value.shape == smoother.forget(1.0).shape == (0,)
    first = smoother.update(NEUTRAL, 1.0)
    again = smoother.update(HAPPY, 1.0)
    if kind != 'majority':  # a vote counts whenever it comes
        np.testing.assert_allclose(again, first, atol=1e-6)
    off = made(kind, time=0.0)
    off.update(NEUTRAL, 0.0)
    assert off.update(HAPPY, 0.0).argmax() == 1


def test_exponential_filter_turned_off_changes_nothing():
    """What comes in goes out."""
    off = made(time=0.0)
    off.update(NEUTRAL, 0.0)
    np.testing.assert_allclose(off.update(HAPPY, 0.0), HAPPY, atol=1e-6)


@pytest.mark.parametrize('kind', ['exponential', 'hmm'])
def test_untrusted_frames_weigh_less(kind):
    """A frame of weight 0 changes nothing that time alone does not; half lies between."""
    values = []
    for weight in (0.0, 0.5, 1.0):
        smoother = made(kind, transition_rate=0.0)
        smoother.update(NEUTRAL, 0.0)
        values.append(smoother.update(HAPPY, 0.2, weight)[1])
    start = made(kind).update(NEUTRAL, 0.0)[1]
    assert values[0] == pytest.approx(float(start), abs=1e-6)
    assert values[0] < values[1] < values[2]


@pytest.mark.parametrize('kind', FILTERS)
def test_gaps_widen_to_the_prior(kind):
    """After one time constant a third is left, whatever the rate; in the end only the prior."""
    by_rate = []
    for steps in (1, 10):
        smoother = made(kind, forget_time=2.0)
        smoother.update(HAPPY, 0.0)
        for i in range(steps):
            value = smoother.forget(2.0 * (i + 1) / steps)
        by_rate.append(value)
    np.testing.assert_allclose(by_rate[0], by_rate[1], atol=1e-6)
    start = made(kind).update(HAPPY, 0.0)
    np.testing.assert_allclose(
        by_rate[0], np.exp(-1) * start + (1 - np.exp(-1)) * MODEL.prior, atol=1e-6)
    np.testing.assert_allclose(smoother.forget(1e3), MODEL.prior, atol=1e-6)


def test_the_hmm_knows_the_classifier_s_errors():
    """'Sad' is often a mistake for neutral: one look at it convinces less than one at happy."""
    sad = made('hmm').update(np.array([0.05, 0.05, 0.9]), 0.0)[2]
    happy = made('hmm').update(HAPPY, 0.0)[1]
    assert sad < happy


def test_the_hmm_by_hand():
    """Two frames, half a look apart, against the formula."""
    smoother = made('hmm', time=0.4, transition_rate=0.5)
    first = MODEL.prior * (MODEL.answers @ NEUTRAL)
    np.testing.assert_allclose(smoother.update(NEUTRAL, 0.0), first / first.sum(), atol=1e-6)
    keep = np.exp(-0.5 * 0.2)
    second = (keep * first / first.sum() + (1 - keep) * MODEL.prior) * (
        MODEL.answers @ HAPPY) ** 0.5
    np.testing.assert_allclose(smoother.update(HAPPY, 0.2), second / second.sum(), atol=1e-6)


def test_another_filter_goes_on():
    """Changing the kind keeps the value."""
    old = made()
    old.update(HAPPY, 3.0)
    new = made('hmm').continue_from(old)
    np.testing.assert_allclose(new.value, old.value)


@pytest.mark.parametrize('changes, text', [
    ({'kind': 'kalman'}, 'exponential, hmm, majority'), ({'time': -1.0}, 'time is -1'),
    ({'transition_rate': float('nan')}, 'transition_rate'), ({'forget_time': -0.1}, 'forget')])
def test_bad_smoothing(changes, text):
    """The value and what is allowed."""
    with pytest.raises(ValueError, match=text):
        SmoothingConfig(**changes)


def test_error_model():
    """From counts; without them all alike."""
    np.testing.assert_allclose(MODEL.answers.sum(1), 1)
    assert MODEL.prior.sum() == pytest.approx(1)
    assert MODEL.answers[2, 0] == pytest.approx(31 / 103)
    plain = error_model({}, 4)
    np.testing.assert_allclose(plain.prior, 0.25)
    np.testing.assert_allclose(plain.answers.sum(1), 1)


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
