"""Who has been told that the robot reads faces (EU AI Act, Art. 50(3)): once a visit."""

from __future__ import annotations

from collections.abc import Sequence

from fer_ros.behavior.attention import Person

#: Who has not been seen for longer [s] is forgotten: no face keeps its id for so long
#: (the highest ``max_age`` there is).
GONE = 60.0
#: Ages come in 32 bits [s].
_ROUNDING = 0.01


class Notices:
    """
    Remembers whom the robot has told. A visit is an id: with a new one people are told again.

    Only the ids of people who are there, or were a minute ago, are kept.
    """

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # who was told -> last seen [s]
        self._stamp = 0.0

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, stamp: float, people: Sequence[Person]) -> None:
        """
        Take the faces of one frame; forget who has left.

        :param stamp: [s]; after a jump back nobody has been told.
        :param people: all faces, any number.
        """
        if stamp < self._stamp:
            self._seen.clear()
        self._stamp = stamp
        for person in people:
            seen = self._seen.get(person.id)
            if seen is None or person.age <= 0:  # 0: not known, or too early to tell
                continue
            self._seen[person.id] = stamp
            if person.age < stamp - seen - _ROUNDING:
                # First seen after that: ids began anew, as after a restart of emotion_node.
                del self._seen[person.id]
        there = {person.id for person in people}
        self._seen = {id_: seen for id_, seen in self._seen.items()
                      if id_ in there or stamp - seen <= GONE}

    def is_due(self, person_id: str) -> bool:
        """Tell whether somebody is yet to be told; nobody ('') never is."""
        return bool(person_id) and person_id not in self._seen

    def told(self, person_id: str) -> None:
        """Note that somebody in the latest frame has been told."""
        self._seen[person_id] = self._stamp
