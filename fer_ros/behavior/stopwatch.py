"""Measure how long something lasts by a clock that may be set back or begin late."""

from __future__ import annotations


class Stopwatch:
    """
    Counts the time that a clock has gone forward, whatever it reads.

    A clock that is set back (a simulation reset) adds nothing; one that stands at 0 has not
    begun, so its first step is none of ours. A clock set forward is believed.
    """

    def __init__(self) -> None:
        self._now = self._elapsed = 0.0

    def start(self, now: float) -> None:
        """
        Begin at 0.

        :param now: what the clock reads [s].
        """
        self._now, self._elapsed = now, 0.0

    def elapsed(self, now: float) -> float:
        """
        Return the time since the start [s].

        To be called every now and then: what has passed since the last call is lost when the
        clock is set back.

        :param now: what the clock reads [s].
        """
        if self._now != 0:
            self._elapsed += max(now - self._now, 0.0)
        self._now = now
        return self._elapsed
