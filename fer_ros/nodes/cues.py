"""Other cues than the face: from messages to the pipeline, in the executor's thread."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from fer_ros.nodes.conversions import stamp_to_nanoseconds, stamp_to_seconds
from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.qos import complete_qos, emotions_qos, latched_qos
from fer_ros.perception.crop_pipeline import CropPipeline
from fer_ros.perception.cues import CueError, read_cue
from fer_ros.perception.pipeline import Pipeline
from fer_ros_msgs.msg import Cue, DialogTone


class CueListener:
    """
    Subscribes, while it shall, to ``cues``, and to ``dialog/tone``: whom the robot talks to.

    That person is whom a cue without an id is about. Without a behavior_node, and where every run
    shall be the same, it is the largest face.

    :param node: has the subscriptions.
    :param pipeline: takes the cues; of pictures or of crops.
    :param faults: where bad cues are reported.
    :param deterministic: when a message comes must decide nothing.
    """

    def __init__(self, node: Node, pipeline: Pipeline | CropPipeline, faults: FaultLog,
                 deterministic: bool) -> None:
        self._node, self._pipeline, self._faults = node, pipeline, faults
        self._deterministic = deterministic
        self._subscriptions: list[Any] = []

    def start(self) -> None:
        """Listen from now on."""
        if self._subscriptions:
            return
        self._subscriptions = [self._node.create_subscription(
            Cue, 'cues', self._on_cue, complete_qos() if self._deterministic else emotions_qos())]
        if not self._deterministic:
            self._subscriptions.append(self._node.create_subscription(
                DialogTone, 'dialog/tone', self._on_tone, latched_qos()))

    def stop(self) -> None:
        """Listen no more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def _on_tone(self, message: DialogTone) -> None:
        self._pipeline.cues.addressee = message.person_id

    def _on_cue(self, message: Cue) -> None:
        """Check a cue; a bad one is reported, and the node lives on."""
        try:
            self._pipeline.cues.add(read_cue(
                message.modality, message.labels, message.probabilities, self._pipeline.labels,
                self._time_of(message), message.trust, message.person_id))
        except CueError as error:
            self._faults.report('cue', f'bad cue: {error}')

    def _time_of(self, message: Cue) -> float | None:
        """Return when it was said [s], None for now."""
        if stamp_to_nanoseconds(message.header):
            return stamp_to_seconds(message.header)
        if self._deterministic:
            raise CueError('it carries no stamp (0), which deterministic needs')
        return None
