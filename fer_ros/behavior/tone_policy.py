"""From emotion states over time to the robot's tone: rules as data, time as an argument."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fer_ros.behavior.attention import Attention, Person
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.policy_config import PolicyConfig
from fer_ros.behavior.situation import percent
from fer_ros.behavior.suggestions import Suggestions
from fer_ros.behavior.told_by import with_cues
from fer_ros.perception.yaml_file import one_line


@dataclass(frozen=True)
class ToneDecision:
    """
    A tone and why.

    :param stamp: when it was chosen [s].
    :param tone: the tone.
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
        #: the tone as it is; another person in the same mood becomes its reason in silence.
        self.decision: ToneDecision | None = None
        self.speaking = self.overridden = False
        #: whom the robot talks to, None if that person is not in the latest frame.
        self.person: Person | None = None
        self._stamp, self._changed, self._last_face = 0.0, 0.0, -math.inf
        self._suggestions = Suggestions()
        self._changed_for: dict[str, float] = {}
        self._anybody = False
        self._unclear_since: float | None = None
        self._opted_out: frozenset[str] = frozenset()

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
            return self._decide(stamp, self.config.default_tone, None, self.config.phrases.start)
        near = self.attention.in_reach(people)
        self.person, self._anybody = self.attention.update(stamp, near), bool(near)
        self._opted_out = frozenset(person.id for person in people if person.opted_out)
        if near:
            self._last_face = stamp
        if self.person is not None:
            if self._answer(self.person):
                self._unclear_since = None
            elif self._unclear_since is None:
                self._unclear_since = stamp
        return self._change(stamp, self.person, self._anybody)

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
        return self._change(self._stamp, self.person, self._anybody) if ended else None

    def reconfigure(self, config: PolicyConfig) -> ToneDecision | None:
        """
        Take new rules.

        :returns: the current tone with its new values, if they changed, or the default tone, if
            there is no tone of that name any more; also if the phrases changed; else None.
        """
        same_phrases = config.phrases == self.config.phrases
        self.config, self.attention.config = config, config.attention
        old = self.decision
        if old is None or same_phrases and config.tones.get(old.tone.name) == old.tone:
            return None
        name = old.tone.name if old.tone.name in config.tones else config.default_tone
        self.decision = replace(
            old, tone=config.tones[name], suggestion='', reason=config.phrases.reloaded)
        return self.decision

    def override(self, name: str, stamp: float) -> ToneDecision | None:
        """
        Let an operator set the tone, at once, whatever faces show, until :meth:`release`.

        :param name: of a tone.
        :param stamp: an estimate [s], as in :meth:`idle`.
        :returns: the change, or None if the operator has set that tone already.
        :raises ValueError: for an unknown tone.
        """
        if name not in self.config.tones:
            raise ValueError(one_line(
                f"tone '{name}' is not one of {', '.join(self.config.tones)}"))
        if self.overridden and self._is_current(name):
            return None
        self.overridden = True
        return self._decide(stamp, name, None, self.config.phrases.operator)

    def release(self) -> None:
        """Give the choice back to the faces; the tone stays until there is a reason."""
        self.overridden = False

    def suggest(self, stamp: float) -> str:
        """
        Return an activity to offer that fits the tone, '' for none.

        :param stamp: an estimate [s], as in :meth:`idle`.
        """
        tone = self.decision.tone if self.decision else self.config.tones[self.config.default_tone]
        return self._suggestions.take(tone.suggestions, stamp, self.config.suggestion_interval)

    def all_left(self, stamp: float) -> bool:
        """
        Tell whether nobody has been there for ``hold``.

        :param stamp: an estimate [s], as in :meth:`idle`.
        """
        return stamp - self._last_face >= self.config.hold - 1e-6

    def is_answered(self) -> bool:
        """Tell whether the tone is the one for how the person looks now."""
        name = self._answer(self.person) if self.person else None
        return name is not None and not self.overridden and self._is_current(name)

    def _restart(self, stamp: float) -> None:
        self.attention.reset()
        self.person, self._anybody, self._unclear_since = None, False, None
        self._last_face = min(self._last_face, stamp)
        self._changed = stamp - self.config.min_interval
        self._suggestions.forget()
        self._changed_for.clear()

    def _change(self, stamp: float, person: Person | None,
                anybody: bool) -> ToneDecision | None:
        if self.overridden or self.decision is None or self.speaking:
            return None
        if self.decision.person_id in self._opted_out:
            return self._without_person(stamp)
        ready = stamp - self._changed >= self.config.min_interval - 1e-6
        if not anybody:
            return self._after_all_left(stamp) if ready else None
        if person is None:
            return None
        name = self._answer(person)
        if name is None:
            return self._without_a_reason(stamp, person) if ready else None
        if self._is_current(name):
            self._confirm(person)
            return None
        if not ready or self._cooling(person.id, stamp):
            return None
        self._changed = self._changed_for[person.id] = stamp
        return self._decide(stamp, name, person, self._because(person))

    def _after_all_left(self, stamp: float) -> ToneDecision | None:
        if not self.all_left(stamp) or self._is_current(self.config.default_tone):
            return None
        gone = stamp - self._last_face
        phrases = self.config.phrases
        return self._to_default(stamp, None, phrases.left.format(
            seconds=f'{gone:.1f}') if math.isfinite(gone) else phrases.never)

    def _without_a_reason(self, stamp: float, person: Person) -> ToneDecision | None:
        """Return to the default tone after ``hold_uncertain``, at once for another person."""
        assert self.decision is not None
        if self._is_current(self.config.default_tone):
            return None
        name, phrases = one_line(person.id, 40), self.config.phrases
        if person.id != self.decision.person_id:
            reason = phrases.declined if person.opted_out else (
                phrases.stranger.format(person=name))
            return self._to_default(stamp, None if person.opted_out else person, reason)
        # New rules may have made unclear what was clear in the latest frame.
        unclear = 0.0 if self._unclear_since is None else stamp - self._unclear_since
        if unclear < self.config.hold_uncertain - 1e-6:
            return None
        return self._to_default(stamp, person, phrases.unclear_for.format(
            person=name, seconds=f'{unclear:.1f}'))

    def _without_person(self, stamp: float) -> ToneDecision | None:
        """Give up at once a tone for somebody who has opted out, or else its reason in silence."""
        assert self.decision is not None
        reason = self.config.phrases.declined
        if not self._is_current(self.config.default_tone):
            return self._to_default(stamp, None, reason)
        self.decision = replace(
            self.decision, person_id='', emotion='', confidence=0.0, reason=reason)
        return None

    def _to_default(self, stamp: float, person: Person | None, reason: str) -> ToneDecision:
        self._changed = stamp
        return self._decide(stamp, self.config.default_tone, person, reason)

    def _answer(self, person: Person) -> str | None:
        """Return the tone for how a person looks, None while that is uncertain or has none."""
        sure = person.confidence >= self.config.min_confidence
        return self.config.emotions.get(person.label) if sure else None

    def _because(self, person: Person) -> str:
        phrases = self.config.phrases
        reason = phrases.because.format(
            person=one_line(person.id, 40), emotion=phrases.look(person.label),
            percent=percent(person.confidence))
        return with_cues(reason, person, phrases)

    def _confirm(self, person: Person) -> None:
        """Let the person who looks so now be the reason for the tone."""
        assert self.decision is not None
        if (person.id, person.label) != (self.decision.person_id, self.decision.emotion):
            self.decision = replace(
                self.decision, person_id=person.id, emotion=person.label,
                confidence=person.confidence, reason=self._because(person))

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
        suggestion = self._suggestions.take(
            tone.suggestions, stamp, self.config.suggestion_interval)
        self.decision = ToneDecision(
            stamp, tone, person.id if person else '', person.label if person else '',
            person.confidence if person else 0.0, suggestion, reason)
        return self.decision
