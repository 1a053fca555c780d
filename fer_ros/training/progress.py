"""How long a run still takes, in words."""

from __future__ import annotations

import time
from collections.abc import Callable


class TimeLeft:
    """
    Tells what is left after each part of a run, from how long the parts so far took.

    :param parts: epochs or runs that are left now.
    :param clock: [s].
    """

    def __init__(self, parts: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._clock, self._begun, self._done = parts, clock, clock(), 0

    def after_one(self) -> str:
        """Return what is left when one more part is done, such as '12 min left'."""
        self._done += 1
        seconds = (self._clock() - self._begun) / self._done * (self._parts - self._done)
        if seconds >= 3600:
            return f'{seconds / 3600:.1f} h left'
        return f'{seconds / 60:.0f} min left' if seconds >= 90 else f'{seconds:.0f} s left'
