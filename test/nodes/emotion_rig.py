"""An active emotion_node, a camera and a subscriber, for every test of the node."""

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from helpers import wait_for
from rclpy.lifecycle import TransitionCallbackReturn as Result
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.nodes.emotion_node import EmotionNode
from fer_ros.nodes.image_conversions import array_to_compressed, array_to_image
from fer_ros.nodes.qos import emotions_qos, image_qos
from fer_ros_msgs.msg import EmotionArray

BASE = 1_700_000_000


class Rig:
    """An active emotion_node, a camera and a subscriber."""

    def __init__(self, **overrides):
        # Images of these tests do not fit the default transport's memory: they must be resent.
        # Every frame is looked at: by default fewer are where the machine is busy.
        overrides = {'image_qos': 'reliable', 'image_depth': 10, 'detector_interval': 1,
                     **overrides}
        self.node = EmotionNode(parameter_overrides=[
            Parameter(key, value=value) for key, value in overrides.items()])
        assert self.node.trigger_configure() == Result.SUCCESS
        assert self.node.trigger_activate() == Result.SUCCESS
        self.peer = rclpy.create_node('peer')
        self.camera = self.peer.create_publisher(Image, 'image', image_qos('reliable', 10))
        self.jpeg = self.peer.create_publisher(
            CompressedImage, 'image/compressed', image_qos('reliable', 10))
        self.messages, self.diagnostics = [], []
        self.peer.create_subscription(
            EmotionArray, 'emotions', self.messages.append, emotions_qos())
        self.peer.create_subscription(
            DiagnosticArray, '/diagnostics', self.diagnostics.append, 10)
        self.errors = []
        self.node.faults._log = self.errors.append

    def ready(self, publisher=None):
        """Wait until publisher and subscribers have found each other."""
        publisher = publisher or self.camera
        assert wait_for(lambda: publisher.get_subscription_count() and
                        self.peer.count_publishers('emotions') and
                        self.node._emotions.get_subscription_count())

    def alone(self):
        """Wait until the camera knows that the node has left, else ready() sees who was there."""
        assert wait_for(lambda: self.camera.get_subscription_count() == 0)

    def offer(self, picture, seconds, encoding='bgr8', compressed=False):
        """Publish one picture with a stamp."""
        header = Header(frame_id='camera')
        header.stamp.sec = BASE + int(seconds)
        header.stamp.nanosec = round(seconds % 1 * 1e9)
        if compressed:
            self.jpeg.publish(array_to_compressed(picture, header))
        else:
            self.camera.publish(array_to_image(picture, header, encoding))

    def send(self, picture, seconds, encoding='bgr8', compressed=False):
        """Publish one picture with a stamp and wait for its answer."""
        count = len(self.messages)
        self.offer(picture, seconds, encoding, compressed)
        assert wait_for(lambda: len(self.messages) > count), self.errors
        return self.messages[-1]
