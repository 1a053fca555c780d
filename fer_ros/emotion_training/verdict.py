"""Before and after, with how sure that is, and in words what the pictures prove."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

_SAMPLES = 2000
#: a change no likelier than this by chance alone is called one.
SIGNIFICANCE = 0.05
#: the smallest gain [share] that a student should be able to prove.
_WORTH = 0.05


@dataclass(frozen=True)
class Comparison:
    """
    The same pictures answered by the old network and by the tuned one.

    :param what: which pictures, for people.
    :param before: share that is right, 0..1.
    :param after: likewise.
    :param low: of the change, 95 % interval (bootstrap over groups of pictures).
    :param high: likewise.
    :param gained: pictures that are right now and were wrong.
    :param lost: pictures that are wrong now and were right.
    :param pictures: their number.
    """

    what: str
    before: float
    after: float
    low: float
    high: float
    gained: int
    lost: int
    pictures: int

    @property
    def change(self) -> float:
        """The share that is right now, less that before."""
        return self.after - self.before

    @property
    def better(self) -> bool:
        """Whether the gain is more than noise: by the interval and by McNemar's exact test."""
        return self.low > 0 and self._chance < SIGNIFICANCE

    @property
    def worse(self) -> bool:
        """Whether the loss is more than noise."""
        return self.high < 0 and self._chance < SIGNIFICANCE

    @property
    def needed(self) -> int:
        """About how many pictures would prove a gain of :data:`_WORTH`, at this much change."""
        differing = max((self.gained + self.lost) / max(self.pictures, 1), _WORTH)
        return math.ceil(1.96 ** 2 * differing / _WORTH ** 2 / 50) * 50

    @property
    def _chance(self) -> float:
        changed = self.gained + self.lost
        return float(binomtest(self.gained, changed).pvalue) if changed else 1.0


def compare(what: str, before: np.ndarray, after: np.ndarray, groups: np.ndarray | None = None,
            seed: int = 0) -> Comparison:
    """
    Compare answers to the same pictures.

    :param what: which pictures, for people.
    :param before: bool (N,), N > 0, where the old network is right.
    :param after: bool (N,), where the tuned one is.
    :param groups: int (N,), pictures of one group are one piece of evidence; None: each its own.
    :param seed: of the bootstrap.
    """
    change = after.astype(float) - before
    group = np.arange(len(change)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums, counts = np.bincount(group.ravel(), change), np.bincount(group.ravel())
    rows = np.random.default_rng(seed).integers(0, len(sums), (_SAMPLES, len(sums)))
    low, high = np.percentile(sums[rows].sum(1) / counts[rows].sum(1), [2.5, 97.5])
    if not change.any():  # the bootstrap knows no change either: the exact bound of none in n
        high = 1 - 0.025 ** (1 / len(sums))
        low = -high
    return Comparison(what, float(before.mean()), float(after.mean()), float(low), float(high),
                      int((after & ~before).sum()), int((before & ~after).sum()), len(change))


def table(rows: Sequence[Comparison]) -> str:
    """Return before and after as text."""
    width = max(len(row.what) for row in rows)
    lines = [f'{"":{width}}  pictures  before %  after %  change in points (95 %)']
    lines += [f'{row.what:{width}}  {row.pictures:8d}  {100 * row.before:8.1f}  '
              f'{100 * row.after:7.1f}  {100 * row.change:+6.1f} '
              f'({100 * row.low:+.1f} to {100 * row.high:+.1f})' for row in rows]
    return '\n'.join(lines)


def verdict(own: Comparison, kept: float | None) -> str:
    """
    Return in words what own pictures prove.

    :param own: their cross-validated answers.
    :param kept: share of other faces that the tuned network answers as the old one does; None:
        the old network stays.
    """
    if kept is not None:
        return (f'Your {own.pictures} pictures improve it on pictures like yours: '
                f'{100 * own.before:.0f} % right before, {100 * own.after:.0f} % after; by '
                f'{100 * own.low:.0f} to {100 * own.high:.0f} points (95 %). Other faces it '
                f'answers as before in {100 * kept:.0f} of 100 cases.')
    if own.better:
        return (f'Your {own.pictures} pictures improve it on pictures like yours, but then it '
                'forgets other faces. The network is left as it was. Give more pictures, as '
                'different from each other as what your robot sees.')
    few = (f', but only {own.gained + own.lost} answers change: that happens by chance too'
           if own.low > 0 else '')
    return (f'Your {own.pictures} pictures prove nothing: {100 * own.before:.0f} % are right '
            f'before, {100 * own.after:.0f} % after the best tuning; what it changes may be '
            f'{100 * own.low:+.0f} to {100 * own.high:+.0f} points (95 %){few}. The network is '
            f'left as it was. To prove a gain of {100 * _WORTH:.0f} points takes about '
            f'{own.needed} pictures.')
