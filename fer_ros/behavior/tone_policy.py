"""From emotion states over time to the robot's tone: rules as data, time as an argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fer_ros.behavior.attention import Attention, AttentionConfig, Person
from fer_ros.behavior.dialog_tone import Tone

#: Emotions that a robot must not show back.
NEVER_MIRRORED = ('angry', 'disgust', 'fear', 'contempt')


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
    :param attention: whom to answer to.
    """

    tones: Mapping[str, Tone]
    emotions: Mapping[str, str]
    default_tone: str = 'neutral'
    min_interval: float = 4.0
    hold: float = 6.0
    min_confidence: float = 0.5
    attention: AttentionConfig = field(default_factory=AttentionConfig)

    def __post_init__(self) -> None:
        """:raises ValueError: for an unknown tone, a mirrored emotion or a bad number."""
        for name in (self.default_tone, *self.emotions.values()):
            if name not in self.tones:
                raise ValueError(f"tone '{name}' is not one of {', '.join(self.tones)}")
        for emotion, name in self.emotions.items():
            shown = self.tones[name].expresses
            if emotion in NEVER_MIRRORED and shown in NEVER_MIRRORED:
                raise ValueError(f"emotion '{emotion}' must not be answered by tone '{name}', "
                                 f"which expresses '{shown}'")
        for key in ('min_interval', 'hold', 'min_confidence'):
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
        self._stamp = self._last_face = self._changed = 0.0
        self._offered: dict[str, int] = {}

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
        return self._change(stamp, person, bool(people))

    def set_speaking(self, speaking: bool) -> None:
        """Hold changes while an utterance is spoken; the next update after it may change."""
        self.speaking = speaking

    def reconfigure(self, config: PolicyConfig) -> None:
        """Take new rules; the tone stays until there is a reason to change it."""
        self.config, self.attention.config = config, config.attention

    def _restart(self, stamp: float) -> None:
        self.attention.reset()
        self._last_face = stamp
        self._changed = stamp - self.config.min_interval

    def _change(self, stamp: float, person: Person | None,
                anybody: bool) -> ToneDecision | None:
        if self.speaking or stamp - self._changed < self.config.min_interval - 1e-6:
            return None
        if not anybody:
            gone = stamp - self._last_face
            if gone < self.config.hold - 1e-6 or self._current == self.config.default_tone:
                return None
            return self._decide(
                stamp, self.config.default_tone, None, f'nobody seen for {gone:.1f} s')
        if person is None or person.confidence < self.config.min_confidence:
            return None
        name = self.config.emotions.get(person.label)  # uncertain has no tone: no change
        if name is None or name == self._current:
            return None
        return self._decide(
            stamp, name, person,
            f'{person.id} looks {person.label} ({person.confidence:.0%})')

    @property
    def _current(self) -> str:
        return self.decision.tone.name if self.decision else ''

    def _decide(self, stamp: float, name: str, person: Person | None,
                reason: str) -> ToneDecision:
        tone = self.config.tones[name]
        self._changed = stamp if person is not None else self._changed
        self.decision = ToneDecision(
            stamp, tone, person.id if person else '', person.label if person else '',
            person.confidence if person else 0.0, self._suggestion(tone), reason)
        return self.decision

    def _suggestion(self, tone: Tone) -> str:
        """Return the tone's next suggestion, in turn."""
        if not tone.suggestions:
            return ''
        index = self._offered.get(tone.name, 0)
        self._offered[tone.name] = index + 1
        return tone.suggestions[index % len(tone.suggestions)]
