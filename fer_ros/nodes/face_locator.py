"""Positions of faces from the depth image that belongs to a color image, and camera_info."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.depth_buffer import DepthBuffer
from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.following_subscription import FollowingSubscription
from fer_ros.nodes.frame_worker import LARGEST_QUEUE
from fer_ros.nodes.image_conversions import ImageError, depth_to_array
from fer_ros.nodes.qos import complete_qos, image_qos, matching_qos
from fer_ros.perception.localization import locate_faces
from fer_ros.perception.types import BoundingBox

#: Depth images may take so much memory where not every one counts [bytes].
_BUFFER = 1 << 26
#: So long a color image waits for its depth, and faces without a position are no fault [s].
_PATIENCE = 2.0


class FaceLocator:
    """
    Subscribes to ``depth`` (registered to the color image) and ``camera_info``.

    Thread rule: messages come in the executor's thread, :meth:`locate` is called by the worker's
    and, for a still image, the executor's; the lock guards what they share.

    :param node: makes the subscriptions.
    :param faults: where bad or missing depth is reported.
    :param complete: let each color image wait until its depth has come, and lose none: the same
        recording then gives the same positions, whichever topic is faster.
    """

    def __init__(self, node: Node, faults: FaultLog, complete: bool = False) -> None:
        self._faults, self._complete = faults, complete
        self._changed = threading.Condition()
        self._depths = DepthBuffer(LARGEST_QUEUE if complete else _BUFFER)
        self._info: CameraInfo | None = None
        self._given_up: float | None = None
        self._missing_since: float | None = None
        self._subscriptions = [
            FollowingSubscription(
                node, Image, node.resolve_topic_name('depth'), self._on_depth,
                complete_qos if complete else lambda offered: image_qos(depth=5)),
            FollowingSubscription(
                node, CameraInfo, node.resolve_topic_name('camera_info'), self._on_info,
                complete_qos if complete else matching_qos)]  # some publish it once, latched

    def destroy(self) -> None:
        """End the subscriptions."""
        for subscription in self._subscriptions:
            subscription.destroy()

    def locate(self, boxes: Sequence[BoundingBox], image_size: tuple[int, int], stamp: float,
               tolerance: float, still: bool = False) -> list[np.ndarray | None]:
        """
        Return the position of each box (3,) [m] in the camera optical frame, or None.

        :param image_size: (width, height) of the color image [px].
        :param stamp: of the color image [s].
        :param tolerance: largest difference to the depth image's stamp [s].
        :param still: an image beside the stream: nothing is waited for.
        """
        with self._changed:
            if not still:
                if boxes and self._complete:
                    self._wait_for_depth(stamp)
                self._depths.advance(stamp, tolerance)
            depth, info = self._depths.nearest(stamp, tolerance), self._info
        if not boxes:
            self._missing_since = None
        elif depth is None or info is None:
            self._report_missing('camera_info' if info is None else (
                f'depth image within {tolerance:g} s of the image'))
        else:
            self._missing_since = None
            try:
                matrix = _camera_matrix(info, image_size)
                return locate_faces(depth_to_array(depth), boxes, image_size, matrix)
            except ImageError as error:
                self._faults.report(f'depth_{error.kind}', f'no positions: {error}')
        return [None] * len(boxes)

    def _wait_for_depth(self, stamp: float) -> None:
        """Wait until it is certain which depth image belongs to a stamp; while late, only once."""
        if self._given_up is None and not self._changed.wait_for(
                lambda: self._info is not None and self._depths.reaches(stamp), _PATIENCE):
            self._given_up = stamp

    def _report_missing(self, what: str) -> None:
        now = time.monotonic()
        self._missing_since = self._missing_since or now
        if now - self._missing_since > _PATIENCE:
            self._faults.report('no_depth', f'no positions: no {what}, although use_depth is on')

    def _on_depth(self, message: Image) -> None:
        stamp = stamp_to_seconds(message.header)
        with self._changed:
            lost = not self._depths.add(message) and self._complete
            late = self._given_up is not None and stamp <= self._given_up
            self._given_up = None
            self._changed.notify_all()
        if lost:
            self._faults.report('lost_depth', 'depth images lost: they come too far ahead of the '
                                'images that wait')
        if late:
            self._faults.report('late_depth', f'the depth image of {stamp:.3f} s came more than '
                                f'{_PATIENCE:g} s after its image: positions are left out')

    def _on_info(self, message: CameraInfo) -> None:
        with self._changed:
            self._info = message
            self._changed.notify_all()


def _camera_matrix(info: CameraInfo, image_size: tuple[int, int]) -> np.ndarray:
    """
    Return K, float (3, 3), of the image: of its part of the sensor (roi), and binned.

    :raises ImageError: if it is no calibration, or one of another image size.
    """
    matrix = np.array(info.k, float)
    if matrix.size != 9 or not np.isfinite(matrix).all() or min(matrix[0], matrix[4]) <= 0:
        raise ImageError('camera_info', f'K of camera_info is {matrix.tolist()}: the camera is '
                         'not calibrated')
    binning = max(info.binning_x, 1), max(info.binning_y, 1)
    size = ((info.roi.width or info.width) // binning[0],
            (info.roi.height or info.height) // binning[1])
    if 0 not in size and size != image_size:
        raise ImageError('camera_info_size', 'camera_info is of images of {}x{}, but they have '
                         '{}x{}: remap it to the one beside the image'.format(*size, *image_size))
    matrix = matrix.reshape(3, 3)
    matrix[:2, 2] -= info.roi.x_offset, info.roi.y_offset
    matrix[:2] /= np.array(binning)[:, None]
    return matrix
