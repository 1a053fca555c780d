"""Hours of a face in front of a robot, put together from real answers of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: frames a second of the simulation; lower rates leave frames out.
BASE_RATE = 30
#: shortest and longest time of one emotion [s].
SEGMENT = (3.0, 8.0)
#: mean time of one picture [s]: a face does not change at every frame.
PICTURE = 0.5
#: standard deviation of the noise of each frame, on log-probabilities.
JITTER = 0.5
#: bursts of other expressions (talking, turning): how often [1/s], shortest, longest [s].
BURSTS = (0.1, 0.2, 0.6)
#: drop-outs of the detector, likewise.
DROP_OUTS = (0.05, 0.3, 1.5)


@dataclass(frozen=True)
class Recording:
    """
    T frames of one face.

    :param stamps: [s], (T,).
    :param truth: int (T,), the emotion shown; -1 where nobody knows.
    :param probabilities: float (T, L), of the classifier; nan where the face could not be
        classified.
    :param seen: bool (T,), False where the detector lost the face.
    """

    stamps: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    seen: np.ndarray

    def at_rate(self, rate: int) -> Recording:
        """
        Return every n-th frame.

        :raises ValueError: if the rate does not divide that of the simulation.
        """
        if rate <= 0 or BASE_RATE % rate:
            raise ValueError(f'rate is {rate} Hz, must divide {BASE_RATE}')
        step = BASE_RATE // rate
        return Recording(self.stamps[::step], self.truth[::step], self.probabilities[::step],
                         self.seen[::step])


def simulate(answers: np.ndarray, truth: np.ndarray, emotions: Sequence[int], minutes: float,
             seed: int) -> Recording:
    """
    Play pictures whose emotion is known, with noise, bursts and drop-outs.

    :param answers: float (N, L), what the classifier says of N held-out pictures, right or wrong.
    :param truth: int (N,), their emotion.
    :param emotions: those that are played.
    :param minutes: length.
    :param seed: of everything random.
    :raises ValueError: if there is no picture of an emotion.
    """
    generator = np.random.default_rng(seed)
    pools = {emotion: np.flatnonzero(truth == emotion) for emotion in emotions}
    for emotion, pool in pools.items():
        if len(pool) == 0:
            raise ValueError(f'no picture of emotion {emotion} to play')
    count = round(minutes * 60 * BASE_RATE)
    shown = _segments(generator, emotions, count)
    rows = _pictures(generator, pools, _bursts(generator, shown, emotions), count)
    noisy = np.log(np.maximum(answers[rows], 1e-4)) + generator.normal(
        0, JITTER, (count, answers.shape[1]))
    probabilities = np.exp(noisy - noisy.max(1, keepdims=True))
    return Recording(np.arange(count) / BASE_RATE, shown,
                     probabilities / probabilities.sum(1, keepdims=True),
                     ~intervals(generator, DROP_OUTS, count))


def _segments(generator: np.random.Generator, emotions: Sequence[int], count: int) -> np.ndarray:
    shown = np.empty(count, np.int64)
    start, current = 0, -1
    while start < count:
        current = int(generator.choice([e for e in emotions if e != current]))
        end = start + round(generator.uniform(*SEGMENT) * BASE_RATE)
        shown[start:end] = current
        start = end
    return shown


def _bursts(generator: np.random.Generator, shown: np.ndarray,
            emotions: Sequence[int]) -> np.ndarray:
    """Return what the face looks like: the emotion shown, but for the bursts."""
    looks = shown.copy()
    burst = intervals(generator, BURSTS, len(shown))
    starts = np.flatnonzero(np.diff(burst.astype(int), prepend=0) == 1)
    for start in starts:
        end = start + int(np.argmin(burst[start:])) if not burst[start:].all() else len(shown)
        looks[start:end] = generator.choice(emotions)
    return looks


def _pictures(generator: np.random.Generator, pools: dict[int, np.ndarray], looks: np.ndarray,
              count: int) -> np.ndarray:
    """Return the picture of each frame: a new one now and then, and at every change of look."""
    renew = generator.random(count) < 1 / (PICTURE * BASE_RATE)
    renew |= np.diff(looks, prepend=-1) != 0
    rows = np.empty(count, np.int64)
    for i in range(count):
        rows[i] = generator.choice(pools[looks[i]]) if renew[i] else rows[i - 1]
    return rows


def intervals(generator: np.random.Generator, kind: tuple[float, float, float],
               count: int) -> np.ndarray:
    """Return bool (count,), True within random intervals."""
    rate, shortest, longest = kind
    inside = np.zeros(count, bool)
    for start in np.flatnonzero(generator.random(count) < rate / BASE_RATE):
        inside[start:start + round(generator.uniform(shortest, longest) * BASE_RATE)] = True
    return inside
