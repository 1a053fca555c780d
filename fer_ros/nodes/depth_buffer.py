"""The depth images that wait for the color image they belong to."""

from __future__ import annotations

from collections import deque

from sensor_msgs.msg import Image

from fer_ros.nodes.conversions import stamp_to_seconds

#: Newer depth images by more than this are left over from before time jumped back [s].
_LEAD = 1.0


class DepthBuffer:
    """
    Finds the depth image by its stamp, not by when it came.

    :param limit: above so many bytes the oldest are let go; the newest one stays in any case.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: deque[tuple[float, Image]] = deque()
        self._last_stamp = float('-inf')

    def add(self, message: Image) -> bool:
        """
        Keep a depth image; of two with one stamp the first one counts.

        :returns: whether there was memory enough, so that none had to go.
        """
        stamp = stamp_to_seconds(message.header)
        if any(stamp == other for other, _ in self._messages):
            return True
        self._messages.append((stamp, message))
        size = sum(len(m.data) for _, m in self._messages)
        enough = size <= self._limit
        while size > self._limit and len(self._messages) > 1:
            size -= len(self._messages.popleft()[1].data)
        return enough

    def nearest(self, stamp: float, tolerance: float) -> Image | None:
        """Return the depth image nearest to a stamp [s], None if none is within tolerance [s]."""
        nearest = min(self._messages, key=lambda item: abs(item[0] - stamp), default=None)
        if nearest is None or abs(nearest[0] - stamp) > tolerance:
            return None
        return nearest[1]

    def reaches(self, stamp: float) -> bool:
        """Return whether the nearest to a stamp is certain, since a later one has come too."""
        return any(other >= stamp for other, _ in self._messages)

    def advance(self, stamp: float, tolerance: float) -> None:
        """Forget what no color image from this stamp [s] on can need."""
        newest = stamp + _LEAD if stamp < self._last_stamp else float('inf')  # time jumped back
        self._last_stamp = stamp
        self._messages = deque(
            item for item in self._messages if stamp - tolerance <= item[0] <= newest)
