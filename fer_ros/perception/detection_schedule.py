"""Which frames the networks look at, and which of these are searched for new faces."""

from __future__ import annotations

import math

#: 'auto' looks at least so often [s]: a change of state is seen less than 0.1 s later for it
#: (fer_ros state-bench: 0.97 s at 30 Hz, 1.02 at 15, 1.13 at 5).
LONGEST_PAUSE = 0.1
#: ... unless looks take so long that they would fill more than this share of the time.
_MOST = 0.4
#: Nobody coasts for longer, whatever the interval and the load [s].
LONGEST_COAST = 0.5
#: How much the latest look counts in the average of their costs.
_NEWEST = 0.1
#: A frame period that seems to grow is believed slowly: frames may have been dropped.
_GROWTH = 1.05
_TOLERANCE = 1e-3


class DetectionSchedule:
    """
    Decides from the frames' stamps and from what looking at them took.

    :param interval: look at each n-th frame, 1 or more; 'auto': at every one while that takes
        less than ``max_load`` of the time, else at fewer, at least every :data:`LONGEST_PAUSE`.
    :param max_load: share of one core that 'auto' aims at, above 0 to 1.
    :raises ValueError: if one is out of range; names it.
    """

    def __init__(self, interval: int | str = 1, max_load: float = 0.25) -> None:
        if interval != 'auto' and (isinstance(interval, str) or interval < 1):
            raise ValueError(f"detector_interval is {interval!r}, must be 'auto' or 1 or more")
        if not 0 < max_load <= 1:
            raise ValueError(f'max_load is {max_load}, must be above 0 and at most 1')
        self._wanted, self._max_load = interval, max_load
        #: frames from the last but one look to the last.
        self.interval = 1
        self.reset()

    def reset(self) -> None:
        """Look at the next frame, and measure period and cost anew."""
        self._stamp = self._looked = self._period = self._cost = math.nan
        self._frames = 0

    def due(self, stamp: float, hurry: bool = False) -> bool:
        """
        Return whether to look at the next frame.

        :param stamp: time of the frame [s], not before the last one's.
        :param hurry: somebody waits for the next look.
        """
        passed = stamp - self._stamp
        if passed > 0:
            self._period = passed if math.isnan(self._period) else min(
                passed, self._period * _GROWTH)
        self._stamp = stamp
        self._frames += 1
        if not (hurry or math.isnan(self._looked) or self._is_time(stamp - self._looked)):
            return False
        self.interval, self._frames, self._looked = self._frames, 0, stamp
        return True

    def took(self, seconds: float) -> None:
        """Note what the last look took [s]."""
        self._cost = seconds if math.isnan(self._cost) else (
            self._cost + _NEWEST * (seconds - self._cost))

    def _is_time(self, pause: float) -> bool:
        """Judge a pause since the last look [s]."""
        if pause >= LONGEST_COAST:
            return True
        if not isinstance(self._wanted, str):
            return self._frames >= self._wanted
        if math.isnan(self._period) or math.isnan(self._cost):
            return True
        longest = max(LONGEST_PAUSE, self._cost / _MOST)
        return (pause >= self._cost / self._max_load - _TOLERANCE
                or pause + self._period > longest + _TOLERANCE)


class SearchSchedule:
    """
    Decides which frames are searched as a whole; in the others known faces are looked for where
    they should be.

    :param period: a newcomer waits for a search at most so long [s]; 0: every frame is searched.
    """

    def __init__(self, period: float) -> None:
        self._longest = period
        self.reset()

    def reset(self) -> None:
        """Search the next frame."""
        self._stamp = self._searched = self._period = math.nan

    def due(self, stamp: float, hurry: bool = False) -> bool:
        """
        Return whether to search the next frame.

        :param stamp: time of the frame [s], not before the last one's.
        :param hurry: somebody is not where he should be.
        """
        if stamp > self._stamp:
            self._period = stamp - self._stamp
        self._stamp = stamp
        # Not now means at the next frame, which is a period away.
        wait = stamp - self._searched + (0.0 if math.isnan(self._period) else self._period)
        if not (hurry or math.isnan(self._searched) or wait > self._longest + _TOLERANCE):
            return False
        self._searched = stamp
        return True
