"""Whom is the robot talking to, among several faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """
    A face as the behavior sees it.

    :param id: the face's id.
    :param label: its emotion state.
    :param confidence: of the state, 0..1.
    :param size: of the face [px].
    """

    id: str
    label: str
    confidence: float
    size: float


@dataclass(frozen=True)
class AttentionConfig:
    """
    :param switch_ratio: another face must be so many times larger ...
    :param switch_dwell: ... for so long [s] to take over.
    :param lost_after: a person unseen for longer is given up [s].
    """

    switch_ratio: float = 1.3
    switch_dwell: float = 1.0
    lost_after: float = 1.0


class Attention:
    """
    The largest face, with hysteresis against ping-pong.

    :param config: thresholds.
    """

    def __init__(self, config: AttentionConfig | None = None) -> None:
        self.config = config or AttentionConfig()
        self.reset()

    def reset(self) -> None:
        """Forget whom the robot talked to."""
        self.person_id = ''
        self._seen = 0.0
        self._rival, self._rival_since = '', 0.0

    def update(self, stamp: float, people: Sequence[Person]) -> Person | None:
        """
        Choose among the faces of one frame.

        :param stamp: [s], not before the last one's.
        :param people: all faces, any number.
        :returns: the person talked to, None if that person is not in this frame.
        """
        current = next((p for p in people if p.id == self.person_id), None)
        if current is not None:
            self._seen = stamp
        elif self.person_id and stamp - self._seen <= self.config.lost_after:
            return None
        if not people:
            self.person_id = ''
            return None
        # Ties go to the smaller id, so that equal faces do not alternate.
        largest = min(people, key=lambda p: (-p.size, len(p.id), p.id))
        if current is None:
            return self._choose(largest, stamp)
        if largest.size < current.size * self.config.switch_ratio:
            self._rival = ''
            return current
        if largest.id != self._rival:
            self._rival, self._rival_since = largest.id, stamp
        if stamp - self._rival_since >= self.config.switch_dwell - 1e-6:
            return self._choose(largest, stamp)
        return current

    def _choose(self, person: Person, stamp: float) -> Person:
        self.person_id, self._seen, self._rival = person.id, stamp, ''
        return person
