"""What the page shows of a moment, whoever found it: a node's messages or a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Levels of :class:`Condition`, from good to bad.
LEVELS = ('ok', 'warning', 'error', 'silent')


@dataclass(frozen=True)
class ShownPerson:
    """
    One face.

    :param id: of its track.
    :param box: x, y, width, height, as shares of the picture's width and height.
    :param label: its state, or ``uncertain``.
    :param confidence: 0..1.
    :param probabilities: in the order of the labels; empty where there are none.
    :param quality: ``ok``, or why it is not judged.
    :param state_age: how long the state has held [s].
    :param track_age: how long the face has been seen [s].
    """

    id: str
    box: tuple[float, float, float, float]
    label: str
    confidence: float
    probabilities: tuple[float, ...]
    quality: str
    state_age: float
    track_age: float


@dataclass(frozen=True)
class Moment:
    """
    The faces of one picture.

    :param stamp: when it was taken [s].
    :param labels: order of the probabilities.
    :param people: all faces.
    :param size: width and height of the picture [px].
    """

    stamp: float
    labels: tuple[str, ...] = ()
    people: tuple[ShownPerson, ...] = ()
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class ShownTone:
    """
    How the robot speaks.

    :param stamp: since when [s].
    :param name: of the tone.
    :param person_id: whom the robot talks to; '' for nobody.
    :param emotion: that person's state.
    :param reason: why the tone is what it is.
    :param style_prompt: how to speak, in a sentence.
    :param situation: what the robot sees, in a sentence.
    :param suggestion: an activity to offer; '' for none.
    """

    stamp: float
    name: str
    person_id: str = ''
    emotion: str = ''
    reason: str = ''
    style_prompt: str = ''
    situation: str = ''
    suggestion: str = ''


@dataclass(frozen=True)
class Condition:
    """
    How a part of the system is.

    :param name: of the part.
    :param level: one of :data:`LEVELS`.
    :param text: what is wrong and what to do, or that all is well.
    :param values: figures, as diagnostics show them.
    """

    name: str
    level: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """
    What the page's controls stand at; None where it is not known.

    :param enabled: whether pictures are looked at.
    :param anonymize: whether faces are hidden.
    :param overlay: what the picture shows beside box and state.
    :param tones: names that can be set.
    :param tone_is_set: whether an operator has set the tone.
    """

    enabled: bool | None = None
    anonymize: bool | None = None
    overlay: str | None = None
    tones: tuple[str, ...] = ()
    tone_is_set: bool | None = None
