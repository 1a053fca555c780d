"""Tell senders apart by the numbers that each of them counts for itself."""

from __future__ import annotations

#: So many senders are remembered.
_MOST = 16


class SequenceLanes:
    """
    Puts each number into the lane that it continues best.

    One sender's numbers only grow; some may be missing. Exact for one sender; of several, two
    are mixed up where their counts meet.
    """

    def __init__(self) -> None:
        #: lane -> its last number, in the order in which they were last used.
        self._lasts: dict[int, int] = {}
        self._count = 0

    def lane(self, number: int) -> int:
        """Return the lane of the next number, 1 for that of the first sender."""
        below = [lane for lane, last in self._lasts.items() if last < number]
        if below:
            lane = max(below, key=self._lasts.__getitem__)
            del self._lasts[lane]
        else:
            self._count += 1
            lane = self._count
            if len(self._lasts) >= _MOST:
                del self._lasts[next(iter(self._lasts))]
        self._lasts[lane] = number
        return lane
