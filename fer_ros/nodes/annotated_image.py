"""The annotated image, raw and as JPEG: drawn only while someone subscribes."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from fer_ros.nodes.frame import Frame
from fer_ros.nodes.image_conversions import array_to_compressed, array_to_image
from fer_ros.nodes.qos import image_qos
from fer_ros.perception.annotator import annotate


class AnnotatedImage:
    """
    An :class:`.Output`.

    :param node: the publishers are its own.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        topic = node.resolve_topic_name('emotions/image')
        self.raw = node.create_lifecycle_publisher(Image, 'emotions/image', image_qos())
        self.compressed = node.create_lifecycle_publisher(
            CompressedImage, topic + '/compressed', image_qos())

    def publish(self, frame: Frame) -> None:
        """Draw and publish."""
        raw = self.raw.get_subscription_count() > 0
        compressed = self.compressed.get_subscription_count() > 0
        if not raw and not compressed:
            return
        picture = annotate(frame.picture, frame.faces, frame.labels, frame.config['overlay'])
        if raw:
            self.raw.publish(array_to_image(picture, frame.header, 'bgr8'))
        if compressed:
            self.compressed.publish(array_to_compressed(
                picture, frame.header, quality=frame.config['jpeg_quality']))

    def destroy(self) -> None:
        """Release the publishers."""
        for publisher in (self.raw, self.compressed):
            self._node.destroy_lifecycle_publisher(publisher)
