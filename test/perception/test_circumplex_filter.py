"""Valence and arousal from a network: smoothed by time as the probabilities are."""

import numpy as np
import pytest

from fer_ros.perception.circumplex_filter import CircumplexFilter
from fer_ros.perception.smoothing import SmoothingConfig

CONFIG = SmoothingConfig(time=0.3, forget_time=2.0)
LOW, HIGH = np.array([-1.0, 0.0], np.float32), np.array([1.0, 0.5], np.float32)


def after(rate, seconds=0.6, weight=1.0, config=CONFIG):
    """Return the value after a face that showed LOW for a second has shown HIGH for a while."""
    smoother = CircumplexFilter((0.0, 0.0))
    for i in range(round(rate) + 1):
        smoother.update(LOW, i / rate, weight, config)
    for i in range(1, round(seconds * rate) + 1):
        smoother.update(HIGH, 1 + i / rate, weight, config)
    return smoother.value


def test_the_frame_rate_does_not_matter():
    """Two time constants on: most of the way, the same at 5, 15 and 30 Hz."""
    values = np.array([after(rate) for rate in (5, 15, 30)])
    assert np.ptp(values, 0).max() < 0.1
    assert (values[:, 0] > 0.6).all() and (values[:, 0] < 0.9).all()


def test_the_first_frame_weighs_no_more_than_the_second():
    smoother = CircumplexFilter((0.0, 0.0))
    smoother.update(LOW, 0.0, 1.0, CONFIG)
    assert smoother.value == (-1.0, 0.0)
    smoother.update(HIGH, 0.1, 1.0, CONFIG)
    assert smoother.value == pytest.approx((0.16, 0.29), abs=0.05)


def test_off_at_once_and_untrusted():
    """Time 0 turns it off; no time passed changes nothing; half trusted frames weigh less."""
    assert after(10, 0.1, config=SmoothingConfig(time=0.0)) == (1.0, 0.5)
    smoother = CircumplexFilter((0.0, 0.0))
    for values in (LOW, HIGH):
        smoother.update(values, 0.0, 1.0, CONFIG)
    assert smoother.value == (-1.0, 0.0)
    assert after(10, weight=0.0)[0] < after(10, weight=0.5)[0] < after(10)[0]


def test_it_returns_to_the_rest_while_nothing_is_seen():
    smoother = CircumplexFilter((0.2, 0.1))
    smoother.forget(1.0, CONFIG)
    assert smoother.value is None
    smoother.update(HIGH, 1.0, 1.0, CONFIG)
    for i in range(10):
        smoother.forget(1.2 + i / 5, CONFIG)
    third = np.exp(-1)
    assert smoother.value == pytest.approx((0.2 + 0.8 * third, 0.1 + 0.4 * third), abs=1e-6)
    smoother.forget(2.0, SmoothingConfig(forget_time=0.0))
    assert smoother.value == pytest.approx((0.2, 0.1))
