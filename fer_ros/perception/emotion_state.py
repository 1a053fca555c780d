"""From wavering probabilities to a state that a dialog manager can trust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.perception.types import UNCERTAIN


@dataclass(frozen=True)
class StateConfig:
    """
    The defaults come from ``python -m fer_ros state-bench``.

    :param enter_threshold: an emotion this probable may become the state, 0..1.
    :param exit_threshold: a state less probable than this may be left, below the former.
    :param min_dwell: how long a change must hold before it is taken [s].
    """

    enter_threshold: float = 0.7
    exit_threshold: float = 0.3
    min_dwell: float = 0.3

    def __post_init__(self) -> None:
        """:raises ValueError: if exit is not below enter, or a value is out of range."""
        if not 0 < self.exit_threshold < self.enter_threshold <= 1:
            raise ValueError(
                f'exit_threshold ({self.exit_threshold}) must be above 0 and below '
                f'enter_threshold ({self.enter_threshold}), which must not exceed 1')
        if not self.min_dwell >= 0:
            raise ValueError(f'min_dwell is {self.min_dwell} s, must be 0 or more')


class EmotionState:
    """
    Hysteresis in probability and time.

    :param labels: the emotions in the order of the probabilities.
    :param config: thresholds and dwell.
    """

    def __init__(self, labels: tuple[str, ...], config: StateConfig) -> None:
        self.labels, self.config = labels, config
        self.label = UNCERTAIN
        self._since: float | None = None
        self._candidate, self._candidate_since = UNCERTAIN, 0.0

    def update(self, probabilities: np.ndarray, stamp: float) -> str:
        """
        Take the smoothed probabilities of one frame.

        :param probabilities: (L,).
        :param stamp: time of the frame [s].
        :returns: the state: a label or ``uncertain``.
        """
        if self._since is None:
            self._since = stamp
        candidate = self._wanted(probabilities)
        if candidate != self._candidate:
            self._candidate, self._candidate_since = candidate, stamp
        # The tolerance keeps float rounding from costing a whole frame.
        held = stamp - self._candidate_since >= self.config.min_dwell - 1e-6
        if candidate != self.label and held:
            self.label, self._since = candidate, stamp
        return self.label

    def age(self, stamp: float) -> float:
        """Return how long the state has held [s]."""
        return 0.0 if self._since is None else max(stamp - self._since, 0.0)

    def confidence(self, probabilities: np.ndarray) -> float:
        """Return the state's probability; the likeliest emotion's while uncertain."""
        if len(probabilities) == 0:
            return 0.0
        if self.label == UNCERTAIN:
            return float(np.max(probabilities))
        return float(probabilities[self.labels.index(self.label)])

    def _wanted(self, probabilities: np.ndarray) -> str:
        best = int(np.argmax(probabilities))
        if probabilities[best] >= self.config.enter_threshold:
            return self.labels[best]
        if self.label == UNCERTAIN:
            return UNCERTAIN
        current = float(probabilities[self.labels.index(self.label)])
        return self.label if current >= self.config.exit_threshold else UNCERTAIN
