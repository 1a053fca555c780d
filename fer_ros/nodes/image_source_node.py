"""image_source_node: images for machines without a camera driver."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import cv2
import numpy as np
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, String

from fer_ros.media.frame_source import FrameSource, open_frame_source
from fer_ros.nodes.calibration import pinhole, read_calibration
from fer_ros.nodes.image_conversions import array_to_compressed, array_to_image
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.nodes.qos import image_qos, latched_qos
from fer_ros.nodes.running import run_node
from fer_ros.nodes.usage import usage
from fer_ros.nodes.working_node import WorkingNode

SPECS = {
    'source': Spec('demo', "demo, a camera's number or device, a video file or a folder of "
                   'pictures'),
    'rate': Spec(0.0, "frames a second; 0: the source's own. The pictures of a folder are shown "
                 'for 2 s each, at most 1280 px large; with a rate they are the frames of one '
                 'film', 0.0, 1000.0),
    'loop': Spec(True, 'begin anew at the end of a file or folder'),
    'frame_id': Spec('camera_optical_frame', 'frame of the images (REP 103: z forward)'),
    'width': Spec(0, 'resize to this width [px]; 0: as it is, or as height asks', 0, 8192),
    'height': Spec(0, 'resize to this height [px]; 0: as it is, or as width asks', 0, 8192),
    'camera_info_file': Spec('', 'calibration (YAML of camera_calibration); empty: a pinhole of '
                             '60 degrees'),
    'compressed': Spec(False, 'also publish image/compressed (JPEG)'),
    'reliability': Spec('best_effort', 'QoS of the images',
                        choices=('best_effort', 'reliable')),
}
#: So long a source that does not loop waits for subscribers [s].
_PATIENCE = 4.0
#: So long each picture of a folder is shown; so long none is shown between two files [s].
_HOLD, _PAUSE = 2.0, 0.3


class _ToRos(logging.Handler):
    """What the source warns of is said in the node's log."""

    def __init__(self, node: WorkingNode) -> None:
        super().__init__(logging.WARNING)
        self._node = node

    def emit(self, record: logging.LogRecord) -> None:
        self._node.get_logger().warning(record.getMessage())


class ImageSourceNode(WorkingNode):
    """Publishes ``image`` and ``camera_info`` with equal stamps, in real time."""

    def __init__(self, node_name: str = 'image_source_node', **kwargs: Any) -> None:
        super().__init__(node_name, SPECS, **kwargs)
        self._held = 0.0 if self.value('rate') else _HOLD
        self._source: FrameSource = open_frame_source(
            str(self.value('source')), bool(self.value('loop')), self._held)
        qos = image_qos(str(self.value('reliability')), 5)
        self._image = self.create_publisher(Image, 'image', qos)
        self._info = self.create_publisher(CameraInfo, 'camera_info', qos)
        self._compressed = self.create_publisher(
            CompressedImage, self.resolve_topic_name('image') + '/compressed', qos
        ) if self.value('compressed') else None
        self._showing = self.create_publisher(String, '~/showing', latched_qos())
        self._outputs = [output for output in (self._image, self._compressed, self._info)
                         if output is not None]
        file = str(self.value('camera_info_file'))
        self._calibration = read_calibration(file) if file else None
        self.start(self._work, self._source.close)

    def _work(self) -> None:
        warnings = _ToRos(self)
        logging.getLogger('fer_ros').addHandler(warnings)
        try:
            self._publish_all()
        finally:
            logging.getLogger('fer_ros').removeHandler(warnings)

    def _publish_all(self) -> None:
        self.get_logger().info(f'publishing {self._source.name}')
        rate = float(self.value('rate'))
        period = 1 / rate if rate > 0 else self._source.period
        if not self.value('loop'):  # each frame is shown once
            self.wait_for_subscribers(self._is_heard, _PATIENCE)
        due, begun = time.monotonic(), 0
        for frame in self._source:
            if self._source.begun != begun:
                self._showing.publish(String(data=self._source.showing))
                if self._held and begun:  # who listens has time to forget the one before
                    self.stopping.wait(_PAUSE)
                begun = self._source.begun
            # Due times are counted from the start: no drift; after a stall none is made up for.
            due = max(due, time.monotonic() - period) if period else time.monotonic()
            if self.stopping.wait(max(due - time.monotonic(), 0.0)):
                return
            self._publish(frame)
            due += period
        for output in self._outputs:
            output.wait_for_all_acked(Duration(seconds=2))
        self.get_logger().info('the source has ended')

    def _is_heard(self) -> bool:
        return any(output.get_subscription_count() for output in self._outputs)

    def _resized(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        wanted = int(self.value('width')), int(self.value('height'))
        size = (wanted[0] or round(width * (wanted[1] or height) / height) or 1,
                wanted[1] or round(height * (wanted[0] or width) / width) or 1)
        if size == (width, height):
            return frame
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))

    def _publish(self, source_frame: np.ndarray) -> None:
        header = Header(frame_id=str(self.value('frame_id')))
        header.stamp = self.get_clock().now().to_msg()
        frame = self._resized(source_frame)
        source_size, size = source_frame.shape[1::-1], frame.shape[1::-1]
        calibration = self._calibration or pinhole(source_size)
        info = calibration.message(source_size, size, header)
        self._image.publish(array_to_image(frame, header, 'bgr8'))
        if self._compressed is not None and self._compressed.get_subscription_count():
            self._compressed.publish(array_to_compressed(frame, header))
        self._info.publish(info)


def main(args: list[str] | None = None) -> int:
    """Publish until the source ends or the node is told to stop."""
    return run_node('image_source_node', ImageSourceNode, args,
                    usage('image_source_node', __doc__ or '', SPECS))


if __name__ == '__main__':
    sys.exit(main())
