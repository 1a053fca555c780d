"""image_source_node: images for machines without a camera driver."""

from __future__ import annotations

import math
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
import yaml
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.media.frame_source import FrameSource, SourceError, open_frame_source
from fer_ros.nodes.image_conversions import array_to_compressed, array_to_image
from fer_ros.nodes.qos import image_qos
from fer_ros.nodes.running import run_node

#: name -> (default, description, range).
_PARAMETERS: dict[str, tuple[Any, str, tuple[float, float] | None]] = {
    'source': ('demo', "demo, a camera's number or device, a video file or a folder of pictures",
               None),
    'rate': (0.0, "frames a second; 0: the source's own", (0.0, 1000.0)),
    'loop': (True, 'begin anew at the end of a file or folder', None),
    'frame_id': ('camera_optical_frame', 'frame of the images (REP 103: z forward)', None),
    'width': (0, 'resize to this width [px]; 0: as it is', (0, 16384)),
    'height': (0, 'resize to this height [px]; 0: as it is', (0, 16384)),
    'camera_info_file': ('', 'calibration (YAML of camera_calibration); empty: a pinhole of 60 '
                         'degrees', None),
    'compressed': (False, 'also publish image/compressed (JPEG)', None),
    'reliability': ('best_effort', 'QoS of the images: best_effort or reliable', None),
}
_FIELD_OF_VIEW = math.radians(60)


class ImageSourceNode(Node):
    """
    Publishes ``image`` and ``camera_info`` with equal stamps, in real time.

    A thread reads and publishes; the executor only serves parameters and the clock.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('image_source_node', **kwargs)
        self.error = ''
        self.finished, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        for name, (default, text, limits) in _PARAMETERS.items():
            self.declare_parameter(name, default, _descriptor(default, text, limits))
        self._source: FrameSource = open_frame_source(
            self._value('source'), bool(self._value('loop')))
        qos = image_qos(str(self._value('reliability')), 5)
        self._image = self.create_publisher(Image, 'image', qos)
        self._info = self.create_publisher(CameraInfo, 'camera_info', qos)
        self._compressed = self.create_publisher(
            CompressedImage, self.resolve_topic_name('image') + '/compressed', qos
        ) if self._value('compressed') else None
        self._calibration = _read_calibration(str(self._value('camera_info_file')))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def destroy_node(self) -> None:
        """Stop the thread and release the source."""
        self._stopping.set()
        if self._thread is not None:  # None if the start was refused halfway
            self._thread.join(2.0)
            self._source.close()
        super().destroy_node()

    def _value(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _run(self) -> None:
        self.get_logger().info(f'publishing {self._source.name}')
        try:
            self._publish_all()
            if not self._stopping.is_set():
                self.get_logger().info('the source has ended')
        except (SourceError, cv2.error) as error:
            self.error = str(error)
        except Exception as error:  # the context was shut down while a frame was in work
            if rclpy.ok():
                self.error = f'{type(error).__name__}: {error}'
        self.finished.set()

    def _publish_all(self) -> None:
        rate = float(self._value('rate'))
        period = 1 / rate if rate > 0 else self._source.period
        due = time.monotonic()
        for frame in self._source:
            # Due times are counted from the start: no drift; after a stall none is made up for.
            due = max(due, time.monotonic() - period) if period else time.monotonic()
            if self._stopping.wait(max(due - time.monotonic(), 0.0)):
                return
            self._publish(self._resized(frame))
            due += period

    def _resized(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        size = int(self._value('width')) or width, int(self._value('height')) or height
        if size == (width, height):
            return frame
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))

    def _publish(self, frame: np.ndarray) -> None:
        header = Header(frame_id=str(self._value('frame_id')))
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


def _descriptor(default: Any, text: str,
                limits: tuple[float, float] | None) -> ParameterDescriptor:
    result = ParameterDescriptor(description=text)
    if limits and isinstance(default, int):
        result.integer_range = [IntegerRange(
            from_value=int(limits[0]), to_value=int(limits[1]), step=1)]
    elif limits:
        result.floating_point_range = [FloatingPointRange(
            from_value=float(limits[0]), to_value=float(limits[1]), step=0.0)]
    return result


def main(args: list[str] | None = None) -> int:
    """Publish until the source ends or the node is told to stop."""
    return run_node('image_source_node', ImageSourceNode, args)


if __name__ == '__main__':
    sys.exit(main())
