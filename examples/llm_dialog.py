"""
A dialog loop around a language model.

What was heard goes in, what is said comes out; how to speak and what the robot sees stand in the
system prompt. EchoModel stands where your model goes. Run: python3 <this file>; then:
``ros2 topic pub --once dialog/heard std_msgs/String 'data: Hi'``
"""

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, String

from fer_ros_msgs.msg import DialogTone, Notice

PERSONA = 'You are a small household robot. Answer in one or two sentences.'


class EchoModel:
    """Answers with what it was told; the interface is that of any chat model."""

    def complete(self, system, messages):
        """Return the answer to the last message."""
        manner = system.removeprefix(PERSONA).strip()
        return f'[{manner}] You said: {messages[-1]["content"]}'


class Dialog:
    """The conversation: no ROS inside."""

    def __init__(self, model, memory=20):
        self._model, self._memory, self._messages = model, memory, []
        self.tone = self.style = self.situation = self.suggestion = ''

    def take(self, tone):
        """Take what the robot's behavior tells."""
        if tone.suggestion or tone.tone != self.tone:  # it stands in one message only
            self.suggestion = tone.suggestion
        self.tone, self.style, self.situation = tone.tone, tone.style_prompt, tone.situation

    def answer(self, heard):
        """Return what to say."""
        self._messages.append({'role': 'user', 'content': heard})
        said = self._model.complete(self._system(), self._messages[-self._memory:])
        self._messages.append({'role': 'assistant', 'content': said})
        self.suggestion = ''  # offered once
        return said

    def _system(self):
        offer = f' If it fits, offer: {self.suggestion}.' if self.suggestion else ''
        return f'{PERSONA} {self.style} {self.situation}{offer}'


def main():
    """Listen, answer, have it marked up, and hold the tone while it is spoken."""
    rclpy.init()
    node = rclpy.create_node('llm_dialog')
    text = node.create_publisher(String, 'dialog/text', 10)
    speaking = node.create_publisher(Bool, 'dialog/speaking', 10)
    dialog = Dialog(EchoModel())

    def on_ssml(ssml):
        speaking.publish(Bool(data=True))
        try:
            print(f'say: {ssml.data}', flush=True)  # your speech synthesis goes here
        finally:
            speaking.publish(Bool(data=False))  # also if it fails: true holds the tone

    # First what people must be told, in its own words; then what the model says.
    node.create_subscription(
        Notice, 'dialog/notice', lambda notice: text.publish(String(data=notice.text)), 10)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_subscription(DialogTone, 'dialog/tone', dialog.take, latched)
    node.create_subscription(String, 'dialog/heard', lambda heard: text.publish(
        String(data=dialog.answer(heard.data))), 10)
    node.create_subscription(String, 'dialog/ssml', on_ssml, 10)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
