"""What is remembered of each tracked face: its smoothed emotion and its state, if it may be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fer_ros.perception.circumplex_filter import CircumplexFilter
from fer_ros.perception.cue_delivery import CueDelivery
from fer_ros.perception.cues import FACE, CueConfig, CuePool
from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import ErrorModel
from fer_ros.perception.labels import valence_arousal
from fer_ros.perception.smoothing import ProbabilityFilter, SmoothingConfig, make_filter
from fer_ros.perception.types import (
    NO_ANSWER,
    QUALITY_OK,
    QUALITY_OPTED_OUT,
    UNCERTAIN,
    EmotionEstimate,
    FaceTrack,
)

#: What is told of somebody who has opted out.
NOT_JUDGED = EmotionEstimate(quality=QUALITY_OPTED_OUT)


@dataclass
class _Person:
    smoother: ProbabilityFilter
    state: EmotionState
    circumplex: CircumplexFilter
    quality: str = QUALITY_OK
    cues: CuePool = field(default_factory=CuePool)


class People:
    """
    The filters and states of all faces, by track id.

    :param labels: the emotions in the order of the probabilities.
    :param errors: of the classifier, for the filters.
    :param cues: what other cues weigh.
    """

    def __init__(self, labels: tuple[str, ...], errors: ErrorModel, smoothing: SmoothingConfig,
                 state: StateConfig, cues: CueConfig | None = None) -> None:
        self.labels, self.errors = labels, errors
        self._smoothing, self._state, self._cues = smoothing, state, cues or CueConfig()
        #: brings cues to whom they are about.
        self.delivery = CueDelivery()
        self._people: dict[str, _Person] = {}
        self._rest = valence_arousal(errors.prior, labels)
        #: who does not want to be judged: nothing else is remembered of them.
        self.opted_out: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._people)

    def keep(self, ids: Iterable[str]) -> None:
        """Forget everybody else."""
        kept = set(ids)
        self._people = {id_: p for id_, p in self._people.items() if id_ in kept}
        self.opted_out &= kept

    def opt_out(self, ids: Collection[str]) -> None:
        """Forget the emotions of some people, and learn no new ones, until they opt in or go."""
        self.opted_out |= set(ids)
        self._people = {id_: p for id_, p in self._people.items() if id_ not in self.opted_out}

    def opt_in(self, ids: Collection[str]) -> None:
        """Begin anew with people who had opted out."""
        self.opted_out -= set(ids)

    def reset(self) -> None:
        """Forget everybody, and what was said to nobody yet."""
        self.keep(())
        self.delivery.reset()

    def reconfigure(self, smoothing: SmoothingConfig, state: StateConfig,
                    cues: CueConfig) -> None:
        """Take new thresholds, times and weights without losing anybody."""
        self._smoothing, self._state, self._cues = smoothing, state, cues
        for person in self._people.values():
            if smoothing.kind != person.smoother.config.kind:
                person.smoother = make_filter(smoothing, self.errors).continue_from(
                    person.smoother)
            person.smoother.config, person.state.config = smoothing, state

    def hear(self, stamp: float, tracks: Sequence[FaceTrack]) -> list[str]:
        """
        Let the cues count that were said until a frame.

        :param tracks: all who are followed.
        :returns: why some are left out.
        """
        delivered, refused = self.delivery.deliver(stamp, tracks, self.opted_out, self._cues)
        for id_, cue in delivered:
            self._person(id_).cues.take(cue)
        return refused

    def follow(self, id_: str, raw: np.ndarray, weight: float, quality: str,
               stamp: float, feelings: np.ndarray | None = None) -> EmotionEstimate:
        """
        Move a person's filter and state on by a frame that was looked at; who opted out has none.

        :param raw: float32 (L,), the classifier's answer; empty where quality forbids one.
        :param weight: trust in it, 0..1.
        :param stamp: time of the frame [s].
        :param feelings: float32 (2,), valence and arousal as the network tells them, -1..1; None:
            they follow from the probabilities.
        """
        if id_ in self.opted_out:
            return NOT_JUDGED
        person = self._person(id_)
        person.quality = quality
        if feelings is not None:
            person.circumplex.update(feelings, stamp, weight, self._smoothing)
        elif not len(raw):
            person.circumplex.forget(stamp, self._smoothing)
        smoothed = person.smoother.update(raw, stamp, weight) if len(raw) else (
            person.smoother.forget(stamp))
        return self._moved(person, smoothed, raw, stamp)

    def coast(self, id_: str, stamp: float) -> EmotionEstimate:
        """Return a person's emotion in a frame that nobody looked at: probabilities hold."""
        person = self._people.get(id_)
        if person is None:  # opted out, or back since the last look
            return NOT_JUDGED
        return self._moved(person, person.smoother.value, NO_ANSWER, stamp)

    def once(self, raw: np.ndarray, quality: str,
             feelings: np.ndarray | None = None) -> EmotionEstimate:
        """Return the emotion in a still picture: nothing is smoothed, nobody is remembered."""
        state = EmotionState(self.labels, StateConfig(
            self._state.enter_threshold, self._state.exit_threshold, 0.0))
        person = _Person(make_filter(self._smoothing, self.errors), state,
                         CircumplexFilter(self._rest), quality)
        if feelings is not None:
            person.circumplex.update(feelings, 0.0, 1.0, self._smoothing)
        return self._moved(person, raw, raw, 0.0)

    def _person(self, id_: str) -> _Person:
        person = self._people.get(id_)
        if person is None:
            person = self._people[id_] = _Person(
                make_filter(self._smoothing, self.errors), EmotionState(self.labels, self._state),
                CircumplexFilter(self._rest))
        return person

    def _moved(self, person: _Person, smoothed: np.ndarray, raw: np.ndarray,
               stamp: float) -> EmotionEstimate:
        """Pool the face with the cues, and move the state on."""
        pooled = person.cues.pool(smoothed, self.errors.prior, stamp, self._cues)
        probabilities = smoothed if pooled is None else pooled.probabilities
        if len(probabilities) == 0:
            return EmotionEstimate(label=UNCERTAIN, quality=person.quality)
        state = person.state
        state.update(probabilities, stamp)
        valence, arousal = self._feelings(person, smoothed, probabilities)
        emotion = EmotionEstimate(
            state.label, state.confidence(probabilities), probabilities, raw, valence, arousal,
            state.age(stamp), person.quality)
        if pooled is None:
            return emotion
        face = ((FACE, self.labels[int(smoothed.argmax())]),) if (
            person.quality == QUALITY_OK and len(smoothed)) else ()
        return replace(emotion, cues=face + pooled.cues, cue_agreement=pooled.agreement)

    def _feelings(self, person: _Person, smoothed: np.ndarray,
                  probabilities: np.ndarray) -> tuple[float, float]:
        """Return valence and arousal; the network's own are moved as far as cues move ours."""
        ours, own = valence_arousal(probabilities, self.labels), person.circumplex.value
        if own is None or probabilities is smoothed:
            return own or ours
        face = valence_arousal(smoothed, self.labels) if len(smoothed) else self._rest
        valence, arousal = (min(max(a + b - c, -1.0), 1.0) for a, b, c in zip(own, ours, face))
        return valence, arousal
