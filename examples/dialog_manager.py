"""A dialog manager in a few lines: speaks in the robot's tone. Run: python3 <this file>."""

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from fer_ros_msgs.msg import DialogTone, Notice


def main():
    """Print what to tell the language model and what to hand to the speech synthesis."""
    rclpy.init()
    node = rclpy.create_node('dialog_manager')
    text = node.create_publisher(String, 'dialog/text', 10)
    tones = []

    def on_tone(tone):
        print(f'system prompt: {tone.style_prompt} {tone.situation} ({tone.reason})', flush=True)
        # A message comes with another person or situation too: speak on another tone or offer.
        if tone.suggestion or [tone.tone] != tones[-1:]:
            offer = f' Shall we {tone.suggestion}?' if tone.suggestion else ''
            text.publish(String(data='How are you?' + offer))
        tones.append(tone.tone)

    node.create_subscription(  # people must be told that their faces are read
        Notice, 'dialog/notice', lambda notice: text.publish(String(data=notice.text)), 10)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_subscription(DialogTone, 'dialog/tone', on_tone, latched)
    node.create_subscription(
        String, 'dialog/ssml', lambda ssml: print(f'say: {ssml.data}', flush=True), 10)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
