"""From emotion states over time to the robot's tone: rules as data, time as an argument."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fer_ros.behavior.attention import Attention, AttentionConfig, Person
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.perception.yaml_file import one_line

#: Emotions that a robot must not show back, nor answer with one of NEGATIVE.
NEVER_MIRRORED = ('angry', 'disgust', 'fear', 'contempt')
NEGATIVE = (*NEVER_MIRRORED, 'sad')


def check_answer(emotion: str, tone: Tone) -> None:
    """
    Refuse a tone that would mirror a negative emotion.

    :raises ValueError: names emotion and tone.
    """
    if emotion in NEVER_MIRRORED and tone.expresses in NEGATIVE:
        raise ValueError(f"emotion '{emotion}' must not be answered by tone '{tone.name}', "
                         f"which expresses '{tone.expresses}'")


@dataclass(frozen=True)
class PolicyConfig:
    """
    What the policy file says.

    :param tones: by name.
    :param emotions: emotion state -> name of its tone.
    :param default_tone: at start and while nobody is there.
    :param min_interval: least time between two changes [s].
    :param hold: the tone stays so long after the last face [s].
    :param min_confidence: a state less probable changes nothing.
    :param person_cooldown: least time between two changes for the same person [s].
    :param suggestion_interval: no suggestion is made twice within this time [s].
    :param attention: whom to answer to.
    """

    tones: Mapping[str, Tone]
    emotions: Mapping[str, str]
    default_tone: str = 'neutral'
    min_interval: float = 4.0
    hold: float = 6.0
    min_confidence: float = 0.5
    person_cooldown: float = 0.0
    suggestion_interval: float = 600.0
    attention: AttentionConfig = field(default_factory=AttentionConfig)

    def __post_init__(self) -> None:
        """:raises ValueError: for an unknown tone, a mirrored emotion or a bad number."""
        for name in (self.default_tone, *self.emotions.values()):
            if name not in self.tones:
                raise ValueError(f"tone '{name}' is not one of {', '.join(self.tones)}")
        for emotion, name in self.emotions.items():
            check_answer(emotion, self.tones[name])
        for key in ('min_interval', 'hold', 'min_confidence', 'person_cooldown',
                    'suggestion_interval'):
            if not getattr(self, key) >= 0:
                raise ValueError(f'{key} is {getattr(self, key)}, must be 0 or more')


@dataclass(frozen=True)
class ToneDecision:
    """
    A change of tone.

    :param stamp: when [s].
    :param tone: the new tone.
    :param person_id: whom it answers to, '' for nobody.
    :param emotion: that person's state.
    :param confidence: of the state.
    :param suggestion: an activity to offer, '' for none.
    :param reason: why, in plain words.
    """

    stamp: float
    tone: Tone
    person_id: str
    emotion: str
    confidence: float
    suggestion: str
    reason: str


class TonePolicy:
    """
    Decides when the tone changes. The first decision, at the first call, is the default tone.

    :param config: the rules.
    """

    def __init__(self, config: PolicyConfig) -> None:
        self.config = config
        self.attention = Attention(config.attention)
        self.decision: ToneDecision | None = None
        self.speaking = False
        self._stamp, self._changed, self._last_face = 0.0, 0.0, -math.inf
        self._offered: dict[str, float] = {}
        self._changed_for: dict[str, float] = {}
        self._overridden = False
        self._latest: tuple[Person | None, bool] = (None, False)

    def update(self, stamp: float, people: Sequence[Person]) -> ToneDecision | None:
        """
        Take the faces of one frame.

        :param stamp: [s]; a jump back starts anew, keeping the tone until there is a reason.
        :param people: all faces with their states, any number.
        :returns: the change, or None if the tone stays.
        """
        first = self.decision is None
        if first or stamp < self._stamp:
            self._restart(stamp)
        self._stamp = stamp
        if first:
            return self._decide(stamp, self.config.default_tone, None, 'start')
        person = self.attention.update(stamp, people)
        if people:
            self._last_face = stamp
        self._latest = person, bool(people)
        return self._change(stamp, *self._latest)

    def idle(self, stamp: float) -> ToneDecision | None:
        """
        Let time pass while no frame comes.

        :param stamp: an estimate [s]: the next frame's may be earlier, that is no jump back.
        :returns: the change to the default tone once ``hold`` is over, else None.
        """
        return self._change(stamp, None, False)

    def set_speaking(self, speaking: bool) -> ToneDecision | None:
        """
        Hold changes while an utterance is spoken.

        :returns: at its end the change that the latest frame asked for, if any.
        """
        ended = self.speaking and not speaking
        self.speaking = speaking
        return self._change(self._stamp, *self._latest) if ended else None

    def reconfigure(self, config: PolicyConfig) -> ToneDecision | None:
        """
        Take new rules.

        :returns: the current tone with its new values, if they changed, or the default tone, if
            there is no tone of that name any more; else None.
        """
        self.config, self.attention.config = config, config.attention
        old = self.decision
        if old is None or config.tones.get(old.tone.name) == old.tone:
            return None
        name = old.tone.name if old.tone.name in config.tones else config.default_tone
        self.decision = replace(
            old, tone=config.tones[name], suggestion='', reason='the policy was reloaded')
        return self.decision

    def override(self, name: str, stamp: float) -> ToneDecision | None:
        """
        Let an operator set the tone, at once, whatever faces show, until :meth:`release`.

        :param name: of a tone.
        :param stamp: an estimate [s], as in :meth:`idle`.
        :returns: the change, or None if it is that tone already.
        :raises ValueError: for an unknown tone.
        """
        if name not in self.config.tones:
            raise ValueError(one_line(
                f"tone '{name}' is not one of {', '.join(self.config.tones)}"))
        self._overridden = True
        if self._is_current(name):
            return None
        return self._decide(stamp, name, None, 'set by the operator')

    def release(self) -> None:
        """Give the choice back to the faces; the tone stays until there is a reason."""
        self._overridden = False

    def _restart(self, stamp: float) -> None:
        self.attention.reset()
        self._last_face, self._latest = min(self._last_face, stamp), (None, False)
        self._changed = stamp - self.config.min_interval
        self._offered.clear()
        self._changed_for.clear()

    def _change(self, stamp: float, person: Person | None,
                anybody: bool) -> ToneDecision | None:
        if self._overridden or self.decision is None or self.speaking or (
                stamp - self._changed < self.config.min_interval - 1e-6):
            return None
        if not anybody:
            gone = stamp - self._last_face
            if gone < self.config.hold - 1e-6 or self._is_current(self.config.default_tone):
                return None
            self._changed = stamp
            since = f'for {gone:.1f} s' if math.isfinite(gone) else 'yet'
            return self._decide(
                stamp, self.config.default_tone, None, f'nobody seen {since}')
        if person is None or not person.confidence >= self.config.min_confidence:
            return None
        name = self.config.emotions.get(person.label)  # uncertain has no tone: no change
        if name is None or self._is_current(name) or self._cooling(person.id, stamp):
            return None
        self._changed = self._changed_for[person.id] = stamp
        return self._decide(
            stamp, name, person,
            f'{one_line(person.id, 40)} looks {person.label} ({person.confidence:.0%})')

    def _cooling(self, person_id: str, stamp: float) -> bool:
        """Tell whether the tone has changed for this person just now; forget older ones."""
        self._changed_for = {
            id_: changed for id_, changed in self._changed_for.items()
            if stamp - changed < self.config.person_cooldown - 1e-6}
        return person_id in self._changed_for

    def _is_current(self, name: str) -> bool:
        """Compare values, not names: a reloaded file may have changed them."""
        return self.decision is not None and self.decision.tone == self.config.tones[name]

    def _decide(self, stamp: float, name: str, person: Person | None,
                reason: str) -> ToneDecision:
        tone = self.config.tones[name]
        self.decision = ToneDecision(
            stamp, tone, person.id if person else '', person.label if person else '',
            person.confidence if person else 0.0, self._suggestion(tone, stamp), reason)
        return self.decision

    def _suggestion(self, tone: Tone, stamp: float) -> str:
        """Return the suggestion that was made longest ago, '' if all were made just now."""
        free = [text for text in tone.suggestions if stamp - self._offered.get(
            text, -math.inf) >= self.config.suggestion_interval - 1e-6]
        if not free:
            return ''
        chosen = min(free, key=lambda text: self._offered.get(text, -math.inf))
        self._offered[chosen] = stamp
        return chosen
