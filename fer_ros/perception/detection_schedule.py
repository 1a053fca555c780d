"""Which frames the networks look at; between them the faces coast along their tracks."""

from __future__ import annotations

import math

#: 'auto' looks at least so often [s]: the states change no slower for it (fer_ros state-bench).
LONGEST_PAUSE = 0.1
#: How much the latest frame counts in the averages of period and cost.
_NEWEST = 0.1


class DetectionSchedule:
    """
    Decides from the frames' stamps and from what looking at them took.

    :param interval: look at each n-th frame, 1 or more; 'auto': at every one while that takes
        less than ``max_load`` of the time, else at fewer, at least every :data:`LONGEST_PAUSE`.
    :param max_load: share of one core that 'auto' aims at, above 0 to 1.
    :raises ValueError: if one is out of range; names it.
    """

    def __init__(self, interval: int | str = 1, max_load: float = 0.05) -> None:
        if interval != 'auto' and (isinstance(interval, str) or interval < 1):
            raise ValueError(f"detector_interval is {interval!r}, must be 'auto' or 1 or more")
        if not 0 < max_load <= 1:
            raise ValueError(f'max_load is {max_load}, must be above 0 and at most 1')
        self._wanted, self._max_load = interval, max_load
        self.reset()

    def reset(self) -> None:
        """Look at the next frame, and measure period and cost anew."""
        self._stamp = self._looked = math.nan
        self._skipped = 0
        self._period = self._cost = math.nan

    @property
    def interval(self) -> int:
        """Frames from one look to the next, as of now."""
        if not isinstance(self._wanted, str):
            return self._wanted
        # NaN until two frames came and one was looked at.
        if not self._period > 0 or math.isnan(self._cost):
            return 1
        affordable = math.ceil(self._cost / (self._period * self._max_load))
        return max(1, min(affordable, int(LONGEST_PAUSE / self._period + 1e-3)))

    def due(self, stamp: float, hurry: bool = False) -> bool:
        """
        Return whether to look at the next frame.

        :param stamp: time of the frame [s], not before the last one's.
        :param hurry: somebody waits for the next look.
        """
        self._period = _average(self._period, stamp - self._stamp)
        self._stamp = stamp
        pause = stamp - self._looked
        late = self._wanted == 'auto' and pause >= LONGEST_PAUSE - 1e-3
        if hurry or late or math.isnan(pause) or self._skipped + 1 >= self.interval:
            self._skipped, self._looked = 0, stamp
            return True
        self._skipped += 1
        return False

    def took(self, seconds: float) -> None:
        """Note what the last look took [s]."""
        self._cost = _average(self._cost, seconds)


def _average(old: float, new: float) -> float:
    """Return a running average; NaN stands for nothing yet."""
    if math.isnan(old) or math.isnan(new):
        return old if math.isnan(new) else new
    return old + _NEWEST * (new - old)
