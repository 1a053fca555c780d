"""Positions of faces from the newest depth image and camera_info."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.image_conversions import ImageError, depth_to_array
from fer_ros.nodes.qos import image_qos
from fer_ros.perception.localization import locate_face
from fer_ros.perception.types import BoundingBox


class FaceLocator:
    """
    Subscribes to ``depth`` (registered to the color image) and ``camera_info``.

    :param node: makes the subscriptions.
    :param faults: where bad depth images are reported.
    """

    def __init__(self, node: Node, faults: FaultLog) -> None:
        self._node, self._faults = node, faults
        self._depth: Image | None = None
        self._camera_matrix: np.ndarray | None = None
        self._subscriptions = [
            node.create_subscription(Image, 'depth', self._on_depth, image_qos()),
            node.create_subscription(CameraInfo, 'camera_info', self._on_info, image_qos())]

    def destroy(self) -> None:
        """End the subscriptions."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def locate(self, boxes: Sequence[BoundingBox], image_size: tuple[int, int], stamp: float,
               tolerance: float) -> list[np.ndarray | None]:
        """
        Return the position of each box (3,) [m] in the camera optical frame, or None.

        :param image_size: (width, height) of the color image [px].
        :param stamp: of the color image [s].
        :param tolerance: largest difference to the depth image's stamp [s].
        """
        # Both are replaced as a whole by the executor's thread: take them once.
        message, matrix = self._depth, self._camera_matrix
        nothing: list[np.ndarray | None] = [None] * len(boxes)
        if not boxes or message is None or matrix is None:
            return nothing
        if abs(stamp_to_seconds(message.header) - stamp) > tolerance:
            return nothing
        try:
            depth = depth_to_array(message)
        except ImageError as error:
            self._faults.report(f'depth_{error.kind}', f'bad depth image: {error}')
            return nothing
        return [locate_face(depth, box, image_size, matrix) for box in boxes]

    def _on_depth(self, message: Image) -> None:
        self._depth = message

    def _on_info(self, message: CameraInfo) -> None:
        self._camera_matrix = np.asarray(message.k, float).reshape(3, 3)
