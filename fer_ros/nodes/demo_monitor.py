"""The demo's listener: subscribes like any dialog manager would, and records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from fer_ros.media.recorder import ContactSheet, VideoRecorder
from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.demo_record import DemoRecord
from fer_ros.nodes.image_conversions import image_to_array
from fer_ros.nodes.qos import emotions_qos, image_qos, latched_qos
from fer_ros_msgs.msg import DialogTone, EmotionArray


class DemoMonitor(Node):
    """
    Receives emotions, tone and annotated image.

    :param video: the file to write.
    :param pictures: the source is a folder of pictures, each for itself.
    """

    def __init__(self, video: Path, pictures: bool, **kwargs: Any) -> None:
        super().__init__('demo_monitor', **kwargs)
        self.record, self.sheet = DemoRecord(pictures), ContactSheet()
        self.video = VideoRecorder(video, 10.0 if pictures else 30.0)
        self.start = time.monotonic()
        self.recording_error = ''
        self._last_picture: tuple[np.ndarray, str] | None = None
        self.create_subscription(EmotionArray, 'emotions', self._on_emotions, emotions_qos())
        self.create_subscription(DialogTone, 'dialog/tone', self._on_tone, latched_qos())
        self.create_subscription(Image, 'emotions/image', self._on_image, image_qos())
        self.create_subscription(
            String, 'image_source_node/showing', self._on_showing, latched_qos())
        self._reset = self.create_client(Trigger, 'emotion_node/reset')

    @property
    def now(self) -> float:
        """Time of the run [s], 0 before the first image."""
        return self.record.now(time.monotonic())

    def over(self, duration: float, patience: float = 20.0) -> bool:
        """
        Return whether a time has passed since the first image, or none came for longer.

        :param duration: [s].
        :param patience: so much longer is waited for the first image [s].
        """
        began = self.record.began
        return time.monotonic() - (self.start + patience if began is None else began) >= duration

    def connected(self) -> bool:
        """Return whether emotion_node, behavior_node and this node have found each other."""
        return bool(self.count_publishers('emotions') and self.count_publishers('dialog/tone')
                    and self.count_subscribers('emotions') > 1 and self.record.tones)

    def close(self) -> None:
        """Finish the video and the contact sheet."""
        self._keep_picture()
        self.video.close()

    def _on_emotions(self, message: EmotionArray) -> None:
        latency = self.get_clock().now().nanoseconds * 1e-9 - stamp_to_seconds(message.header)
        self.record.add(message, time.monotonic(), latency)
        if self.record.first_face is None and message.emotions:
            self.record.first_face = time.monotonic() - self.start

    def _on_tone(self, message: DialogTone) -> None:
        self.record.add_tone(message, time.monotonic())

    def _on_showing(self, message: String) -> None:
        """Nobody in this file was in the one before: what was followed there is forgotten."""
        self._keep_picture()
        if self.record.show(message.data, time.monotonic()) and self._reset.service_is_ready():
            self._reset.call_async(Trigger.Request())

    def _on_image(self, message: Image) -> None:
        """Record; a full disk ends the recording, not the demo."""
        if self.recording_error:
            return
        picture, stamp = image_to_array(message), stamp_to_seconds(message.header)
        try:
            self.video.add(picture, stamp)
        except OSError as error:
            self.recording_error = str(error)
        if self.record.pictures is None:
            self.sheet.add(picture, f'{self.now:.1f} s')
        else:
            self._last_picture = picture, self.record.showing

    def _keep_picture(self) -> None:
        """Put a folder's picture on the sheet, as it was judged in the end."""
        if self._last_picture is not None:
            self.sheet.add(*self._last_picture)
            self._last_picture = None
