"""image_source_node: images for machines without a camera driver."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.media.frame_source import FrameSource, SourceError, open_frame_source
from fer_ros.nodes.image_conversions import array_to_compressed, array_to_image
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.nodes.qos import image_qos
from fer_ros.nodes.running import run_node
from fer_ros.nodes.working_node import WorkingNode

SPECS = {
    'source': Spec('demo', "demo, a camera's number or device, a video file or a folder of "
                   'pictures'),
    'rate': Spec(0.0, "frames a second; 0: the source's own", 0.0, 1000.0),
    'loop': Spec(True, 'begin anew at the end of a file or folder'),
    'frame_id': Spec('camera_optical_frame', 'frame of the images (REP 103: z forward)'),
    'width': Spec(0, 'resize to this width [px]; 0: as it is', 0, 16384),
    'height': Spec(0, 'resize to this height [px]; 0: as it is', 0, 16384),
    'camera_info_file': Spec('', 'calibration (YAML of camera_calibration); empty: a pinhole of '
                             '60 degrees'),
    'compressed': Spec(False, 'also publish image/compressed (JPEG)'),
    'reliability': Spec('best_effort', 'QoS of the images',
                        choices=('best_effort', 'reliable')),
}
_FIELD_OF_VIEW = math.radians(60)


class ImageSourceNode(WorkingNode):
    """Publishes ``image`` and ``camera_info`` with equal stamps, in real time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('image_source_node', SPECS, **kwargs)
        self._source: FrameSource = open_frame_source(
            str(self.value('source')), bool(self.value('loop')))
        qos = image_qos(str(self.value('reliability')), 5)
        self._image = self.create_publisher(Image, 'image', qos)
        self._info = self.create_publisher(CameraInfo, 'camera_info', qos)
        self._compressed = self.create_publisher(
            CompressedImage, self.resolve_topic_name('image') + '/compressed', qos
        ) if self.value('compressed') else None
        self._calibration = _read_calibration(str(self.value('camera_info_file')))
        self.start(self._publish_all, self._source.close)

    def _publish_all(self) -> None:
        self.get_logger().info(f'publishing {self._source.name}')
        rate = float(self.value('rate'))
        period = 1 / rate if rate > 0 else self._source.period
        due = time.monotonic()
        for frame in self._source:
            # Due times are counted from the start: no drift; after a stall none is made up for.
            due = max(due, time.monotonic() - period) if period else time.monotonic()
            if self.stopping.wait(max(due - time.monotonic(), 0.0)):
                return
            self._publish(self._resized(frame))
            due += period
        self.get_logger().info('the source has ended')

    def _resized(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        size = int(self.value('width')) or width, int(self.value('height')) or height
        if size == (width, height):
            return frame
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))

    def _publish(self, frame: np.ndarray) -> None:
        header = Header(frame_id=str(self.value('frame_id')))
        header.stamp = self.get_clock().now().to_msg()
        self._image.publish(array_to_image(frame, header, 'bgr8'))
        if self._compressed is not None and self._compressed.get_subscription_count():
            self._compressed.publish(array_to_compressed(frame, header))
        self._info.publish(_camera_info(self._calibration, frame.shape, header))


def _camera_info(calibration: dict[str, Any] | None, shape: tuple[int, ...],
                 header: Header) -> CameraInfo:
    """Return the calibration, or a pinhole without distortion when there is none."""
    height, width = shape[:2]
    message = CameraInfo(header=header, height=height, width=width,
                         distortion_model='plumb_bob')
    if calibration is None:
        focal = width / 2 / math.tan(_FIELD_OF_VIEW / 2)
        cx, cy = (width - 1) / 2, (height - 1) / 2
        message.d = [0.0] * 5
        message.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        return message
    message.distortion_model = str(calibration['distortion_model'])
    message.d = [float(v) for v in calibration['distortion_coefficients']['data']]
    message.k = [float(v) for v in calibration['camera_matrix']['data']]
    message.r = [float(v) for v in calibration['rectification_matrix']['data']]
    message.p = [float(v) for v in calibration['projection_matrix']['data']]
    return message


def _read_calibration(file: str) -> dict[str, Any] | None:
    if not file:
        return None
    try:
        data: dict[str, Any] = yaml.safe_load(Path(file).expanduser().read_text(encoding='utf-8'))
        _camera_info(data, (1, 1), Header())
        return data
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AssertionError) as error:
        raise SourceError(f"camera_info_file '{file}' is no camera calibration: "
                          f'{type(error).__name__} {error}') from error


def main(args: list[str] | None = None) -> int:
    """Publish until the source ends or the node is told to stop."""
    return run_node('image_source_node', ImageSourceNode, args)


if __name__ == '__main__':
    sys.exit(main())
