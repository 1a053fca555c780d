"""Frames through pipeline and dialog to the page, in one process and without ROS."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from fer_ros.behavior.attention import Person, center_offset
from fer_ros.behavior.dialog import Dialog, DialogState
from fer_ros.behavior.policy_config import PolicyConfig
from fer_ros.dashboard.controls import Answer
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros.dashboard.shown import Condition, Moment, Settings, ShownPerson, ShownTone
from fer_ros.perception.annotator import annotate
from fer_ros.perception.concealment import Concealment, load_concealment
from fer_ros.perception.opt_out import apply_request
from fer_ros.perception.pipeline import Pipeline, PipelineResult
from fer_ros.perception.types import QUALITY_OPTED_OUT, TrackedFace

_JPEG_QUALITY = 80


class Viewing:
    """
    Takes frames, fills the feed, and does what is clicked.

    :param pipeline: looks at the frames.
    :param policy: chooses the tone.
    :param feed: what the page shows.
    :param name: of the source, for people.
    :param overlay: what pictures show beside box and state.
    :param anonymize: hide faces in them.
    """

    def __init__(self, pipeline: Pipeline, policy: PolicyConfig, feed: LiveFeed, name: str,
                 overlay: str = 'bars', anonymize: bool = False) -> None:
        self._pipeline, self._dialog, self._feed, self._name = (
            pipeline, Dialog(policy), feed, name)
        self._lock = threading.Lock()
        self._enabled, self._stamp, self._told = True, 0.0, 0.0
        self._concealment: Concealment | None = load_concealment() if anonymize else None
        self._overlay = overlay
        self._seconds: list[float] = []
        self._show_overlay(overlay)

    def take(self, frame: np.ndarray, stamp: float) -> None:
        """
        Take the next frame.

        :param frame: uint8 (H, W, 3) BGR.
        :param stamp: its time [s].
        """
        with self._lock:
            self._stamp, picture = stamp, frame
            if self._enabled:
                result = self._pipeline.process(frame, stamp)
                self._tell(result, stamp, frame.shape[1::-1])
                if self._feed.is_watched:
                    picture = self._drawn(frame, stamp, result)
            elif self._concealment is not None and self._feed.is_watched:
                picture = annotate(frame, [], (), 'none', self._concealment.places(frame, stamp))
        if self._feed.is_watched:
            self._feed.add_picture(cv2.imencode('.jpg', picture, [
                cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes())

    def end(self, text: str) -> None:
        """Say that no more frames come."""
        self._feed.set_condition(Condition(self._name, 'warning', text))

    async def apply(self, name: str, value: Any) -> Answer:
        """See :meth:`.Controls.apply`."""
        with self._lock:
            try:
                message = self._actions()[name](value) or ''
            except ValueError as error:
                return Answer(False, str(error))
            self._show_settings()
        return Answer(True, message)

    def _actions(self) -> dict[str, Callable[[Any], str | None]]:
        return {'enable': self._enable, 'anonymize': self._hide, 'overlay': self._show_overlay,
                'tone': self._set_tone, 'reset': self._reset,
                'opt_out': lambda id_: apply_request(self._pipeline, id_, False, False),
                'opt_in': lambda id_: apply_request(self._pipeline, id_, False, True),
                'opt_out_everybody': lambda _: apply_request(self._pipeline, '', True, False)}

    def _enable(self, enabled: bool) -> None:
        self._enabled = enabled
        if not enabled:
            self._feed.clear()

    def _hide(self, anonymize: bool) -> None:
        self._concealment = load_concealment() if anonymize else None

    def _show_overlay(self, overlay: str) -> None:
        self._overlay = overlay
        self._pipeline.reconfigure(replace(self._pipeline.config, maps=overlay == 'cam'))
        self._show_settings()

    def _set_tone(self, name: str) -> None:
        if name:
            self._show_tone(self._dialog.override(name, self._stamp))
        else:
            self._dialog.policy.release()

    def _reset(self, _: Any) -> None:
        self._pipeline.reset()
        self._feed.clear()

    def _show_settings(self) -> None:
        policy = self._dialog.policy
        self._feed.set_settings(Settings(
            self._enabled, self._concealment is not None, self._overlay,
            tuple(policy.config.tones), policy.overridden))

    def _tell(self, result: PipelineResult, stamp: float, size: tuple[int, ...]) -> None:
        faces, (width, height) = result.faces, size
        self._feed.add_moment(Moment(stamp, self._pipeline.labels, tuple(
            _shown(face, width, height) for face in faces), (width, height)))
        self._show_tone(self._dialog.update(stamp, [
            _person(face, width, height) for face in faces]))
        self._tell_condition(result.processing_seconds)

    def _show_tone(self, state: DialogState | None) -> None:
        if state is None:
            return
        tone, seen = state.decision.tone, state.situation
        self._feed.add_tone(ShownTone(
            state.stamp, tone.name, seen.person_id, seen.emotion, state.decision.reason,
            tone.style_prompt, state.sentence, state.suggestion))
        self._show_settings()

    def _tell_condition(self, seconds: float) -> None:
        self._seconds.append(seconds)
        now = time.monotonic()
        passed = now - self._told
        if passed < 1.0:
            return
        rate = len(self._seconds) / passed if self._told else math.nan
        values = {'processing p50 [ms]': f'{1e3 * float(np.median(self._seconds)):.1f}'}
        if math.isfinite(rate):
            values['rate [Hz]'] = f'{rate:.1f}'
        self._feed.set_condition(Condition(self._name, 'ok', '', values))
        self._told, self._seconds = now, []

    def _drawn(self, frame: np.ndarray, stamp: float, result: PipelineResult) -> np.ndarray:
        regions = None if self._concealment is None else [
            *result.regions, *self._concealment.places(frame, stamp)]
        return annotate(frame, result.faces, self._pipeline.labels, self._overlay, regions)


def _shown(face: TrackedFace, width: int, height: int) -> ShownPerson:
    box, emotion = face.track.detection.box.clipped(width, height), face.emotion
    return ShownPerson(
        face.track.id, (box.x / width, box.y / height, box.width / width, box.height / height),
        emotion.label, emotion.confidence, tuple(emotion.probabilities.tolist()),
        emotion.quality, emotion.state_age, face.track_age)


def _person(face: TrackedFace, width: int, height: int) -> Person:
    box, emotion = face.track.detection.box, face.emotion
    return Person(
        face.track.id, emotion.label, emotion.confidence, box.size, None,
        center_offset(*box.center, width, height), face.track_age, emotion.valence,
        emotion.arousal, emotion.state_age, emotion.quality == QUALITY_OPTED_OUT)
