"""Smooth probabilities by time, so that the frame rate does not matter: three filters."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_ros.perception.error_model import ErrorModel

_FLOOR = 1e-4


@dataclass(frozen=True)
class SmoothingConfig:
    """
    :param kind: one of :data:`FILTERS`.
    :param time: [s] exponential: time constant; hmm: how long frames count as one look;
        majority: length of the window. 0 turns the filter off.
    :param transition_rate: how often a face is expected to change its emotion [1/s] (hmm).
    :param forget_time: time constant with which the value returns to what faces show on
        average while no frame can be classified [s].
    """

    kind: str = 'exponential'
    time: float = 0.3
    transition_rate: float = 0.2
    forget_time: float = 5.0

    def __post_init__(self) -> None:
        """:raises ValueError: for an unknown kind or a negative number; names it."""
        if self.kind not in FILTERS:
            raise ValueError(f"filter is '{self.kind}', allowed: {', '.join(FILTERS)}")
        for name in ('time', 'transition_rate', 'forget_time'):
            if not getattr(self, name) >= 0:
                raise ValueError(f'{name} is {getattr(self, name)}, must be 0 or more')


class ProbabilityFilter:
    """
    What the filters have in common: a value, the time it is of, and forgetting.

    :param config: times and rates; may be replaced while running.
    :param model: prior of the emotions, errors of the classifier.
    """

    def __init__(self, config: SmoothingConfig, model: ErrorModel) -> None:
        self.config, self.model = config, model
        self._value: np.ndarray | None = None
        self._stamp = 0.0

    @property
    def value(self) -> np.ndarray:
        """The smoothed probabilities, float32 (L,); empty before the first frame."""
        if self._value is None:
            return np.empty(0, np.float32)
        return self._value.astype(np.float32)

    def update(self, probabilities: np.ndarray, stamp: float, weight: float = 1.0) -> np.ndarray:
        """
        Take one frame.

        :param probabilities: (L,), sums to 1.
        :param stamp: time of the frame [s], not before the last one's.
        :param weight: trust in this frame, 0..1.
        :returns: float32 (L,), smoothed, sums to 1.
        """
        frame = np.asarray(probabilities, np.float64)
        passed = max(stamp - self._stamp, 0.0)
        if self._value is None or self.config.time == 0:
            value = self._first(frame, stamp, weight)
        else:
            value = self._next(self._value, frame, stamp, passed, weight)
        self._value, self._stamp = value / value.sum(), stamp
        return self.value

    def forget(self, stamp: float) -> np.ndarray:
        """
        Let time pass with a frame that could not be classified: the value widens to the prior.

        :returns: float32 (L,), empty before the first classified frame.
        """
        if self._value is not None:
            passed = max(stamp - self._stamp, 0.0)
            keep = math.exp(-passed / self.config.forget_time) if self.config.forget_time else 0.0
            self._value = keep * self._value + (1 - keep) * self.model.prior
            self._stamp = stamp
        return self.value

    def continue_from(self, other: ProbabilityFilter) -> ProbabilityFilter:
        """Take over another filter's value: the kind was changed while running."""
        self._value, self._stamp = other._value, other._stamp
        return self

    def _first(self, frame: np.ndarray, stamp: float, weight: float) -> np.ndarray:
        return np.maximum(frame, _FLOOR)

    def _next(self, value: np.ndarray, frame: np.ndarray, stamp: float, passed: float,
              weight: float) -> np.ndarray:
        raise NotImplementedError


class ExponentialFilter(ProbabilityFilter):
    """
    First-order low pass on log-probabilities.

    ``l += g / W (log p - l)`` with ``g = 1 - exp(-w dt / tau)``, then a softmax. Averaging
    logarithms (the geometric mean) lets one confident wrong frame weigh less than averaging
    probabilities. ``W``, the weight of all frames so far, corrects the start as in Adam (Kingma
    and Ba 2015, arXiv 1412.6980, section 3): the first frame weighs no more than the second.
    """

    def __init__(self, config: SmoothingConfig, model: ErrorModel) -> None:
        super().__init__(config, model)
        self._total = 1.0
        self._first_weight: float | None = None

    def _first(self, frame: np.ndarray, stamp: float, weight: float) -> np.ndarray:
        self._first_weight = weight
        return super()._first(frame, stamp, weight)

    def _next(self, value: np.ndarray, frame: np.ndarray, stamp: float, passed: float,
              weight: float) -> np.ndarray:
        if self._first_weight is not None:  # it stands for as long as the step after it
            self._total = -math.expm1(-self._first_weight * passed / self.config.time)
            self._first_weight = None
        gain = -math.expm1(-weight * passed / self.config.time)
        self._total += gain * (1 - self._total)
        old = np.log(np.maximum(value, _FLOOR))
        share = gain / self._total if gain > 0 else 0.0
        mixed = old + share * (np.log(np.maximum(frame, _FLOOR)) - old)
        return np.exp(mixed - mixed.max())


class HmmFilter(ProbabilityFilter):
    """
    Forward filter of a hidden Markov model (Rabiner 1989, 10.1109/5.18626).

    The hidden state is the emotion; it jumps to one drawn from the prior ``transition_rate``
    times a second. A frame's likelihood is taken from the classifier's own confusion matrix:
    ``P(frame | k) = sum_j p_j P(answer j | truth k)``. Frames of one moment are not
    independent: together those within ``time`` seconds count as one look.
    """

    def _first(self, frame: np.ndarray, stamp: float, weight: float) -> np.ndarray:
        return self.model.prior * self._likelihood(frame) ** weight

    def _next(self, value: np.ndarray, frame: np.ndarray, stamp: float, passed: float,
              weight: float) -> np.ndarray:
        keep = math.exp(-passed * self.config.transition_rate)
        predicted = keep * value + (1 - keep) * self.model.prior
        looks = min(passed / self.config.time, 1.0)
        return predicted * self._likelihood(frame) ** (weight * looks)

    def _likelihood(self, frame: np.ndarray) -> np.ndarray:
        return np.maximum(self.model.answers @ frame, _FLOOR)


class MajorityFilter(ProbabilityFilter):
    """The share of the first answers of the last ``time`` seconds: for comparison."""

    def __init__(self, config: SmoothingConfig, model: ErrorModel) -> None:
        super().__init__(config, model)
        self._votes: deque[tuple[float, int, float]] = deque()

    def _first(self, frame: np.ndarray, stamp: float, weight: float) -> np.ndarray:
        self._votes.clear()
        return self._next(frame, frame, stamp, 0.0, weight)

    def _next(self, value: np.ndarray, frame: np.ndarray, stamp: float, passed: float,
              weight: float) -> np.ndarray:
        self._votes.append((stamp, int(frame.argmax()), weight))
        while self._votes[0][0] < stamp - self.config.time - 1e-6:
            self._votes.popleft()
        counts = np.full(len(frame), _FLOOR)
        for _, answer, trust in self._votes:
            counts[answer] += trust
        return counts


FILTERS: dict[str, Any] = {
    'exponential': ExponentialFilter, 'hmm': HmmFilter, 'majority': MajorityFilter}


def make_filter(config: SmoothingConfig, model: ErrorModel) -> ProbabilityFilter:
    """Return a new filter of the kind that is wanted."""
    made: ProbabilityFilter = FILTERS[config.kind](config, model)
    return made
