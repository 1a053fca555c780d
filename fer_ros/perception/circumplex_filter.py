"""Valence and arousal that a network tells itself, smoothed by time as the probabilities are."""

from __future__ import annotations

import math

import numpy as np

from fer_ros.perception.smoothing import SmoothingConfig


class CircumplexFilter:
    """
    First-order low pass ``v += g / W (x - v)`` with ``g = 1 - exp(-w dt / tau)``.

    ``W``, the weight of all frames so far, corrects the start, see
    :class:`~fer_ros.perception.smoothing.ExponentialFilter`; ``tau`` is the filter's ``time``,
    whatever its kind, for there are no classes here to vote or to be confused.

    :param rest: valence and arousal of what faces show on average, -1..1.
    """

    def __init__(self, rest: tuple[float, float]) -> None:
        self._rest = rest
        self._value: np.ndarray | None = None
        self._stamp, self._total, self._first_weight = 0.0, 1.0, 0.0

    @property
    def value(self) -> tuple[float, float] | None:
        """Valence and arousal, -1..1; None before the first frame."""
        return None if self._value is None else (float(self._value[0]), float(self._value[1]))

    def update(self, values: np.ndarray, stamp: float, weight: float,
               config: SmoothingConfig) -> None:
        """
        Take one frame.

        :param values: (2,), -1..1.
        :param stamp: time of the frame [s], not before the last one's.
        :param weight: trust in this frame, 0..1.
        """
        frame, passed = np.asarray(values, np.float64), max(stamp - self._stamp, 0.0)
        if self._value is None or config.time == 0:
            self._value, self._total, self._first_weight = frame, 0.0, weight
        else:
            if self._total == 0.0:  # the first frame stands for as long as the step after it
                self._total = -math.expm1(-self._first_weight * passed / config.time)
            gain = -math.expm1(-weight * passed / config.time)
            self._total += gain * (1 - self._total)
            if gain > 0:
                self._value = self._value + gain / self._total * (frame - self._value)
        self._stamp = stamp

    def forget(self, stamp: float, config: SmoothingConfig) -> None:
        """Let time pass with a frame that could not be judged: the value returns to the rest."""
        if self._value is None:
            return
        passed = max(stamp - self._stamp, 0.0)
        keep = math.exp(-passed / config.forget_time) if config.forget_time else 0.0
        self._value, self._stamp = keep * self._value + (1 - keep) * np.array(self._rest), stamp
