"""What a dialog manager is told, and when: tone, person, situation and suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fer_ros.behavior.attention import Person
from fer_ros.behavior.policy_config import PolicyConfig
from fer_ros.behavior.situation import Situation, situation_of
from fer_ros.behavior.tone_policy import ToneDecision, TonePolicy


@dataclass(frozen=True)
class DialogState:
    """
    What is told.

    :param stamp: when [s].
    :param decision: the tone and why.
    :param is_new_tone: whether the tone, or a value of it, is another one than told before.
    :param situation: what the robot sees.
    :param sentence: the situation in words.
    :param suggestion: an activity to offer now, '' for none.
    """

    stamp: float
    decision: ToneDecision
    is_new_tone: bool
    situation: Situation
    sentence: str
    suggestion: str


class Dialog:
    """
    Watches what a policy decides and what the robot sees; tells what has changed.

    Another person, another emotion of that person, and that somebody has opted out are told at
    once; what else the sentence says at most every ``min_interval``. Nothing is told while the
    robot speaks, but for what an operator wants.

    :param config: the rules.
    """

    def __init__(self, config: PolicyConfig) -> None:
        self.policy = TonePolicy(config)
        self._situation = Situation()
        self._told: DialogState | None = None
        self._stamp = self._suggested = 0.0

    def update(self, stamp: float, people: Sequence[Person]) -> DialogState | None:
        """
        Take the faces of one frame.

        :param stamp: [s]; a jump back starts anew.
        :param people: all faces with their states, any number.
        :returns: what is to be told now, None if nothing has changed.
        """
        if stamp < self._stamp:
            self._suggested = stamp
        self._stamp = stamp
        decision, person = self.policy.update(stamp, people), self.policy.person
        if person is not None:
            self._situation = situation_of(person, people, self.policy.config.phrases)
        elif not self.policy.attention.person_id:  # else a lost person is waited for
            self._situation = Situation()
        return self._news(stamp, decision)

    def idle(self, stamp: float) -> DialogState | None:
        """Let time pass while no frame comes: see :meth:`.TonePolicy.idle`."""
        decision = self.policy.idle(stamp)
        if self.policy.all_left(stamp):
            self._situation = Situation()
        return self._news(stamp, decision)

    def set_speaking(self, speaking: bool) -> DialogState | None:
        """Hold what is to be told while an utterance is spoken; tell it at its end."""
        return self._news(self._stamp, self.policy.set_speaking(speaking))

    def override(self, name: str, stamp: float) -> DialogState | None:
        """Let an operator set the tone: see :meth:`.TonePolicy.override`."""
        decision = self.policy.override(name, stamp)
        return self._tell(stamp, decision, decision.suggestion) if decision else None

    def reconfigure(self, config: PolicyConfig) -> DialogState | None:
        """Take new rules: see :meth:`.TonePolicy.reconfigure`."""
        decision = self.policy.reconfigure(config)
        return self._tell(self._stamp, decision, decision.suggestion) if decision else None

    def suggest(self, stamp: float) -> str:
        """
        Return an activity to offer now, '' if the tone has none that was not made just now.

        :param stamp: an estimate [s], as in :meth:`.TonePolicy.idle`.
        """
        suggestion = self.policy.suggest(stamp)
        if suggestion:
            self._suggested = stamp
        return suggestion

    def _news(self, stamp: float, decision: ToneDecision | None) -> DialogState | None:
        """Return what has changed since it was told."""
        if decision is not None:
            return self._tell(stamp, decision, decision.suggestion)
        told = self._told
        if told is None or self.policy.decision is None or self.policy.speaking:
            return None
        suggestion = self.suggest(stamp) if self._is_due(stamp) else ''
        now, before = self._situation, told.situation
        soon = 0 <= stamp - told.stamp < self.policy.config.min_interval - 1e-6
        if (suggestion or now.whom != before.whom or now.unread != before.unread
                or self.policy.decision != told.decision or (now != before and not soon)):
            return self._tell(stamp, self.policy.decision, suggestion)
        return None

    def _is_due(self, stamp: float) -> bool:
        """Tell whether the mood has lasted so long that another suggestion fits."""
        again = self.policy.config.suggest_again
        return bool(again and self._situation.emotion and self.policy.is_answered()
                    and stamp - self._suggested >= again - 1e-6)

    def _tell(self, stamp: float, decision: ToneDecision, suggestion: str) -> DialogState:
        is_new = self._told is None or self._told.decision.tone != decision.tone
        if is_new or suggestion:
            self._suggested = stamp
        self._told = DialogState(
            stamp, decision, is_new, self._situation,
            self._situation.sentence(self.policy.config.phrases), suggestion)
        return self._told
