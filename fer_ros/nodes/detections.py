"""Faces as vision_msgs/Detection2DArray: what other detectors and trackers speak."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from fer_ros.nodes.frame import Frame
from fer_ros.nodes.optional_messages import optional_messages
from fer_ros.nodes.qos import emotions_qos
from fer_ros.nodes.running import NodeRefusedError
from fer_ros.perception.types import TrackedFace


class Detections:
    """
    An :class:`.Output` on ``emotions/detections``, while someone listens.

    A detection's class is the state, its id the face's, its score the state's probability.

    :param node: the publisher is its own.
    :raises NodeRefusedError: if vision_msgs is missing, or is older than Humble's.
    """

    def __init__(self, node: Node) -> None:
        self._messages = optional_messages('vision_msgs', 'detections')
        if not hasattr(self._messages.Detection2D, 'id'):
            raise NodeRefusedError('detections needs vision_msgs 4 (Humble) or newer')
        self._node = node
        self._publisher = node.create_publisher(
            self._messages.Detection2DArray, 'emotions/detections', emotions_qos())

    def publish(self, frame: Frame) -> None:
        """Publish all faces of a frame."""
        if self._publisher.get_subscription_count():
            self._publisher.publish(self._messages.Detection2DArray(
                header=frame.header,
                detections=[self._detection(frame, *pair) for pair in zip(
                    frame.faces, frame.places)]))

    def destroy(self) -> None:
        """Release the publisher."""
        self._node.destroy_publisher(self._publisher)

    def _detection(self, frame: Frame, face: TrackedFace, place: Any) -> Any:
        box, emotion = face.track.detection.box, face.emotion
        message = self._messages.Detection2D(header=frame.header, id=face.track.id)
        message.bbox.center.position.x, message.bbox.center.position.y = map(float, box.center)
        message.bbox.size_x, message.bbox.size_y = float(box.width), float(box.height)
        guess = self._messages.ObjectHypothesisWithPose()
        guess.hypothesis.class_id, guess.hypothesis.score = emotion.label, float(
            emotion.confidence)
        if place is not None:
            at = guess.pose.pose.position
            at.x, at.y, at.z = place.x, place.y, place.z
        message.results = [guess]
        return message
