"""A label above each head for RViz and Foxglove, where positions are known (use_depth)."""

from __future__ import annotations

from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node

from fer_ros.nodes.frame import Frame
from fer_ros.nodes.optional_messages import optional_messages
from fer_ros.nodes.qos import emotions_qos
from fer_ros.perception.annotator import COLORS
from fer_ros.perception.types import UNCERTAIN, TrackedFace

#: Height of the letters, and of the label over the middle of the face [m].
_LETTERS, _ABOVE = 0.08, 0.25
#: A label that is not told again is taken away after so long [s].
_LIFETIME = 0.5


class Markers:
    """
    An :class:`.Output` on ``emotions/markers``, while someone listens.

    :param node: the publisher is its own.
    :raises NodeRefusedError: if visualization_msgs is missing.
    """

    def __init__(self, node: Node) -> None:
        self._messages = optional_messages('visualization_msgs', 'markers')
        self._node = node
        self._publisher = node.create_publisher(
            self._messages.MarkerArray, 'emotions/markers', emotions_qos())

    def publish(self, frame: Frame) -> None:
        """Publish a label for each face whose position is known."""
        if self._publisher.get_subscription_count():
            self._publisher.publish(self._messages.MarkerArray(markers=[
                self._label(frame, face, place) for face, place in zip(
                    frame.faces, frame.places) if place is not None]))

    def destroy(self) -> None:
        """Release the publisher."""
        self._node.destroy_publisher(self._publisher)

    def _label(self, frame: Frame, face: TrackedFace, place: Any) -> Any:
        emotion = face.emotion
        share = '' if emotion.label == UNCERTAIN else f' {100 * emotion.confidence:.0f} %'
        marker = self._messages.Marker(
            header=frame.header, ns='faces', id=int(face.track.id[1:]),
            type=self._messages.Marker.TEXT_VIEW_FACING,
            text=f'{face.track.id} {emotion.label}{share}',
            lifetime=Duration(seconds=_LIFETIME).to_msg())
        # In the camera's optical frame y points down (REP 103).
        at = marker.pose.position
        at.x, at.y, at.z = place.x, place.y - _ABOVE, place.z
        marker.pose.orientation.w, marker.scale.z = 1.0, _LETTERS
        blue, green, red = COLORS.get(emotion.label, COLORS[UNCERTAIN])
        marker.color.r, marker.color.g, marker.color.b = red / 255, green / 255, blue / 255
        marker.color.a = 1.0
        return marker
