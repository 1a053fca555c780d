"""
A slot for each face, one worker: the newest crop of each wins; those of one image go together.

Thread rule: :meth:`CropSlots.put` and its like are called by the executor's thread, ``process``
runs in the worker's. The lock guards the slots; it is never held while crops are processed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

#: The crops of one image come within such a time [s].
_PATIENCE = 0.03


class CropSlots:
    """
    A thread that takes all crops that wait, at once.

    :param process: called with id -> crop (an image message), and with the header of the latest
        list of ids where nobody is there; must not raise.
    """

    def __init__(self, process: Callable[[dict[str, Any], Any], None]) -> None:
        self._process, self._ready = process, threading.Condition()
        self._crops: dict[str, Any] = {}
        self._expected: frozenset[str] = frozenset()
        self._nobody: Any = None
        self._running, self._busy = True, False
        self.received = self.dropped = 0
        self._thread = threading.Thread(target=self._run, name='crop_slots', daemon=True)
        self._thread.start()

    @property
    def expected(self) -> frozenset[str]:
        """The ids of the faces that are there."""
        with self._ready:
            return self._expected

    def expect(self, ids: Collection[str], header: Any) -> None:
        """Note who is there; that nobody is there is processed too."""
        with self._ready:
            self._expected = frozenset(ids)
            self._crops = {id_: crop for id_, crop in self._crops.items() if id_ in ids}
            self._nobody = None if ids else header
            self._ready.notify_all()

    def put(self, id_: str, crop: Any) -> None:
        """Offer a crop; it replaces the face's one that still waits, which counts as dropped."""
        with self._ready:
            self.received += 1
            self.dropped += id_ in self._crops
            self._crops[id_] = crop
            self._ready.notify_all()

    def drain(self) -> None:
        """Drop what waits, and wait until what is in work is done."""
        with self._ready:
            self._crops, self._nobody = {}, None
            self._ready.wait_for(lambda: not self._busy, timeout=5.0)

    def stop(self) -> None:
        """Finish what is in work and end the thread."""
        with self._ready:
            self._running = False
            self._ready.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(
                    lambda: self._crops or self._nobody is not None or not self._running)
                if self._crops:  # those of the others are on their way
                    self._ready.wait_for(
                        lambda: self._expected <= self._crops.keys() or not self._running,
                        timeout=_PATIENCE)
                if not self._running:
                    return
                crops, nobody = self._crops, self._nobody
                self._crops, self._nobody, self._busy = {}, None, True
            try:
                self._process(crops, nobody)
            finally:
                with self._ready:
                    self._busy = False
                    self._ready.notify_all()
