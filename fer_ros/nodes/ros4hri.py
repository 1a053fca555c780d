"""
Faces as ROS4HRI (REP-155) has them, for libhri, pyhri and all that builds on these.

``hri_msgs`` is optional: it is imported when it is asked for, and its fields are looked at, for
distributions ship different ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.frame import Frame
from fer_ros.nodes.image_conversions import array_to_image
from fer_ros.nodes.optional_messages import optional_messages
from fer_ros.nodes.running import NodeRefusedError
from fer_ros.perception.labels import ROS4HRI
from fer_ros.perception.preprocessing import crop_face
from fer_ros.perception.types import Detection, EmotionEstimate, TrackedFace

#: Where faces are published.
ROOT = '/humans/faces'
#: Sides of cropped and aligned faces [px], as the reference implementation has them.
_SIDE = 128
#: libhri subscribes with the system's default, which is reliable.
QOS = QoSProfile(depth=1)
#: What is used of each message.
_FIELDS = {
    'IdsList': ('header', 'ids'),
    'NormalizedRegionOfInterest2D': ('header', 'xmin', 'ymin', 'xmax', 'ymax', 'c'),
    'FacialLandmarks': ('header', 'landmarks', 'height', 'width'),
    'NormalizedPointOfInterest2D': ('x', 'y', 'c'),
    'Expression': ('header', 'expression', 'valence', 'arousal', 'confidence'),
}
#: Our five landmarks, in their order, among the seventy of FacialLandmarks.
LANDMARKS = ('RIGHT_PUPIL', 'LEFT_PUPIL', 'NOSE', 'MOUTH_OUTER_RIGHT', 'MOUTH_OUTER_LEFT')


class Ros4Hri:
    """
    An :class:`.Output`: ``/humans/faces/tracked`` and, for each face, its topics.

    A face's topics come with it and go when it has been gone for longer than ``max_age``.

    :param node: the publishers are its own.
    :raises NodeRefusedError: if hri_msgs is missing, or is another one.
    """

    def __init__(self, node: Node) -> None:
        self._node, self._messages = node, hri_messages()
        self._tracked = node.create_publisher(self._messages.IdsList, f'{ROOT}/tracked', QOS)
        self._faces: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, float] = {}

    def publish(self, frame: Frame) -> None:
        """Publish who is there, and each face."""
        now = stamp_to_seconds(frame.header)
        for face in frame.faces:
            id_ = face.track.id
            if id_ not in self._faces:
                self._faces[id_] = self._topics(id_)
            self._seen[id_] = now
            self._publish_face(frame, face, self._faces[id_])
        for id_ in [id_ for id_, seen in self._seen.items()
                    if not 0 <= now - seen <= frame.config['max_age']]:
            self._forget(id_)
        self._tracked.publish(self._messages.IdsList(
            header=frame.header, ids=[face.track.id for face in frame.faces]))

    def destroy(self) -> None:
        """Release the publishers."""
        for id_ in list(self._faces):
            self._forget(id_)
        self._node.destroy_publisher(self._tracked)

    def _topics(self, id_: str) -> dict[str, Any]:
        kinds = {'roi': self._messages.NormalizedRegionOfInterest2D,
                 'landmarks': self._messages.FacialLandmarks,
                 'expression': self._messages.Expression, 'cropped': Image, 'aligned': Image}
        return {name: self._node.create_publisher(kind, f'{ROOT}/{id_}/{name}', QOS)
                for name, kind in kinds.items()}

    def _forget(self, id_: str) -> None:
        for publisher in self._faces.pop(id_).values():
            self._node.destroy_publisher(publisher)
        del self._seen[id_]

    def _publish_face(self, frame: Frame, face: TrackedFace, topics: Mapping[str, Any]) -> None:
        detection = face.track.detection
        topics['roi'].publish(self._roi(frame, detection))
        if detection.landmarks is not None:
            topics['landmarks'].publish(self._landmarks(frame, detection))
        expression = expression_of(self._messages, frame.header, face.emotion)
        if expression is not None:
            topics['expression'].publish(expression)
        if topics['cropped'].get_subscription_count():
            upright = Detection(detection.box, detection.score)
            topics['cropped'].publish(_image(frame, upright))
        if topics['aligned'].get_subscription_count():
            topics['aligned'].publish(_image(frame, detection))

    def _roi(self, frame: Frame, detection: Detection) -> Any:
        width, height = frame.size
        box = detection.box.clipped(width, height)
        return self._messages.NormalizedRegionOfInterest2D(
            header=frame.header, xmin=box.x / width, ymin=box.y / height,
            xmax=min((box.x + box.width) / width, 1.0),
            ymax=min((box.y + box.height) / height, 1.0), c=float(detection.score))

    def _landmarks(self, frame: Frame, detection: Detection) -> Any:
        """Points that are not known have confidence 0."""
        message = self._messages.FacialLandmarks(
            header=frame.header, width=frame.size[0], height=frame.size[1])
        assert detection.landmarks is not None
        shares = np.clip(detection.landmarks / np.array(frame.size), 0, 1)
        for name, (x, y) in zip(LANDMARKS, shares.tolist()):
            point = message.landmarks[getattr(message, name)]
            point.x, point.y, point.c = x, y, float(detection.score)
        return message


def hri_messages() -> ModuleType:
    """
    Return the messages of hri_msgs.

    :raises NodeRefusedError: if they are missing, or have other fields.
    """
    messages = optional_messages(
        'hri_msgs', 'ros4hri', ', or build it from github.com/ros4hri/hri_msgs')
    for name, fields in _FIELDS.items():
        kind = getattr(messages, name, None)
        lacking = [field for field in fields if kind is None or not hasattr(kind, field)]
        if lacking:
            raise NodeRefusedError(
                f'ros4hri: hri_msgs/{name} of this installation lacks {", ".join(lacking)}; '
                'branch humble-devel of hri_msgs has it')
    return messages


def expression_of(messages: ModuleType, header: Header, emotion: EmotionEstimate) -> Any:
    """
    Return a state as Expression, None for a face that is not judged.

    While no state holds, and for contempt, which hri_msgs has no word for, valence and arousal
    alone are told, as the message allows.
    """
    if not len(emotion.probabilities):
        return None
    return messages.Expression(
        header=header, expression=ROS4HRI.get(emotion.label, ''), valence=float(emotion.valence),
        arousal=float(emotion.arousal), confidence=float(emotion.confidence))


def _image(frame: Frame, detection: Detection) -> Image:
    return array_to_image(
        crop_face(frame.picture, detection, (_SIDE, _SIDE)), frame.header)
