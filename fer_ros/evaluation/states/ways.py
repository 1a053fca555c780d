"""Ways from probabilities to a label, ours and the peers', and how well they follow a face."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from fer_ros.evaluation.states.simulation import Recording
from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import ErrorModel
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import FILTERS, SmoothingConfig, make_filter
from fer_ros.perception.types import UNCERTAIN


class Way(Protocol):
    """A way from probabilities to a label."""

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the label's index, -1 while uncertain."""


class Filtered:
    """Our way: a filter, then thresholds and dwell."""

    def __init__(self, smoothing: SmoothingConfig, state: StateConfig,
                 errors: ErrorModel) -> None:
        self._filter = make_filter(smoothing, errors)
        self._state = EmotionState(EMOTIONS, state)

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the state."""
        smoothed = self._smoothed(probabilities, stamp)
        label = self._state.update(smoothed, stamp) if len(smoothed) else UNCERTAIN
        return -1 if label == UNCERTAIN else EMOTIONS.index(label)

    def _smoothed(self, probabilities: np.ndarray, stamp: float) -> np.ndarray:
        if np.isnan(probabilities[0]):  # not classified
            return self._filter.forget(stamp)
        return self._filter.update(probabilities, stamp)


class LastFrames:
    """Peers' way: the most frequent answer of the last so many frames (1: the raw answer)."""

    def __init__(self, frames: int) -> None:
        self._answers: deque[int] = deque(maxlen=frames)

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the majority; the earlier one of equals."""
        self._answers.append(int(probabilities.argmax()))
        return Counter(self._answers).most_common(1)[0][0]


class Timer:
    """Peers' way: the raw answer, looked at twice a second."""

    def __init__(self, period: float = 0.5) -> None:
        self._period, self._next, self._label = period, -np.inf, -1

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the answer of the last tick."""
        if stamp >= self._next - 1e-6:
            self._label, self._next = int(probabilities.argmax()), stamp + self._period
        return self._label


@dataclass(frozen=True)
class Figures:
    """
    What a way reached.

    :param delay: mean time from a change to the right label [s]; the whole segment if never.
    :param missed: share of changes that were never seen.
    :param false_switches: changes to a wrong label, a minute.
    :param wrong: share of the time with a wrong label.
    :param uncertain: share of the time without a label.
    """

    delay: float
    missed: float
    false_switches: float
    wrong: float
    uncertain: float


def labels_of(way: Way, recording: Recording) -> np.ndarray:
    """Return the label at every frame, int (T,); it stays while the face is not seen."""
    labels = np.empty(len(recording.stamps), np.int64)
    label = -1
    for i, (stamp, seen) in enumerate(zip(recording.stamps, recording.seen)):
        if seen:
            label = way.step(recording.probabilities[i], float(stamp))
        labels[i] = label
    return labels


def judge(labels: np.ndarray, recording: Recording) -> Figures:
    """Compare labels with what the face showed."""
    truth, stamps = recording.truth, recording.stamps
    minutes = max(float(stamps[-1] - stamps[0]) / 60, 1e-9)
    changed = np.diff(labels, prepend=labels[0]) != 0
    false = changed & (labels >= 0) & (labels != truth)
    starts = np.flatnonzero(np.diff(truth) != 0) + 1
    ends = np.append(starts[1:], len(truth))
    delays, missed = [], 0
    for start, end in zip(starts, ends):
        right = np.flatnonzero(labels[start:end] == truth[start])
        missed += len(right) == 0
        at = start + right[0] if len(right) else end - 1
        delays.append(stamps[at] - stamps[start])
    return Figures(
        float(np.mean(delays)) if delays else 0.0, missed / max(len(starts), 1),
        float(false.sum() / minutes), float(((labels >= 0) & (labels != truth)).mean()),
        float((labels < 0).mean()))


def ways(errors: ErrorModel) -> dict[str, Callable[[], Way]]:
    """Return what is compared at every rate: the three filters as they come, and the peers'."""
    filters: dict[str, Callable[[], Way]] = {
        f'{kind} (default)' if kind == SmoothingConfig().kind else kind:
        partial(Filtered, SmoothingConfig(kind), StateConfig(), errors) for kind in FILTERS}
    return {**filters, 'raw answer': partial(LastFrames, 1),
            'majority of 10 frames': partial(LastFrames, 10), 'timer of 2 Hz': Timer}
