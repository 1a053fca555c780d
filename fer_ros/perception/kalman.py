"""
Constant-velocity Kalman filter of face boxes, for many faces at once, with true time steps.

Center x, center y, width and height are filtered independently: each has a mean
(position, velocity) and a 2x2 covariance. The noise scales with the face's size, so near and
far faces behave alike. Model: white noise acceleration, Bar-Shalom et al. 2001, Estimation
with Applications to Tracking and Navigation, section 6.2.2.
"""

from __future__ import annotations

import numpy as np

#: Standard deviation of a detected edge, as a share of the face size.
MEASUREMENT_STD = 0.05
#: Spectral density of the acceleration [face sizes / s^1.5]: a person who walks. Who turns at
#: once is found where the face was last seen (face_tracker.RECENT). From evaluate-tracker.
ACCELERATION_STD = 0.7
#: Unknown speed of a new face [face sizes / s].
INITIAL_SPEED_STD = 2.0


def start(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Start filters at rest.

    :param boxes: float (N, 4): center x, center y, width, height [px].
    :returns: means (N, 4, 2) [px, px/s] and covariances (N, 4, 2, 2).
    """
    mean = np.stack([boxes, np.zeros_like(boxes)], -1)
    size = _size(boxes)
    covariance = np.zeros((len(boxes), 4, 2, 2))
    covariance[..., 0, 0] = (MEASUREMENT_STD * size) ** 2
    covariance[..., 1, 1] = (INITIAL_SPEED_STD * size) ** 2
    return mean, covariance


def predict(
        mean: np.ndarray, covariance: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """
    Move filters forward in time.

    :param mean: (N, 4, 2).
    :param covariance: (N, 4, 2, 2).
    :param dt: time step [s], 0 or more.
    :returns: predicted means and covariances; sizes stay at 1 px or more.
    """
    density = (ACCELERATION_STD * _size(mean[..., 0])) ** 2
    transition = np.array([[1.0, dt], [0.0, 1.0]])
    noise = np.array([[dt ** 3 / 3, dt ** 2 / 2], [dt ** 2 / 2, dt]])
    mean = mean @ transition.T
    mean[:, 2:, 0] = np.maximum(mean[:, 2:, 0], 1.0)
    covariance = transition @ covariance @ transition.T + density[..., None, None] * noise
    return mean, covariance


def update(
        mean: np.ndarray, covariance: np.ndarray,
        boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Correct filters by what was measured.

    :param mean: (N, 4, 2).
    :param covariance: (N, 4, 2, 2).
    :param boxes: (N, 4) measured center x, center y, width, height [px].
    :returns: corrected means and covariances.
    """
    innovation_variance = covariance[..., 0, 0] + (MEASUREMENT_STD * _size(boxes)) ** 2
    gain = covariance[..., :, 0] / innovation_variance[..., None]
    mean = mean + gain * (boxes - mean[..., 0])[..., None]
    covariance = covariance - gain[..., :, None] * covariance[..., None, 0, :]
    return mean, covariance


def _size(boxes: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(boxes[:, 2:3] * boxes[:, 3:4], 1.0))
