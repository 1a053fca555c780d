"""Activities to offer: each in its turn, none again too soon."""

from __future__ import annotations

import math
from collections.abc import Sequence


class Suggestions:
    """Remembers what was suggested when."""

    def __init__(self) -> None:
        self._made: dict[str, float] = {}

    def take(self, texts: Sequence[str], stamp: float, interval: float) -> str:
        """
        Return the suggestion that was made longest ago, '' if all were made just now.

        :param texts: those that fit, in turn.
        :param stamp: [s]; it counts as made then.
        :param interval: none is made twice within this time [s].
        """
        free = [text for text in texts
                if stamp - self._made.get(text, -math.inf) >= interval - 1e-6]
        if not free:
            return ''
        chosen = min(free, key=lambda text: self._made.get(text, -math.inf))
        self._made[chosen] = stamp
        return chosen

    def forget(self) -> None:
        """Take all as not made."""
        self._made.clear()
