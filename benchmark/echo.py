"""Answers every image with an empty EmotionArray of the same header: the transport floor."""

import rclpy
from rclpy.executors import ExternalShutdownException
from sensor_msgs.msg import Image

from fer_ros.nodes.memory import keep_freed_memory
from fer_ros.nodes.qos import emotions_qos, image_qos
from fer_ros_msgs.msg import EmotionArray


def main() -> None:
    """Echo until told to stop, with the memory that the nodes keep."""
    keep_freed_memory()
    rclpy.init()
    node = rclpy.create_node('echo')
    publisher = node.create_publisher(EmotionArray, 'emotions', emotions_qos())
    node.create_subscription(
        Image, 'image', lambda m: publisher.publish(EmotionArray(header=m.header)), image_qos())
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
