"""
One image message through the pipeline and out again, in the worker's thread.

Thread rule: ``_lock`` guards the pipeline, which the services use too; nothing is published
while it is held. ``_showing`` guards what is shown, from the look at who has opted out and at the
parameters until message and picture are published: once ``~/opt_out`` or ``anonymize`` is
answered with yes, no judgment and no picture in clear can follow.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import rclpy
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from fer_ros.nodes.camera_watch import REMEDY
from fer_ros.nodes.conversions import (
    faces_to_message,
    stamp_to_nanoseconds,
    stamp_to_seconds,
    to_seconds,
)
from fer_ros.nodes.diagnostics import FaultLog, FrameStatistics, ThrottledLog
from fer_ros.nodes.face_locator import FaceLocator
from fer_ros.nodes.frame import Frame, Output, Source
from fer_ros.nodes.frame_worker import FrameWorker
from fer_ros.nodes.image_conversions import (
    ImageError,
    compressed_to_array,
    image_to_array,
)
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.perception.concealment import Concealment, load_concealment
from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.localization import Position
from fer_ros.perception.onnx_session import inference_engine
from fer_ros.perception.opt_out import apply_request, unjudged
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.stamp_guard import FOREIGN, JUMP, LATE, StampGuard
from fer_ros.perception.types import TrackedFace
from fer_ros_msgs.msg import EmotionArray

_INTERLEAVING = (
    'stamps of two clocks interleave: images of one of them are followed, the others left out; '
    + REMEDY)


class EmotionWorker:
    """
    Takes the newest image through the pipeline and publishes what it gave.

    :param pipeline: the loaded networks.
    :param config: the node's parameters.
    :param emotions: publisher of EmotionArray.
    :param outputs: what else is published of each image.
    :param now: the node's clock [s], for the latency.
    :param faults: where bad images are reported.
    :param notices: logs warnings.
    :param locator: finds positions, or None.
    :param concealment: finds what ``anonymize`` hides; None while that is off.
    """

    def __init__(self, pipeline: Pipeline, config: EmotionNodeConfig, emotions: Any,
                 outputs: Sequence[Output], now: Callable[[], float], faults: FaultLog,
                 notices: ThrottledLog,
                 locator: FaceLocator | None = None,
                 concealment: Concealment | None = None) -> None:
        self.pipeline, self.config = pipeline, config
        self._emotions, self._outputs = emotions, outputs
        self.statistics = FrameStatistics()
        self.late = self.foreign = self.jumps = self.faces = 0
        self._now, self._faults, self._notices, self._locator = now, faults, notices, locator
        self._guard, self._last_stamp, self._unstamped = StampGuard(), -1, False
        self._no_stamp = 'images carry no stamp (0): ' + (
            'without time no state can form' if config['deterministic'] else
            'the time of their arrival counts instead') + '; have their driver stamp them'
        # OpenCV's own threads spin between two pictures: 2 % of a core at 30 Hz.
        cv2.setNumThreads(config['threads'])
        self._lock, self._showing = threading.Lock(), threading.Lock()
        self._concealment = concealment
        self.frames = FrameWorker(
            self._process_safely, config['deterministic'], self._report_loss)

    def stop(self) -> None:
        """Finish the frame in work and end the thread."""
        self.frames.stop()

    def reset(self) -> None:
        """Forget every face and its state."""
        with self._lock:
            self.pipeline.reset()
            self._guard.reset()

    def opt_out(self, person_id: str, everybody: bool, take_back: bool) -> str:
        """
        Let somebody opt out; when this returns, what had been judged before has gone out.

        :returns: who: see :func:`~fer_ros.perception.opt_out.apply_request`.
        :raises ValueError: if it is not clear who is meant.
        """
        with self._lock:
            told = apply_request(self.pipeline, person_id, everybody, take_back)
        with self._showing:
            return told

    def reconfigure(self, config: EmotionNodeConfig) -> None:
        """
        Take new live parameters from the next frame on, for pictures from the next one shown.

        :raises ModelCardError: if what hides faces is wanted and cannot be loaded; then
            nothing changes.
        :raises FileNotFoundError: likewise.
        """
        concealment = concealment_for(config, self.pipeline.provider, self._concealment)
        with self._lock:
            self.pipeline.reconfigure(config.pipeline)
        with self._showing:
            self.config, self._concealment = config, concealment

    def values(self) -> dict[str, str]:
        """Return counts, times and networks, as diagnostics show them."""
        return {
            'received': str(self.frames.received), 'dropped': str(self.frames.dropped),
            'late': str(self.late), 'of another clock': str(self.foreign),
            'time jumps': str(self.jumps), **self.statistics.values(),
            'detector interval': str(self.pipeline.interval),
            'emotion model': self.pipeline.classifier.card.name,
            'arithmetic': self.pipeline.arithmetic,
            'face detector': self.pipeline.detector.card.name, 'engine': inference_engine(),
            'provider': self.pipeline.provider.name}

    def troubles(self) -> list[str]:
        """Return what is wrong with the stamps."""
        return [text for text, wrong in ((_INTERLEAVING, self._guard.interleaving),
                                         (self._no_stamp, self._unstamped)) if wrong]

    def analyze(self, message: Any) -> Any:
        """
        Judge a still image and return an EmotionArray; tracks are left alone.

        :raises ImageError: if the image cannot be read.
        """
        image = to_array(message)
        with self._lock:
            faces = self.pipeline.analyze(image)
            seconds = self.pipeline.last_seconds
        places = self._places(faces, message.header, image, still=True)
        return self._to_message(faces, message.header, image, seconds, places)

    def _process_safely(self, message: Any) -> None:
        """Process one image; whatever goes wrong is reported and the node lives on."""
        try:
            self._process(message)
        except ImageError as error:
            self._faults.report(error.kind, f'bad image: {error}')
        except Exception as error:  # the worker must survive every frame
            if not rclpy.ok():  # the process is told to stop: nothing can be published any more
                return
            self._faults.report(type(error).__name__, f'{type(error).__name__}: {error}')

    def _report_loss(self, count: int) -> None:
        self._faults.report('lost', (
            f'{count} images lost: deterministic can process every image only if they come from '
            'a reliable publisher and, on average, no faster than they are processed; play the '
            'bag slower, or with lockstep of bag_player_node'))

    def _process(self, message: Any) -> None:
        image = to_array(message)
        stamp = self._time_of(message.header)
        with self._lock:
            interleaving, verdict = self._guard.interleaving, self._guard.judge(stamp)
            if verdict == JUMP:
                self.pipeline.reset()
            result = None if verdict in (LATE, FOREIGN) else (
                self.pipeline.process(image, to_seconds(stamp)))
        self._tell(verdict, stamp, self._guard.interleaving and not interleaving)
        if result is None:
            return
        for reason in result.unheard:
            self._faults.report('cue', reason)
        self.faces = len(result.faces)
        places = self._places(result.faces, message.header, image)
        with self._showing:
            result = replace(result, faces=unjudged(result.faces, self.pipeline.opted_out))
            self._emotions.publish(self._to_message(
                result.faces, message.header, image, result.processing_seconds, places))
            now = self._now()
            self.statistics.add(now - to_seconds(stamp) if now and stamp else math.nan,
                                result.processing_seconds)
            self._publish_others(Frame(
                Source(image, message.header, to_seconds(stamp)), result, self.pipeline.labels,
                places, self.config, self._concealment))

    def _publish_others(self, frame: Frame) -> None:
        """Publish in all other forms; one that fails is reported and holds up no other."""
        for output in self._outputs:
            try:
                output.publish(frame)
            except Exception as error:
                if not rclpy.ok():
                    return
                self._faults.report(type(output).__name__, (
                    f'{type(output).__name__}: {type(error).__name__}: {error}'))

    def _time_of(self, header: Header) -> int:
        """Return when an image was taken [ns]: as stamped, or now if its driver never stamps."""
        stamp = stamp_to_nanoseconds(header)
        # A single 0 may be the begin of a simulation or of a bag.
        unstamped = stamp == 0 == self._last_stamp
        if unstamped and not self._unstamped:
            self._notices.report('unstamped', self._no_stamp)
        self._last_stamp, self._unstamped = stamp, unstamped
        # When an image arrives must decide nothing where every run shall be the same.
        return round(self._now() * 1e9) if unstamped and not self.config['deterministic'] else (
            stamp)

    def _tell(self, verdict: str, stamp: int, interleaving: bool) -> None:
        """Count a verdict on a stamp [ns]; warn of jumps, and when clocks begin to interleave."""
        self.late += verdict == LATE
        self.foreign += verdict == FOREIGN
        self.jumps += verdict == JUMP
        if verdict == JUMP:
            self._notices.report('jump', (
                f'time jumped back to {to_seconds(stamp):.3f} s (bag loop, simulation reset): '
                'tracks and filters start anew'))
        if interleaving:
            self._notices.report('interleaving', _INTERLEAVING)

    def _places(self, faces: Sequence[TrackedFace], header: Header, image: np.ndarray,
                still: bool = False) -> list[Position | None] | None:
        """Return where faces are; this may wait for their depth."""
        return None if self._locator is None else self._locator.locate(
            [face.track.detection for face in faces], _size(image), stamp_to_seconds(header),
            self.config, still)

    def _to_message(self, faces: Sequence[TrackedFace], header: Header, image: np.ndarray,
                    seconds: float, places: list[Position | None] | None) -> EmotionArray:
        return faces_to_message(
            faces, header, self.pipeline.labels, self.pipeline.classifier.card.name,
            0.0 if self.config['deterministic'] else seconds, _size(image), places)


def concealment_for(config: EmotionNodeConfig, provider: ExecutionProvider,
                    loaded: Concealment | None = None) -> Concealment | None:
    """
    Return what finds the faces to hide, None while none shall be hidden.

    :param provider: what runs its network.
    :param loaded: there is one already.
    :raises ModelCardError: if it cannot be loaded.
    :raises FileNotFoundError: likewise.
    """
    if not config['anonymize']:
        return None
    return loaded or load_concealment(config['threads'], provider=provider)


def to_array(message: Any) -> np.ndarray:
    """
    Return the pixels of either kind of image message.

    :raises ImageError: if they cannot be read.
    """
    if isinstance(message, CompressedImage):
        return compressed_to_array(message)
    return image_to_array(message)


def _size(image: np.ndarray) -> tuple[int, int]:
    return image.shape[1], image.shape[0]
