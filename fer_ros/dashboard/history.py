"""States and tones of the last minutes, for the time line."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

from fer_ros.dashboard.shown import Moment, ShownTone

#: A face unseen for longer leaves a gap in its line [s].
_GAP = 1.0
#: Lines of so many people are kept, and so many changes of each; the latest ones.
_PEOPLE, _SPANS = 50, 400


class History:
    """
    Spans of equal state, person by person, and the tones.

    Time is that of the pictures; when it jumps back, all starts anew.

    :param length: what is older is forgotten [s].
    """

    def __init__(self, length: float = 300.0) -> None:
        self._length, self._now = length, 0.0
        self._people: OrderedDict[str, deque[list[Any]]] = OrderedDict()
        self._tones: deque[tuple[float, str]] = deque(maxlen=_SPANS)

    def add(self, moment: Moment) -> None:
        """Take the faces of a picture."""
        if moment.stamp < self._now:
            self._people.clear()
            self._tones.clear()
        self._now = moment.stamp
        for person in moment.people:
            spans = self._people.setdefault(person.id, deque(maxlen=_SPANS))
            self._people.move_to_end(person.id)
            if spans and moment.stamp - spans[-1][1] <= _GAP:
                spans[-1][1] = moment.stamp
                if spans[-1][2] == person.label:
                    continue
            spans.append([moment.stamp, moment.stamp, person.label])
        self._forget()

    def add_tone(self, tone: ShownTone) -> None:
        """Take a tone; one that is told again is none."""
        if not self._tones or self._tones[-1][1] != tone.name:
            self._tones.append((tone.stamp, tone.name))

    def forget_people(self) -> None:
        """Forget everybody; the tone is still what it was."""
        self._people.clear()

    def as_json(self) -> dict[str, Any]:
        """
        Return what the page draws.

        :returns: ``now`` and ``length`` [s]; ``people``: each with ``id`` and ``spans`` of
            [begin, end, state], in the order in which they came; ``tones``: [begin, name].
        """
        people = [{'id': id_, 'spans': [[round(begin, 2), round(end, 2), label]
                                        for begin, end, label in spans]}
                  for id_, spans in sorted(self._people.items(), key=lambda item: item[1][0][0])]
        return {'now': round(self._now, 2), 'length': self._length, 'people': people,
                'tones': [[round(begin, 2), name] for begin, name in self._tones]}

    def _forget(self) -> None:
        begin = self._now - self._length
        while len(self._people) > _PEOPLE:
            self._people.popitem(last=False)
        for id_ in [id_ for id_, spans in self._people.items() if spans[-1][1] < begin]:
            del self._people[id_]
        for spans in self._people.values():
            while spans[0][1] < begin:
                spans.popleft()
        # The tone that held when the line begins is still needed.
        while len(self._tones) > 1 and self._tones[1][0] < begin:
            self._tones.popleft()
