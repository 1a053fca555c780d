"""The newest picture and all that is shown beside it, from one writer to all viewers."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from fer_ros.dashboard.history import History
from fer_ros.dashboard.shown import Condition, Moment, Settings, ShownTone

#: The time line is sent anew so often [s]: whoever comes late has all of it too.
_HISTORY_PERIOD = 1.0
#: Whoever took nothing for longer does not watch any more [s].
_WATCHING = 3.0
#: A notice is shown for so long [s].
_NOTICE_SHOWN = 20.0


class Version(NamedTuple):
    """Counts the changes of what is sent, part by part."""

    picture: int = 0
    state: int = 0
    history: int = 0


class LiveFeed:
    """
    What viewers see.

    Any thread writes; viewers wait in the event loop of :meth:`attach`. Each version is made
    into text once, however many watch, and not at all while nobody does. A viewer that is slow
    gets the newest when it asks again; nothing is kept for it.

    :param clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._moment, self._tone = Moment(0.0), ShownTone(0.0, '')
        self._settings, self._conditions = Settings(), dict[str, Condition]()
        self._notice: tuple[float, str] | None = None
        self._history, self._picture = History(), b''
        self._version, self._texts = Version(), dict[str, tuple[int, str]]()
        self._drawn = -_HISTORY_PERIOD
        self._watched = -_WATCHING
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    def attach(self) -> None:
        """Let the viewers of the running event loop wait for changes."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    # What is written, by any thread.

    def add_moment(self, moment: Moment) -> None:
        """Take the faces of a picture."""
        with self._lock:
            self._moment = moment
            self._history.add(moment)
        self._change(state=1, history=self._is_due())

    def add_picture(self, jpeg: bytes) -> None:
        """Take an annotated picture, as JPEG."""
        self._picture = jpeg
        self._change(picture=1)

    def add_tone(self, tone: ShownTone) -> None:
        """Take the robot's tone."""
        with self._lock:
            self._tone = tone
            self._history.add_tone(tone)
        self._change(state=1, history=1)

    def add_notice(self, text: str) -> None:
        """Take what the robot has told a person."""
        self._notice = self._clock(), text
        self._change(state=1)

    def set_condition(self, condition: Condition) -> None:
        """Take how a part of the system is."""
        with self._lock:
            self._conditions[condition.name] = condition
        self._change(state=1)

    def forget_condition(self, name: str) -> None:
        """A part of the system is not there any more."""
        with self._lock:
            if self._conditions.pop(name, None) is None:
                return
        self._change(state=1)

    def set_settings(self, settings: Settings) -> None:
        """Take what the controls stand at."""
        if settings != self._settings:
            self._settings = settings
            self._change(state=1)

    def nobody(self) -> None:
        """Nobody is known to be in view any more; what was seen stays in the time line."""
        with self._lock:
            self._moment = replace(self._moment, people=())
        self._change(state=1)

    def clear(self) -> None:
        """Forget everybody."""
        with self._lock:
            self._moment = Moment(self._moment.stamp)
            self._history.forget_people()
        self._change(state=1, history=1)

    @property
    def settings(self) -> Settings:
        """What the controls stand at."""
        return self._settings

    @property
    def is_watched(self) -> bool:
        """Whether anybody has taken something of late; pictures are made only then."""
        return self._clock() - self._watched < _WATCHING

    # What is read, in the event loop.

    async def newer_than(self, seen: Version) -> tuple[Version, list[str], bytes]:
        """
        Wait until there is something that a viewer has not seen.

        :param seen: what it has; ``Version()`` for nothing.
        :returns: what it has then, the new texts (JSON), and the new picture (JPEG; empty if
            it is the old one).
        """
        self._watched = self._clock()
        while self._version == seen:
            await self._changed.wait()
        self._watched = self._clock()
        now = self._version
        texts = []
        if now.state != seen.state:
            texts.append(self._text('state', now.state, self._state))
        if now.history != seen.history:
            texts.append(self._text('history', now.history, self._time_line))
        return now, texts, self._picture if now.picture != seen.picture else b''

    def _text(self, kind: str, version: int, make: Callable[[], Mapping[str, Any]]) -> str:
        if self._texts.get(kind, (-1, ''))[0] != version:
            self._texts[kind] = version, json.dumps(
                {'kind': kind, **make()}, ensure_ascii=False, allow_nan=False)
        return self._texts[kind][1]

    def _state(self) -> dict[str, Any]:
        with self._lock:
            moment, conditions = self._moment, list(self._conditions.values())
        # Who was there when the looking ended is not in view any more; no message tells that.
        people = () if self._settings.enabled is False else moment.people
        notice = self._notice
        is_shown = notice is not None and self._clock() - notice[0] < _NOTICE_SHOWN
        return {
            'stamp': moment.stamp, 'labels': moment.labels, 'size': moment.size,
            'people': [{**asdict(person), 'box': _rounded(person.box),
                        'probabilities': _rounded(person.probabilities)}
                       for person in people],
            'tone': asdict(self._tone), 'settings': asdict(self._settings),
            'conditions': [asdict(condition) for condition in conditions],
            'notice': notice[1] if notice and is_shown else ''}

    def _time_line(self) -> dict[str, Any]:
        with self._lock:
            return self._history.as_json()

    def _is_due(self) -> int:
        """Return 1 if the time line is to be sent anew."""
        now = self._clock()
        if now - self._drawn < _HISTORY_PERIOD:
            return 0
        self._drawn = now
        return 1

    def _change(self, picture: int = 0, state: int = 0, history: int = 0) -> None:
        with self._lock:
            old = self._version
            self._version = Version(
                old.picture + picture, old.state + state, old.history + history)
        if self._loop is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # closed in between: the process ends
                return

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 4) for value in values]
