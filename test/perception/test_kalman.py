"""The box filter is the textbook's, written out."""

import numpy as np
import pytest

from fer_ros.perception import kalman


def matrices(axis):
    """Return mean and covariance of an axis as the textbook has them."""
    return (np.array([axis.place, axis.speed]),
            np.array([[axis.place_variance, axis.covariance],
                      [axis.covariance, axis.speed_variance]]))


@pytest.mark.parametrize('dt', [0.0, 1 / 30, 0.5, 2.5])
def test_prediction_and_correction_are_the_matrix_equations(dt):
    """Over a walk of ten noisy sights."""
    generator = np.random.default_rng(0)
    state = kalman.start((100.0, 80.0, 40.0, 50.0))
    reference = [matrices(axis) for axis in state.axes]
    for step in range(10):
        size = np.sqrt(state.box[2] * state.box[3])
        density = (kalman.ACCELERATION_STD * size) ** 2
        move = np.array([[1, dt], [0, 1]])
        noise = density * np.array([[dt ** 3 / 3, dt ** 2 / 2], [dt ** 2 / 2, dt]])
        state = state.predicted(dt)
        seen = tuple(np.array([100 + 7 * step, 80, 40, 50]) + generator.normal(0, 2, 4))
        error = (kalman.MEASUREMENT_STD * np.sqrt(seen[2] * seen[3])) ** 2
        for i, (mean, covariance) in enumerate(reference):
            mean, covariance = move @ mean, move @ covariance @ move.T + noise
            np.testing.assert_allclose(matrices(state.axes[i])[1], covariance, rtol=1e-9)
            gain = covariance[:, 0] / (covariance[0, 0] + error)
            reference[i] = (mean + gain * (seen[i] - mean[0]),
                            covariance - np.outer(gain, covariance[0]))
        state = state.corrected(seen)
        for axis, (mean, covariance) in zip(state.axes, reference):
            np.testing.assert_allclose(matrices(axis)[0], mean, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(matrices(axis)[1], covariance, rtol=1e-7, atol=1e-9)


def test_sizes_stay_above_a_pixel():
    """However fast a face seemed to shrink."""
    state = kalman.start((10.0, 10.0, 20.0, 20.0)).predicted(0.1)
    for size in (10.0, 5.0, 2.0):
        state = state.predicted(0.1).corrected((10.0, 10.0, size, size))
    assert state.predicted(2.5).box[2:] == (1.0, 1.0)


def test_who_stands_still_is_surer_of_his_place():
    """And nobody's certainty is negative."""
    state = kalman.start((10.0, 10.0, 20.0, 20.0))
    first = state.deviation
    for _ in range(50):
        state = state.predicted(1 / 30).corrected((10.0, 10.0, 20.0, 20.0))
    assert 0 < state.deviation < first < state.predicted(1.0).deviation
    assert state.velocity == pytest.approx((0, 0), abs=1e-9)
    moving = state.predicted(0.1).corrected((14.0, 12.0, 20.0, 20.0))
    assert moving.velocity[1] > 0 == moving.standing().velocity[1]
    assert moving.standing().velocity[0] == moving.velocity[0]
