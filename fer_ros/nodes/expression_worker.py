"""
Crops of faces through the pipeline and out again, in the worker's thread.

Thread rule: as in ``emotion_worker.py``: ``_lock`` guards the pipeline, ``_showing`` what is
published, so that after ``~/opt_out`` is answered no judgment follows.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import rclpy
from std_msgs.msg import Header

from fer_ros.nodes.conversions import faces_to_message, stamp_to_nanoseconds, to_seconds
from fer_ros.nodes.crop_slots import CropSlots
from fer_ros.nodes.diagnostics import FaultLog, FrameStatistics, ThrottledLog
from fer_ros.nodes.image_conversions import ImageError, image_to_array
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.nodes.ros4hri import expression_of
from fer_ros.nodes.tracked_faces import TrackedFaces
from fer_ros.perception.crop_pipeline import CropPipeline, FaceCrop
from fer_ros.perception.onnx_session import inference_engine
from fer_ros.perception.opt_out import apply_request, unjudged
from fer_ros.perception.stamp_guard import FOREIGN, JUMP, LATE, StampGuard


class ExpressionWorker:
    """
    Judges the crops that wait and publishes what it gave.

    :param pipeline: the loaded networks.
    :param messages: of hri_msgs.
    :param emotions: publisher of EmotionArray.
    :param now: the node's clock [s].
    :param faults: where bad crops are reported.
    :param notices: logs warnings.
    """

    def __init__(self, pipeline: CropPipeline, messages: ModuleType, emotions: Any,
                 now: Callable[[], float], faults: FaultLog, notices: ThrottledLog) -> None:
        self.pipeline, self._messages, self._emotions = pipeline, messages, emotions
        self._now, self._faults, self._notices = now, faults, notices
        self.statistics, self._guard = FrameStatistics(), StampGuard()
        self.late = self.jumps = self.faces = 0
        self._lock, self._showing = threading.Lock(), threading.Lock()
        self._tracked: TrackedFaces | None = None
        self.slots = CropSlots(self._process_safely)

    def follow(self, tracked: TrackedFaces | None) -> None:
        """Publish through these from now on; through nobody with None."""
        with self._showing:
            self._tracked = tracked

    def stop(self) -> None:
        """Finish what is in work and end the thread."""
        self.slots.stop()

    def reset(self) -> None:
        """Forget every face and its state."""
        with self._lock:
            self.pipeline.reset()
            self._guard.reset()

    def opt_out(self, person_id: str, everybody: bool, take_back: bool) -> str:
        """Let somebody opt out: see :meth:`.EmotionWorker.opt_out`."""
        with self._lock:
            told = apply_request(self.pipeline, person_id, everybody, take_back)
        with self._showing:
            return told

    def reconfigure(self, config: EmotionNodeConfig) -> None:
        """Take new live parameters from the next crop on."""
        with self._lock:
            self.pipeline.reconfigure(config.pipeline)

    def values(self) -> dict[str, str]:
        """Return counts, times and networks, as diagnostics show them."""
        return {
            'received': str(self.slots.received), 'dropped': str(self.slots.dropped),
            'late': str(self.late), 'time jumps': str(self.jumps), **self.statistics.values(),
            'emotion model': self.pipeline.classifier.card.name,
            'arithmetic': self.pipeline.arithmetic, 'engine': inference_engine(),
            'provider': self.pipeline.provider.name}

    def _process_safely(self, crops: dict[str, Any], nobody: Header | None) -> None:
        """Process what came; whatever goes wrong is reported and the node lives on."""
        try:
            by_stamp: dict[int, dict[str, Any]] = {}
            for id_, crop in crops.items():
                by_stamp.setdefault(stamp_to_nanoseconds(crop.header), {})[id_] = crop
            for stamp in sorted(by_stamp):
                group = by_stamp[stamp]
                self._process(group, next(iter(group.values())).header)
            if nobody is not None and not crops:
                self._process({}, nobody)
        except Exception as error:  # the worker must survive every crop
            if rclpy.ok():
                self._faults.report(type(error).__name__, f'{type(error).__name__}: {error}')

    def _process(self, messages: dict[str, Any], header: Header) -> None:
        tracked = self._tracked
        if tracked is None:
            return
        crops = self._read(messages, tracked)
        stamp = stamp_to_nanoseconds(header) or round(self._now() * 1e9)  # never stamped
        with self._lock:
            verdict = self._guard.judge(stamp)
            if verdict == JUMP:
                self.pipeline.reset()
            faces = None if verdict in (LATE, FOREIGN) else self.pipeline.process(
                crops, to_seconds(stamp), sorted(self.slots.expected))
            seconds, unheard = self.pipeline.last_seconds, self.pipeline.unheard
        self._tell(verdict, stamp)
        if faces is None:
            return
        for reason in unheard:
            self._faults.report('cue', reason)
        self.faces = len(faces)
        with self._showing:
            faces = unjudged(faces, self.pipeline.opted_out)
            self._emotions.publish(faces_to_message(
                faces, header, self.pipeline.labels, self.pipeline.classifier.card.name, seconds,
                tracked.image_size or (0, 0)))
            for face in faces:
                said = expression_of(self._messages, header, face.emotion)
                if said is not None and face.track.id in crops and self._tracked is tracked:
                    tracked.publish(face.track.id, said)
        now = self._now()
        self.statistics.add(now - to_seconds(stamp) if now else math.nan, seconds)

    def _read(self, messages: dict[str, Any], tracked: TrackedFaces) -> dict[str, FaceCrop]:
        """Return the crops that can be read; the others are reported."""
        crops = {}
        for id_, message in messages.items():
            try:
                crops[id_] = FaceCrop(image_to_array(message), tracked.place(id_))
            except ImageError as error:
                self._faults.report(error.kind, f'bad crop of {id_}: {error}')
        return crops

    def _tell(self, verdict: str, stamp: int) -> None:
        self.late += verdict in (LATE, FOREIGN)
        self.jumps += verdict == JUMP
        if verdict == JUMP:
            self._notices.report('jump', (
                f'time jumped back to {to_seconds(stamp):.3f} s (bag loop, simulation reset): '
                'filters start anew'))
