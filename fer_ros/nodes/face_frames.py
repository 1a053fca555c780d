"""
A TF frame for each face whose position is known: ``face_<id>``, as ROS4HRI (REP-155) names it.

x points forward out of the face, y to the person's left, z up, as REP-103 has it for bodies. The
origin is the middle of the face (REP-155's, the sellion, lies 3 cm above it). The parent is the
image's frame, which must be an optical one: z forward, x right, y down.
"""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node
from rclpy.qos import QoSProfile

from fer_ros.nodes.frame import Frame
from fer_ros.nodes.optional_messages import optional_messages
from fer_ros.perception.head_pose import HeadPose, face_orientation, head_pose
from fer_ros.perception.localization import Position
from fer_ros.perception.types import TrackedFace

#: As tf2 publishes it (tf2_ros/qos.hpp: DynamicBroadcasterQoS).
_QOS = QoSProfile(depth=100)
_STRAIGHT = HeadPose(0.0, 0.0, 0.0)


class FaceFrames:
    """
    An :class:`.Output` on ``/tf``, while someone listens.

    :param node: the publisher is its own.
    :raises NodeRefusedError: if tf2_msgs is missing.
    """

    def __init__(self, node: Node) -> None:
        self._messages = optional_messages('tf2_msgs', 'face_frames')
        self._node = node
        self._publisher = node.create_publisher(self._messages.TFMessage, '/tf', _QOS)

    def publish(self, frame: Frame) -> None:
        """
        Publish the frames of all faces whose position is known.

        :raises ValueError: if the image names no frame that could be their parent.
        """
        known = [(face, place) for face, place in zip(frame.faces, frame.places)
                 if place is not None]
        if not known or not self._publisher.get_subscription_count():
            return
        if not frame.header.frame_id:
            raise ValueError('the images have no frame_id, so that faces have no frame to be in: '
                             'set the one of the camera driver')
        self._publisher.publish(self._messages.TFMessage(
            transforms=[_transform(frame.header, *pair) for pair in known]))

    def destroy(self) -> None:
        """Release the publisher."""
        self._node.destroy_publisher(self._publisher)


def _transform(header: Any, face: TrackedFace, place: Position) -> TransformStamped:
    """Return where a face is and looks: at the camera where its pose is not known."""
    marks = face.track.detection.landmarks
    pose = None if marks is None else head_pose(marks)
    x, y, z, w = face_orientation(pose or _STRAIGHT, (place.x, place.y, place.z))
    message = TransformStamped(header=header, child_frame_id=f'face_{face.track.id}')
    message.transform.translation = Vector3(x=place.x, y=place.y, z=place.z)
    message.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
    return message
