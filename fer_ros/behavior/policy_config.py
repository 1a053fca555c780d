"""What a policy file says: tones, rules and how patient the robot is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fer_ros.behavior.attention import AttentionConfig
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.phrases import ENGLISH, Phrases

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
    :param hold_uncertain: it stays so long while the person's state is uncertain, or has no tone
        [s]; for another person not at all.
    :param min_confidence: a state less probable changes nothing.
    :param person_cooldown: least time between two changes for the same person [s].
    :param suggestion_interval: no suggestion is made twice within this time [s].
    :param suggest_again: another one is made after so long in the same mood [s], 0 for never.
    :param attention: whom to answer to.
    :param phrases: what reasons and situations are told in.
    :param notice: what is said to somebody who has not been told yet that faces are read, '' for
        nothing.
    """

    tones: Mapping[str, Tone]
    emotions: Mapping[str, str]
    default_tone: str = 'neutral'
    min_interval: float = 4.0
    hold: float = 6.0
    hold_uncertain: float = 10.0
    min_confidence: float = 0.5
    person_cooldown: float = 0.0
    suggestion_interval: float = 600.0
    suggest_again: float = 120.0
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    phrases: Phrases = ENGLISH
    notice: str = ''

    def __post_init__(self) -> None:
        """:raises ValueError: for an unknown tone, a mirrored emotion or a bad number."""
        for name in (self.default_tone, *self.emotions.values()):
            if name not in self.tones:
                raise ValueError(f"tone '{name}' is not one of {', '.join(self.tones)}")
        for emotion, name in self.emotions.items():
            check_answer(emotion, self.tones[name])
        for key in ('min_interval', 'hold', 'hold_uncertain', 'min_confidence',
                    'person_cooldown', 'suggestion_interval', 'suggest_again'):
            if not getattr(self, key) >= 0:
                raise ValueError(f'{key} is {getattr(self, key)}, must be 0 or more')
