"""
Constant-velocity Kalman filter of a face box, with true time steps.

Center x, center y, width and height are filtered independently: each has a mean
(position, velocity) and a 2x2 covariance. The noise scales with the face's size, so near and
far faces behave alike. Model: white noise acceleration, Bar-Shalom et al. 2001, Estimation
with Applications to Tracking and Navigation, section 6.2.2.

Plain floats: there are a few faces, and an array of four numbers costs more than its sums.
"""

from __future__ import annotations

import math
from typing import NamedTuple

#: Center x, center y, width, height [px].
Box = tuple[float, float, float, float]

#: Standard deviation of a detected edge, as a share of the face size.
MEASUREMENT_STD = 0.05
#: Spectral density of the acceleration [face sizes / s^1.5]: a person who walks. Who turns at
#: once is found where the face was last seen (face_tracker.RECENT). From evaluate-tracker.
ACCELERATION_STD = 0.7
#: Unknown speed of a new face [face sizes / s].
INITIAL_SPEED_STD = 2.0


class Axis(NamedTuple):
    """Mean and covariance of one of the four: place [px], speed [px/s]."""

    place: float
    speed: float
    place_variance: float
    covariance: float
    speed_variance: float


class BoxFilter(NamedTuple):
    """
    What is known of a face's box at one moment; its methods return that of another.

    :param axes: of center x, center y, width and height.
    """

    axes: tuple[Axis, ...]

    @property
    def box(self) -> Box:
        """Where the face is, most likely."""
        x, y, width, height = (axis.place for axis in self.axes)
        return x, y, width, height

    @property
    def velocity(self) -> tuple[float, float]:
        """Of the center [px/s]."""
        return self.axes[0].speed, self.axes[1].speed

    @property
    def deviation(self) -> float:
        """Standard deviation of the center [px], of the worse axis."""
        return math.sqrt(max(self.axes[0].place_variance, self.axes[1].place_variance))

    def predicted(self, dt: float) -> BoxFilter:
        """
        Return what is known a while later; sizes stay at 1 px or more.

        :param dt: [s], 0 or more.
        """
        density = (ACCELERATION_STD * _size(self.box)) ** 2
        noise = density * dt ** 3 / 3, density * dt ** 2 / 2, density * dt
        return BoxFilter(tuple(Axis(
            max(place + speed * dt, 1.0) if i >= 2 else place + speed * dt, speed,
            variance + dt * (2 * shared + dt * fast) + noise[0],
            shared + dt * fast + noise[1], fast + noise[2])
            for i, (place, speed, variance, shared, fast) in enumerate(self.axes)))

    def corrected(self, box: Box) -> BoxFilter:
        """Return what is known once the face was seen at a place."""
        error = (MEASUREMENT_STD * _size(box)) ** 2
        return BoxFilter(tuple(
            _seen(axis, seen, error) for axis, seen in zip(self.axes, box)))

    def standing(self) -> BoxFilter:
        """Return it with bobbing heads and noisy sizes at rest: only center x moves on."""
        return BoxFilter((self.axes[0], *(axis._replace(speed=0.0) for axis in self.axes[1:])))


def start(box: Box) -> BoxFilter:
    """Return the filter of a face that was seen once, at rest."""
    size = _size(box)
    variance, fast = (MEASUREMENT_STD * size) ** 2, (INITIAL_SPEED_STD * size) ** 2
    return BoxFilter(tuple(Axis(place, 0.0, variance, 0.0, fast) for place in box))


def _seen(axis: Axis, place: float, error: float) -> Axis:
    certainty = axis.place_variance + error
    gain, speed_gain = axis.place_variance / certainty, axis.covariance / certainty
    innovation = place - axis.place
    return Axis(axis.place + gain * innovation, axis.speed + speed_gain * innovation,
                 axis.place_variance * (1 - gain), axis.covariance * (1 - gain),
                 axis.speed_variance - speed_gain * axis.covariance)


def _size(box: Box) -> float:
    return math.sqrt(max(box[2] * box[3], 1.0))
