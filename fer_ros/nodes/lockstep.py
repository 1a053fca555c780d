"""Let a bag wait for the answers to its images, however fast it is played."""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from typing import Any

from fer_ros.media.bag_reading import BagError

#: So many images may be unanswered: a depth image can be recorded after its color image.
_AHEAD = 16
#: No answer for longer means that none will come [s].
_PATIENCE = 10.0

Stamp = tuple[int, int]


class Lockstep:
    """
    Counts images out and answers in.

    Thread rule: :meth:`sent` and :meth:`wait` are called by the player's thread,
    :meth:`on_answer` by the executor's.

    :param stopping: set when the player shall end.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._changed = threading.Condition()
        self._waiting: deque[Stamp] = deque()
        self._last_answer = time.monotonic()
        self.sent_count = self.skipped_count = 0

    def sent(self, data: bytes) -> None:
        """Note a published image (CDR bytes), and wait if too many are unanswered."""
        with self._changed:
            if not self._waiting:
                self._last_answer = time.monotonic()
            self._waiting.append(stamp_of(data))
            self.sent_count += 1
        self.wait(_AHEAD)

    def on_answer(self, message: Any) -> None:
        """Note an answer (EmotionArray): those before it that have none will get none."""
        stamp = message.header.stamp.sec, message.header.stamp.nanosec
        with self._changed:
            if stamp in self._waiting:
                while self._waiting.popleft() != stamp:
                    self.skipped_count += 1
            self._last_answer = time.monotonic()
            self._changed.notify_all()

    def wait(self, longest: int = 0) -> None:
        """
        Wait until so many images or fewer are unanswered.

        :raises BagError: if no answer comes any more.
        """
        with self._changed:
            while len(self._waiting) > longest and not self._stopping.is_set():
                self._changed.wait(0.1)
                if time.monotonic() - self._last_answer > _PATIENCE:
                    raise BagError(
                        f'lockstep: {len(self._waiting)} of {self.sent_count} images got no '
                        f'answer for {_PATIENCE:g} s: is emotion_node active, does it listen to '
                        'this topic, and is its deterministic on?')

    def check(self) -> None:
        """:raises BagError: if images were left out, although every one counts."""
        if self.skipped_count:
            raise BagError(f'lockstep: {self.skipped_count} of {self.sent_count} images got no '
                           'answer: is deterministic of emotion_node on? Its diagnostics count '
                           'those that were late or bad')


def stamp_of(data: bytes) -> Stamp:
    """Return the stamp of a serialized message that begins with a header."""
    order = '<' if data[1] & 1 else '>'
    sec, nanosec = struct.unpack_from(f'{order}iI', data, 4)
    return sec, nanosec
