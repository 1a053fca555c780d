"""
One slot, one worker: the newest frame wins; or a queue, where every frame counts.

Thread rule: :meth:`FrameWorker.put` is called by the executor's thread, the ``process``
callback runs in the worker's thread, one call at a time. The lock guards the slot and the
counters only; it is never held while a frame is processed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

#: So much may wait where every frame counts [bytes].
LARGEST_QUEUE = 1 << 30


class FrameWorker:
    """
    A thread that processes the newest frame and lets older ones go.

    :param process: called with each frame that is not overtaken; must not raise.
    :param keep_all: process every frame in its order instead. Nobody waits, since the executor
        has to take other messages meanwhile; what exceeds :data:`LARGEST_QUEUE` is lost.
    :param on_loss: called where every frame counts and some are lost, with the number of all
        that were.
    """

    def __init__(self, process: Callable[[Any], None], keep_all: bool = False,
                 on_loss: Callable[[int], None] = lambda count: None) -> None:
        self._process, self._keep_all, self._on_loss = process, keep_all, on_loss
        self._ready = threading.Condition()
        self._frames: deque[Any] = deque()
        self._running, self._busy = True, False
        self.received = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name='frame_worker', daemon=True)
        self._thread.start()

    def put(self, frame: Any) -> None:
        """
        Offer a frame (an image message, raw or compressed).

        It replaces the one that still waits, which then counts as dropped.
        """
        with self._ready:
            self.received += 1
            full = self._keep_all and sum(
                len(f.data) for f in self._frames) + len(frame.data) > LARGEST_QUEUE
            if not full:
                if self._frames and not self._keep_all:
                    self.dropped += 1
                    self._frames.clear()
                self._frames.append(frame)
                self._ready.notify_all()
        if full:
            self.lose(1)

    def lose(self, count: int) -> None:
        """Note that frames were lost, here or on the way, although every one counts."""
        with self._ready:
            self.dropped += count
        self._on_loss(self.dropped)

    def drain(self) -> None:
        """Drop the waiting frames and wait until the one in work is done."""
        with self._ready:
            self._frames.clear()
            if threading.current_thread() is not self._thread:
                self._ready.wait_for(lambda: not self._busy, timeout=5.0)

    def stop(self) -> None:
        """Finish the frame in work, drop the waiting one and end the thread."""
        with self._ready:
            self._running = False
            self._frames.clear()
            self._ready.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._frames or not self._running)
                if not self._running:
                    return
                frame, self._busy = self._frames.popleft(), True
                self._ready.notify_all()
            try:
                self._process(frame)
            finally:
                with self._ready:
                    self._busy = False
                    self._ready.notify_all()
