"""What the robot sees, as one sentence for a language model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from fer_ros.behavior.attention import Person
from fer_ros.behavior.phrases import OPTED_OUT, Phrases
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.types import UNCERTAIN

#: What stands for an emotion that is not known.
_WITHOUT = (UNCERTAIN, OPTED_OUT)


@dataclass(frozen=True)
class Situation:
    """
    Whom the robot talks to, how that person looks, and who else is there.

    Two situations are equal if they read the same, whatever the confidence.

    :param person_id: '' for nobody, or for a face without an id.
    :param emotion: the person's; ``uncertain``; ``opted_out``; '' for nobody.
    :param confidence: of the emotion, 0..1; 0 for none.
    :param duration: since when the person looks so: the longest of the phrases' durations that
        is over [s], 0 for none of them.
    :param others: emotion -> how many others look so, by emotion.
    """

    person_id: str = ''
    emotion: str = ''
    confidence: float = field(default=0.0, compare=False)
    duration: float = 0.0
    others: tuple[tuple[str, int], ...] = ()

    @property
    def whom(self) -> tuple[str, str]:
        """The person and that person's emotion."""
        return self.person_id, self.emotion

    @property
    def unread(self) -> int:
        """How many others have opted out."""
        return dict(self.others).get(OPTED_OUT, 0)

    def sentence(self, phrases: Phrases) -> str:
        """Return it in words."""
        others = self._others(phrases)
        return self._person(phrases) + (f'; {others}.' if others else '.')

    def _person(self, phrases: Phrases) -> str:
        if not self.emotion:
            return phrases.nobody
        if self.emotion in _WITHOUT:
            return phrases.unsure if self.emotion == UNCERTAIN else phrases.unread
        duration = phrases.durations.get(self.duration, '')
        phrase = phrases.has_looked if duration else phrases.looks
        return phrase.format(emotion=phrases.look(self.emotion),
                             percent=percent(self.confidence), duration=duration)

    def _others(self, phrases: Phrases) -> str:
        count = sum(number for _, number in self.others)
        if count > 1:
            return phrases.others.format(count=count, moods=', '.join(
                f'{number} {phrases.look(emotion)}' for emotion, number in self.others))
        if not count:
            return ''
        emotion = self.others[0][0]
        if emotion in _WITHOUT:
            return phrases.other_unsure if emotion == UNCERTAIN else phrases.other_unread
        return phrases.other.format(emotion=phrases.look(emotion))


def situation_of(person: Person, people: Sequence[Person], phrases: Phrases) -> Situation:
    """
    Return the situation of one frame.

    :param person: whom the robot talks to, one of the people.
    :param people: all faces.
    :param phrases: have the durations that are told.
    """
    emotion, others = _emotion(person), Counter(map(_emotion, people))
    others[emotion] -= 1
    rows = tuple((name, others[name]) for name in (*EMOTIONS, *_WITHOUT) if others[name])
    if emotion in _WITHOUT:
        return Situation(person.id, emotion, others=rows)
    over = [duration for duration in phrases.durations if duration <= person.state_age + 1e-6]
    return Situation(person.id, emotion, person.confidence, max(over, default=0.0), rows)


def percent(confidence: float) -> int:
    """Return a probability in percent."""
    return round(100 * confidence)


def _emotion(person: Person) -> str:
    if person.opted_out:
        return OPTED_OUT
    return person.label if person.label in EMOTIONS else UNCERTAIN
