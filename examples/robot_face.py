"""
The robot's own face follows its tone: ROS4HRI's hri_msgs/Expression on /robot_face/expression.
Needs hri_msgs (ros-<distribution>-hri-msgs). Run: python3 <this file>.
"""

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile

from fer_ros_msgs.msg import DialogTone

#: tone -> expression; the robot never looks angry, sad, disgusted or scared at anybody.
EXPRESSIONS = {'cheerful': 'happy', 'playful': 'happy', 'warm': 'happy'}


def main():
    """Publish an expression with each new tone."""
    try:
        from hri_msgs.msg import Expression
    except ImportError:
        sys.exit('robot_face needs hri_msgs: apt install ros-$ROS_DISTRO-hri-msgs')
    rclpy.init()
    node = rclpy.create_node('robot_face')
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    face = node.create_publisher(Expression, '/robot_face/expression', latched)

    def on_tone(tone):
        message = Expression(expression=EXPRESSIONS.get(tone.tone, 'neutral'))
        message.header.stamp = node.get_clock().now().to_msg()
        face.publish(message)
        print(f'expression: {message.expression}', flush=True)

    node.create_subscription(DialogTone, 'dialog/tone', on_tone, latched)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
