"""The images that emotion_node takes: of one camera, on one topic, as its publishers offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from fer_ros.nodes.camera_watch import CameraWatch, with_info
from fer_ros.nodes.emotion_worker import EmotionWorker
from fer_ros.nodes.following_subscription import FollowingSubscription
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.nodes.qos import complete_qos, image_qos, matching_qos
from fer_ros.perception.camera_guard import LEFT_OUT, TAKEN_OVER


class ImageInput:
    """
    Subscribes while it shall, and hands a camera's images to the worker.

    :param node: the subscription is its own.
    :param config: the node's parameters; what of them counts here is not live.
    :param worker: takes the images.
    :param watch: makes the event callbacks of a fresh subscription to a topic.
    """

    def __init__(self, node: Node, config: EmotionNodeConfig, worker: EmotionWorker,
                 watch: Callable[[str], Any]) -> None:
        self._node, self._config, self._worker, self._watch = node, config, worker, watch
        compressed = config['image_transport'] == 'compressed'
        self._type = CompressedImage if compressed else Image
        self.topic = node.resolve_topic_name('image') + '/compressed' * compressed
        self.cameras = CameraWatch(
            node, self.topic, node.get_logger().warning, config['image_timeout'])
        self._subscription: FollowingSubscription | None = None

    def start(self) -> None:
        """Take images from now on."""
        if self._subscription is None:
            self._subscription = FollowingSubscription(
                self._node, self._type, self.topic, with_info(self._on_image), self._qos,
                self._events)

    def stop(self) -> None:
        """Take no more images; the one in work is finished."""
        if self._subscription is not None:
            self._subscription.destroy()
            self._subscription = None
        self._worker.frames.drain()

    def take(self, message: Image | CompressedImage) -> None:
        """Take an image as if it had come on the topic; it is not copied."""
        if self._subscription is not None:
            self._on_image(message, None)

    def _on_image(self, message: Any, info: Any) -> None:
        """Hand an image to the worker unless it is of another camera than the followed one."""
        verdict = self.cameras.judge(message, info)
        if verdict == TAKEN_OVER:
            self._worker.reset()
        if verdict != LEFT_OUT:
            self._worker.frames.put(message)

    def _qos(self, offered: Sequence[QoSProfile]) -> QoSProfile:
        """Return what to ask of the publishers: the parameters' wish, or what all offer."""
        if self._config['deterministic']:
            return complete_qos(offered)
        depth = self._config['image_depth']
        if self._config['image_qos'] != 'auto':
            return image_qos(self._config['image_qos'], depth)
        return matching_qos(offered, depth)

    def _events(self) -> Any:
        events = self._watch(self.topic)
        if self._config['deterministic']:
            events.message_lost = lambda event: self._worker.frames.lose(event.total_count_change)
        return events
