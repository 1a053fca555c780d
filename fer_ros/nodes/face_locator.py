"""
Positions of faces from camera_info and, of a color image, the depth image that belongs to it or
the sizes of the faces.
"""

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
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.nodes.qos import complete_qos, image_qos, matching_qos
from fer_ros.perception.localization import Position, estimate_positions, locate_faces
from fer_ros.perception.types import Detection

#: Depth images may take so much memory where not every one counts [bytes].
_BUFFER = 1 << 26
#: So long a color image waits for its depth, and faces without a position are no fault [s].
_PATIENCE = 2.0


class FaceLocator:
    """
    Subscribes to ``camera_info`` and, with ``use_depth``, to ``depth`` (registered to the color
    image).

    Thread rule: messages come in the executor's thread, :meth:`locate` is called by the worker's
    and, for a still image, the executor's; the lock guards what they share.

    :param node: makes the subscriptions.
    :param faults: where bad or missing depth is reported.
    :param config: the node's parameters. With ``deterministic`` each color image waits until what
        belongs to it has come, and none is lost: the same recording then gives the same
        positions, whichever topic is faster.
    """

    def __init__(self, node: Node, faults: FaultLog, config: EmotionNodeConfig) -> None:
        complete: bool = config['deterministic']
        self._faults, self._complete, self._use_depth = faults, complete, config['use_depth']
        self._changed = threading.Condition()
        self._depths = DepthBuffer(LARGEST_QUEUE if complete else _BUFFER)
        self._info: CameraInfo | None = None
        self._given_up: float | None = None
        self._missing_since: float | None = None
        self._subscriptions = [FollowingSubscription(
            node, CameraInfo, node.resolve_topic_name('camera_info'), self._on_info,
            complete_qos if complete else matching_qos)]  # some publish it once, latched
        if self._use_depth:
            self._subscriptions.append(FollowingSubscription(
                node, Image, node.resolve_topic_name('depth'), self._on_depth,
                complete_qos if complete else lambda offered: image_qos(depth=5)))

    def destroy(self) -> None:
        """End the subscriptions."""
        for subscription in self._subscriptions:
            subscription.destroy()

    def locate(self, faces: Sequence[Detection], image_size: tuple[int, int], stamp: float,
               config: EmotionNodeConfig, still: bool = False) -> list[Position | None]:
        """
        Return the position of each face in the camera optical frame, or None.

        :param image_size: (width, height) of the color image [px].
        :param stamp: of the color image [s].
        :param config: the node's parameters as of now.
        :param still: an image beside the stream: nothing is waited for.
        """
        tolerance: float = config['depth_tolerance']
        with self._changed:
            if not still:
                if faces and self._complete:
                    self._wait_for_others(stamp)
                self._depths.advance(stamp, tolerance)
            depth, info = self._depths.nearest(stamp, tolerance), self._info
        missing = self._missing(info, depth, tolerance)
        if not faces or not missing:
            self._missing_since = None
        else:
            self._report_missing(missing)
        places: list[Position | None] = [None] * len(faces)
        if not faces or info is None:
            return places
        try:
            matrix = _camera_matrix(info, image_size)
            if config['estimate_position']:
                places = estimate_positions(faces, matrix, config['face_width'])
            if depth is not None:
                measured = locate_faces(
                    depth_to_array(depth), [face.box for face in faces], image_size, matrix)
                places = [here or guess for here, guess in zip(measured, places)]
        except ImageError as error:
            self._faults.report(f'depth_{error.kind}', f'no positions: {error}')
        return places

    def _wait_for_others(self, stamp: float) -> None:
        """
        Wait for the calibration, and until it is certain which depth image belongs to a stamp;
        while they are late, only once.
        """
        if self._given_up is None and not self._changed.wait_for(
                lambda: self._info is not None and (
                    not self._use_depth or self._depths.reaches(stamp)), _PATIENCE):
            self._given_up = stamp

    def _missing(self, info: CameraInfo | None, depth: Image | None, tolerance: float) -> str:
        """Return what has not come although it is asked for, and by which parameter."""
        asking = 'use_depth' if self._use_depth else 'estimate_position'
        if info is None:
            return f'no camera_info, although {asking} is on'
        if self._use_depth and depth is None:
            return f'no depth image within {tolerance:g} s of the image, although use_depth is on'
        return ''

    def _report_missing(self, what: str) -> None:
        now = time.monotonic()
        self._missing_since = self._missing_since or now
        if now - self._missing_since > _PATIENCE:
            self._faults.report('no_depth', f'no positions: {what}')

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
