"""Whom is the robot talking to, among several faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """
    A face as the behavior sees it.

    :param id: the face's id.
    :param label: its emotion state.
    :param confidence: of the state, 0..1.
    :param size: of the face [px].
    :param distance: from the camera [m], None where it is not known.
    :param offset: from the center of the image, as a share of half its diagonal, 0..1; None
        where it is not known.
    :param age: how long the face has been seen [s].
    :param valence: -1..1.
    :param arousal: -1..1.
    """

    id: str
    label: str
    confidence: float
    size: float
    distance: float | None = None
    offset: float | None = None
    age: float = 0.0
    valence: float = 0.0
    arousal: float = 0.0


def _nearness(person: Person, everybody: Sequence[Person]) -> float:
    """Return 1 / distance, or the face's size unless every distance is known."""
    if any(other.distance is None for other in everybody):
        return person.size
    return 1 / max(person.distance or 0.0, 0.01)


def _centrality(person: Person, everybody: Sequence[Person]) -> float:
    return 1 - (1.0 if person.offset is None else min(person.offset, 1.0))


#: what makes a person the one to talk to: the higher, the more.
MODES: dict[str, Callable[[Person, Sequence[Person]], float]] = {
    'nearest': _nearness,
    'central': _centrality,
    'longest': lambda person, everybody: person.age,
}


@dataclass(frozen=True)
class AttentionConfig:
    """
    :param mode: one of :data:`MODES`: nearest (by depth, or the largest face), most central,
        longest seen.
    :param switch_ratio: another face must be so many times nearer (more central, longer seen) ...
    :param switch_dwell: ... for so long [s] to take over.
    :param lost_after: a person unseen for longer is given up [s].
    """

    mode: str = 'nearest'
    switch_ratio: float = 1.3
    switch_dwell: float = 1.0
    lost_after: float = 1.0

    def __post_init__(self) -> None:
        """:raises ValueError: for an unknown mode; names those there are."""
        if self.mode not in MODES:
            raise ValueError(f"attention mode '{self.mode}' is not one of {', '.join(MODES)}")


class Attention:
    """
    The face that the mode prefers, with hysteresis against ping-pong; or the addressee.

    :param config: mode and thresholds.
    """

    def __init__(self, config: AttentionConfig | None = None) -> None:
        self.config = config or AttentionConfig()
        #: id of the person that somebody else (a dialog manager) chose; '' for nobody. While
        #: that person is there, nobody else is talked to.
        self.addressee = ''
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
        chosen = next((p for p in people if p.id == self.addressee), None)
        if chosen is not None:
            return self._choose(chosen, stamp)
        current = next((p for p in people if p.id == self.person_id), None)
        if current is not None:
            self._seen = stamp
        elif self.person_id and stamp - self._seen <= self.config.lost_after:
            return None
        if not people:
            self.person_id = ''
            return None
        # Ties go to the smaller id, so that equal faces do not alternate.
        best = min(people, key=lambda p: (-self._score(p, people), len(p.id), p.id))
        if current is None:
            return self._choose(best, stamp)
        if self._score(best, people) < self._score(current, people) * self.config.switch_ratio:
            self._rival = ''
            return current
        if best.id != self._rival:
            self._rival, self._rival_since = best.id, stamp
        if stamp - self._rival_since >= self.config.switch_dwell - 1e-6:
            return self._choose(best, stamp)
        return current

    def _score(self, person: Person, everybody: Sequence[Person]) -> float:
        return MODES[self.config.mode](person, everybody)

    def _choose(self, person: Person, stamp: float) -> Person:
        self.person_id, self._seen, self._rival = person.id, stamp, ''
        return person
