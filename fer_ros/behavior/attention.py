"""Whom is the robot talking to, among several faces."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


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
    :param state_age: how long the emotion state has held [s].
    :param opted_out: does not want to be judged: there is no state.
    :param cues: what the state is pooled from while other cues than the face count: (modality,
        its likeliest emotion).
    :param cue_agreement: 1: they bear the face out, -1: they contradict it.
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
    state_age: float = 0.0
    opted_out: bool = False
    cues: tuple[tuple[str, str], ...] = ()
    cue_agreement: float = 0.0


def center_offset(x: float, y: float, width: float, height: float) -> float:
    """Return how far a point [px] is from an image's center, as a share of half its diagonal."""
    return math.hypot(x - width / 2, y - height / 2) / math.hypot(width / 2, height / 2)


def _nearness(people: Sequence[Person]) -> list[float]:
    """
    Return 1 / distance [1/m], or the faces' sizes if no distance is known.

    Where some are known, the others' are told from how large a face looks in this camera; a turned
    head looks smaller, but its distance is the same.
    """
    known = [_depth(person) * person.size for person in people if person.distance is not None]
    if not known:
        return [person.size for person in people]
    one_meter = max(median(known), 1e-3)
    return [person.size / one_meter if person.distance is None else 1 / _depth(person)
            for person in people]


def _depth(person: Person) -> float:
    return max(person.distance or 0.0, 0.01)


def _centrality(people: Sequence[Person]) -> list[float]:
    return [1 - (1.0 if p.offset is None else min(p.offset, 1.0)) for p in people]


#: what makes a person the one to talk to: the higher, the more; for each of those in view.
MODES: dict[str, Callable[[Sequence[Person]], list[float]]] = {
    'nearest': _nearness,
    'central': _centrality,
    'longest': lambda people: [person.age for person in people],
}


@dataclass(frozen=True)
class AttentionConfig:
    """
    :param mode: one of :data:`MODES`: nearest (by the position, or the largest face), most
        central, longest seen.
    :param switch_ratio: another face must be so many times nearer (more central, longer seen) ...
    :param switch_dwell: ... for so long [s] to take over.
    :param lost_after: a person unseen for longer is given up [s].
    :param max_distance: who is known to be farther away is not talked to [m]; 0: there is no
        limit. Whom the robot talks to may go ``switch_ratio`` times as far.
    """

    mode: str = 'nearest'
    switch_ratio: float = 1.3
    switch_dwell: float = 1.0
    lost_after: float = 1.0
    max_distance: float = 0.0

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

    def in_reach(self, people: Sequence[Person]) -> Sequence[Person]:
        """Return who is not known to be too far to be talked to, and whom others chose."""
        limit = self.config.max_distance
        if not limit:
            return people
        limits = {self.person_id: limit * self.config.switch_ratio, self.addressee: math.inf}
        return [person for person in people if person.distance is None
                or person.distance <= limits.get(person.id, limit)]

    def update(self, stamp: float, people: Sequence[Person]) -> Person | None:
        """
        Choose among the faces of one frame.

        :param stamp: [s], not before the last one's.
        :param people: all faces :meth:`in_reach`, any number.
        :returns: the person talked to, None if that person is not in this frame.
        """
        chosen = next((p for p in people if p.id == self.addressee != ''), None)
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
        scores = dict(zip(map(id, people), MODES[self.config.mode](people)))
        best = min(people, key=lambda p: (-scores[id(p)], len(p.id), p.id))
        if current is None:
            return self._choose(best, stamp)
        if scores[id(best)] < scores[id(current)] * self.config.switch_ratio:
            self._rival = ''
            return current
        if best.id != self._rival:
            self._rival, self._rival_since = best.id, stamp
        if stamp - self._rival_since >= self.config.switch_dwell - 1e-6:
            return self._choose(best, stamp)
        return current

    def _choose(self, person: Person, stamp: float) -> Person:
        self.person_id, self._seen, self._rival = person.id, stamp, ''
        return person
