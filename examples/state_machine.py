"""
A robot's evening as a plain state machine on top of the tone: alone, greeting, chatting,
comforting. Each state is one function of what is seen now; a behavior tree's leaf would call
``Evening.tick`` and map the state to its status. Run: python3 <this file>.
"""

from dataclasses import dataclass

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from fer_ros_msgs.msg import DialogTone, EmotionArray

COMFORTING = ('reassuring', 'encouraging', 'calm')


@dataclass
class Seen:
    """What the robot knows at a moment: time [s], ids of the faces, tone."""

    stamp: float
    people: tuple[str, ...]
    tone: str


class Evening:
    """The machine: no ROS inside, time comes with what is seen."""

    def __init__(self):
        self.state, self._since, self._greeted = 'alone', 0.0, set()

    def tick(self, seen):
        """Return the state after what is seen, '' if it stays."""
        wanted = getattr(self, f'_{self.state}')(seen)
        if wanted == self.state:
            return ''
        self.state, self._since = wanted, seen.stamp
        return wanted

    def _alone(self, seen):
        strangers = set(seen.people) - self._greeted
        if not seen.people:
            return 'alone'
        self._greeted |= strangers
        return 'greeting' if strangers else 'chatting'

    def _greeting(self, seen):
        if not seen.people:
            return 'alone'
        return 'chatting' if seen.stamp - self._since > 3.0 else 'greeting'

    def _chatting(self, seen):
        if not seen.people:
            return 'alone'
        return 'comforting' if seen.tone in COMFORTING else 'chatting'

    def _comforting(self, seen):
        if not seen.people:
            return 'alone'
        return 'comforting' if seen.tone in COMFORTING else 'chatting'


SAYINGS = {'greeting': 'Hello! Nice to see you.', 'comforting': 'I am here. Take your time.',
           'chatting': 'What shall we do?'}


def main():
    """Tick with every frame; say something on entering a state."""
    rclpy.init()
    node = rclpy.create_node('evening')
    text = node.create_publisher(String, 'dialog/text', 10)
    machine, tone = Evening(), ['neutral']

    def on_emotions(message):
        stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        state = machine.tick(Seen(stamp, tuple(e.id for e in message.emotions), tone[0]))
        if state:
            print(f'state: {state}', flush=True)
        if state in SAYINGS:
            text.publish(String(data=SAYINGS[state]))

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_subscription(
        DialogTone, 'dialog/tone', lambda message: tone.__setitem__(0, message.tone), latched)
    node.create_subscription(EmotionArray, 'emotions', on_emotions, 10)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
