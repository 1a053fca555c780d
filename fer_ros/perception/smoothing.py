"""Smooth probabilities by time, so that the frame rate does not matter."""

from __future__ import annotations

import math

import numpy as np

_FLOOR = 1e-4


class ExponentialSmoother:
    """
    First-order low pass on log-probabilities.

    ``l += (1 - exp(-dt / tau)) * (log p - l)``, then a softmax. Averaging logarithms (the
    geometric mean) lets one confident wrong frame weigh less than averaging probabilities.

    :param time_constant: tau [s]; 0 turns the filter off.
    """

    def __init__(self, time_constant: float) -> None:
        if not time_constant >= 0:
            raise ValueError(f'time_constant is {time_constant} s, must be 0 or more')
        self.time_constant = time_constant
        self._log: np.ndarray | None = None
        self._stamp = 0.0

    def update(self, probabilities: np.ndarray, stamp: float) -> np.ndarray:
        """
        Take one frame.

        :param probabilities: (L,), sums to 1.
        :param stamp: time of the frame [s], not before the last one's.
        :returns: float32 (L,), smoothed, sums to 1.
        """
        values = np.log(np.maximum(np.asarray(probabilities, np.float64), _FLOOR))
        if self._log is None or self.time_constant == 0:
            self._log = values
        else:
            gain = -math.expm1(-max(stamp - self._stamp, 0.0) / self.time_constant)
            self._log = self._log + gain * (values - self._log)
        self._stamp = stamp
        return self.value

    @property
    def value(self) -> np.ndarray:
        """The smoothed probabilities, float32 (L,); empty before the first frame."""
        if self._log is None:
            return np.empty(0, np.float32)
        exponential = np.exp(self._log - self._log.max())
        return (exponential / exponential.sum()).astype(np.float32)
