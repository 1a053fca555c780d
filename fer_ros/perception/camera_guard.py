"""Of several cameras on one topic, follow one."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

FOLLOWED, TAKEN_OVER, LEFT_OUT = 'followed', 'taken_over', 'left_out'

#: A camera has fallen silent only after so many of its own periods.
_PERIODS = 3
#: How much the newest period counts in the average, and how much it may grow at once.
_NEWEST, _GROWTH = 0.3, 2.0
_SHORTEST_PERIOD = 1e-3
#: So many cameras are remembered: senders of nonsense look like ever new ones.
_MOST = 16


@dataclass
class Camera:
    """
    One that was heard.

    :param last: time of its latest frame [s].
    :param about: what was said of that frame.
    :param period: usual time between two frames [s]; nan at first.
    :param interruptions: times it was heard between two frames of the followed one.
    :param told: somebody was told of it.
    """

    last: float
    about: Any = None
    period: float = math.nan
    interruptions: int = 0
    told: bool = False


class CameraGuard:
    """
    Keeps to the camera it heard first; another one takes over when that one falls silent.

    Whoever takes over after the followed one has been heard beside it is another camera. Whoever
    was never heard beside it is the same camera, started again.

    :param timeout: without a frame for longer, and for longer than three of its periods, a camera
        is silent [s].
    :param patience: so many interruptions make another camera; frames before are followed too.
    """

    def __init__(self, timeout: float = 2.0, patience: int = 0) -> None:
        self.timeout, self.patience = timeout, patience
        self.chosen: Hashable = None
        self.cameras: dict[Hashable, Camera] = {}
        self._between: set[Hashable] = set()

    def judge(self, name: Hashable, now: float, about: Any = None) -> str:
        """
        Return 'followed', 'taken_over' (from another camera) or 'left_out' for the next frame.

        :param name: what tells its camera from others; not None.
        :param now: time of its arrival [s].
        :param about: kept as :attr:`Camera.about`.
        """
        silent = self.chosen is None or self._has_ended(self.cameras[self.chosen], now)
        camera = self._hear(name, now, about)
        if name == self.chosen:
            return FOLLOWED
        self._between.add(name)
        other = self.is_other(name)
        if silent:
            self.chosen, camera.interruptions = name, 0
            self._between.clear()
            return TAKEN_OVER if other else FOLLOWED
        return FOLLOWED if camera.interruptions < self.patience else LEFT_OUT

    def is_other(self, name: Hashable) -> bool:
        """Return whether this is known to be another camera than the followed one."""
        return name != self.chosen and (
            self.cameras[name].interruptions >= max(self.patience, 1))

    def others(self, now: float) -> list[Hashable]:
        """Return the cameras beside the followed one that send now."""
        return [name for name, camera in self.cameras.items()
                if self.is_other(name) and not self._has_ended(camera, now)]

    def forget(self, name: Hashable) -> None:
        """A camera is known to have ended."""
        del self.cameras[name]
        if name == self.chosen:
            self.chosen = None

    def _hear(self, name: Hashable, now: float, about: Any) -> Camera:
        camera = self.cameras.get(name)
        if camera is None:
            if len(self.cameras) >= _MOST:
                self.forget(min((n for n in self.cameras if n != self.chosen),
                                key=lambda n: self.cameras[n].last))
            camera = self.cameras[name] = Camera(now, about)
            return camera
        if name == self.chosen:
            for other in self._between & self.cameras.keys():
                self.cameras[other].interruptions += 1
            self._between.clear()
        passed = max(now - camera.last, _SHORTEST_PERIOD)
        # A pause makes no slow camera: a period grows step by step.
        camera.period = passed if math.isnan(camera.period) else camera.period + _NEWEST * (
            min(passed, _GROWTH * camera.period) - camera.period)
        camera.last, camera.about = now, about
        return camera

    def _has_ended(self, camera: Camera, now: float) -> bool:
        longest = self.timeout if math.isnan(camera.period) else max(
            self.timeout, _PERIODS * camera.period)
        return now - camera.last > longest
