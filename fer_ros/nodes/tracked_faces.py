"""The faces that another detector publishes as ROS4HRI (REP-155) has them, and their topics."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.following_subscription import FollowingSubscription
from fer_ros.nodes.qos import image_qos, matching_qos
from fer_ros.nodes.ros4hri import LANDMARKS, QOS, ROOT
from fer_ros.perception.types import BoundingBox, Detection
from fer_ros.perception.yaml_file import one_line

#: What can be part of a topic's name.
_ID = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,63}')
#: Images have at least one pixel and at most so many a side.
_LARGEST_SIDE = 1 << 16


class _Face:
    """The topics of one face, and what they said last."""

    def __init__(self, node: Node, messages: ModuleType, id_: str, crops: str,
                 on_crop: Callable[[str, Image], None]) -> None:
        self._node, self._messages, topic = node, messages, f'{ROOT}/{id_}/'
        self.roi: Any = None
        self.landmarks: Any = None
        self.expression = node.create_publisher(messages.Expression, f'{topic}expression', QOS)
        # Best effort hears every publisher: what is lost comes again with the next image.
        self._subscriptions = [
            node.create_subscription(Image, topic + crops,
                                     lambda message: on_crop(id_, message), image_qos()),
            node.create_subscription(messages.NormalizedRegionOfInterest2D, f'{topic}roi',
                                     self._on_roi, image_qos()),
            node.create_subscription(messages.FacialLandmarks, f'{topic}landmarks',
                                     self._on_landmarks, image_qos())]

    def _on_roi(self, message: Any) -> None:
        self.roi = message

    def _on_landmarks(self, message: Any) -> None:
        self.landmarks = message

    def destroy(self) -> None:
        """End the subscriptions, and the publisher."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(self.expression)


class TrackedFaces:
    """
    Follows ``/humans/faces/tracked``: the topics of a face come with it, and go when it has been
    gone for longer than ``max_age``.

    :param node: subscribes and publishes.
    :param messages: of hri_msgs.
    :param crops: 'cropped' or 'aligned'.
    :param on_ids: called with all ids that are there, and the header.
    :param on_crop: called with the id and each crop.
    :param faults: where ids that cannot be followed are reported.
    :param config: the node's parameters as of now.
    """

    def __init__(self, node: Node, messages: ModuleType, crops: str,
                 on_ids: Callable[[list[str], Any], None],
                 on_crop: Callable[[str, Image], None], faults: FaultLog,
                 config: Callable[[], Any]) -> None:
        self._node, self._messages, self._crops = node, messages, crops
        self._on_ids, self._on_crop, self._faults = on_ids, on_crop, faults
        self._config = config
        self._faces: dict[str, _Face] = {}
        self._lock = threading.Lock()  # the worker publishes, the executor destroys
        self._seen: dict[str, float] = {}
        self.received = 0
        #: (width, height) of the source images [px], as far as any landmarks have told.
        self.image_size: tuple[int, int] | None = None
        self._subscription = FollowingSubscription(
            node, messages.IdsList, f'{ROOT}/tracked', self._on_tracked, matching_qos)

    def destroy(self) -> None:
        """End all subscriptions."""
        self._subscription.destroy()
        for id_ in list(self._faces):
            self._forget(id_)

    def publish(self, id_: str, expression: Any) -> None:
        """Publish the expression of a face, if it is still followed."""
        with self._lock:
            face = self._faces.get(id_)
            if face is not None:
                face.expression.publish(expression)

    def place(self, id_: str) -> Detection | None:
        """Return where a face is in the source image [px], None where that is not known."""
        face = self._faces.get(id_)
        if face is None or face.roi is None:
            return None
        if face.landmarks is not None:
            self._learn_size(face.landmarks)
        if self.image_size is None:
            return None
        corners = np.array([[face.roi.xmin, face.roi.ymin], [face.roi.xmax, face.roi.ymax]])
        if not np.isfinite(corners).all():
            return None
        (x, y), (right, bottom) = (np.clip(corners, 0, 1) * self.image_size).tolist()
        score = float(np.clip(np.nan_to_num(face.roi.c), 0, 1))
        return Detection(BoundingBox(x, y, max(right - x, 0.0), max(bottom - y, 0.0)), score,
                         _points(face.landmarks, self.image_size))

    def _learn_size(self, landmarks: Any) -> None:
        size = landmarks.width, landmarks.height
        if all(0 < side <= _LARGEST_SIDE for side in size):
            self.image_size = size

    def _on_tracked(self, message: Any) -> None:
        self.received += 1
        now, ids = stamp_to_seconds(message.header), self._followable(message.ids)
        for id_ in ids:
            self._seen[id_] = now
            if id_ not in self._faces:
                self._faces[id_] = _Face(
                    self._node, self._messages, id_, self._crops, self._on_crop)
        for id_ in [id_ for id_, seen in self._seen.items()
                    if id_ not in ids and not 0 <= now - seen <= self._config()['max_age']]:
            self._forget(id_)
        self._on_ids(ids, message.header)

    def _followable(self, given: Sequence[str]) -> list[str]:
        """Return the ids that can be in a topic's name, each once, no more than ``max_faces``."""
        ids = dict.fromkeys(given)
        good = [id_ for id_ in ids if _ID.fullmatch(id_)]
        if len(good) < len(ids):
            bad = next(id_ for id_ in ids if not _ID.fullmatch(id_))
            self._faults.report('bad_id', (
                f"{ROOT}/tracked lists the id '{one_line(bad, 40)}', which cannot be part of a "
                'topic: that face is left out'))
        limit = self._config()['max_faces']
        if len(good) > limit:
            self._faults.report('many_faces', (
                f'{ROOT}/tracked lists {len(good)} faces: the first {limit} are judged '
                '(max_faces)'))
        # Those who are followed already stay.
        good.sort(key=lambda id_: id_ not in self._faces)
        return good[:limit]

    def _forget(self, id_: str) -> None:
        with self._lock:
            self._faces.pop(id_).destroy()
        del self._seen[id_]


def _points(landmarks: Any, size: tuple[int, int]) -> np.ndarray | None:
    """Return our five landmarks [px], None unless all are known."""
    if landmarks is None:
        return None
    try:
        points = [landmarks.landmarks[getattr(landmarks, name)] for name in LANDMARKS]
    except IndexError:  # how long the list is, is its publisher's choice
        return None
    found = np.array([[point.x, point.y] for point in points], np.float32)
    if not np.isfinite(found).all() or not all(point.c > 0 for point in points):
        return None
    return np.asarray(np.clip(found, 0, 1) * np.array(size), np.float32)
