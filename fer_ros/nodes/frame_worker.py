"""
One slot, one worker: the newest frame wins.

Thread rule: :meth:`FrameWorker.put` is called by the executor's thread, the ``process``
callback runs in the worker's thread, one call at a time. The lock guards the slot and the
counters only; it is never held while a frame is processed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class FrameWorker:
    """
    A thread that processes the newest frame and lets older ones go.

    :param process: called with each frame that is not overtaken; must not raise.
    """

    def __init__(self, process: Callable[[Any], None]) -> None:
        self._process = process
        self._ready = threading.Condition()
        self._frame: Any = None
        self._running, self._busy = True, False
        self.received = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name='frame_worker', daemon=True)
        self._thread.start()

    def put(self, frame: Any) -> None:
        """Offer a frame; replaces the one that still waits, which then counts as dropped."""
        with self._ready:
            self.received += 1
            if self._frame is not None:
                self.dropped += 1
            self._frame = frame
            self._ready.notify_all()

    def drain(self) -> None:
        """Drop the waiting frame and wait until the one in work is done."""
        with self._ready:
            self._frame = None
            if threading.current_thread() is not self._thread:
                self._ready.wait_for(lambda: not self._busy, timeout=5.0)

    def stop(self) -> None:
        """Finish the frame in work, drop the waiting one and end the thread."""
        with self._ready:
            self._running = False
            self._frame = None
            self._ready.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._frame is not None or not self._running)
                if not self._running:
                    return
                frame, self._frame, self._busy = self._frame, None, True
            try:
                self._process(frame)
            finally:
                with self._ready:
                    self._busy = False
                    self._ready.notify_all()
