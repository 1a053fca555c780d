"""The tones a robot can speak in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tone:
    """
    How to speak.

    :param name: as in the policy file.
    :param rate: speed factor, 1 = the voice's normal.
    :param pitch: pitch factor.
    :param volume: amplitude factor.
    :param style_prompt: one sentence for a language-model dialog manager.
    :param suggestions: activities to offer, in turn.
    :param expresses: the emotion that the tone itself shows, '' for none.
    """

    name: str
    rate: float = 1.0
    pitch: float = 1.0
    volume: float = 1.0
    style_prompt: str = ''
    suggestions: tuple[str, ...] = ()
    expresses: str = ''
