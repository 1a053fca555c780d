"""
A leaf for a behavior tree (py_trees): whether the robot's tone asks for a branch.

Needs py_trees (``ros-<distribution>-py-trees`` or pip). Run: python3 <this file>
"""

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from fer_ros_msgs.msg import DialogTone

try:
    import py_trees
    from py_trees.common import Status
except ImportError:
    sys.exit('behavior_tree needs py_trees: apt install ros-$ROS_DISTRO-py-trees')


class ToneAsks(py_trees.behaviour.Behaviour):
    """
    SUCCESS while the robot speaks to somebody in one of these tones, else FAILURE.

    RUNNING until the first tone has come: the tree waits, it does not guess. It never blocks.

    :param tones: names of tones in behavior.yaml; none: any, somebody is there.
    """

    def __init__(self, name, tones=()):
        super().__init__(name)
        self._tones, self.tone = tones, None

    def setup(self, **kwargs):
        """Subscribe; py_trees_ros and ``tree.setup`` pass the node on."""
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        kwargs['node'].create_subscription(
            DialogTone, 'dialog/tone', lambda tone: setattr(self, 'tone', tone), latched)

    def update(self):
        """Tell what the latest message says."""
        if self.tone is None:
            self.feedback_message = 'no tone yet'
            return Status.RUNNING
        self.feedback_message = self.tone.reason
        fits = self.tone.person_id and (not self._tones or self.tone.tone in self._tones)
        return Status.SUCCESS if fits else Status.FAILURE


class Say(py_trees.behaviour.Behaviour):
    """Says a sentence once when the tree comes to it, then keeps RUNNING; your action here."""

    def __init__(self, name, sentence):
        super().__init__(name)
        self._sentence = sentence

    def setup(self, **kwargs):
        """Advertise what is to be spoken."""
        self._text = kwargs['node'].create_publisher(String, 'dialog/text', 10)

    def initialise(self):
        """Speak: this branch was not the one before."""
        print(f'branch: {self.name}', flush=True)
        if self._sentence:
            self._text.publish(String(data=self._sentence))

    def update(self):
        """Go on until another branch is asked for."""
        return Status.RUNNING


def make_tree():
    """Comfort who needs it, chat with anybody else, idle alone; the first that fits wins."""
    def branch(name, sentence, tones=()):
        return py_trees.composites.Sequence(name, memory=False, children=[
            ToneAsks(f'{name}?', tones), Say(name, sentence)])
    root = py_trees.composites.Selector('robot', memory=False, children=[
        branch('comfort', 'I am here. Take your time.', ('reassuring', 'encouraging', 'calm')),
        branch('chat', 'What shall we do?'), Say('idle', '')])
    return py_trees.trees.BehaviourTree(root)


def main():
    """Tick ten times a second."""
    rclpy.init()
    node, tree = rclpy.create_node('behavior_tree'), make_tree()
    tree.setup(node=node)
    node.create_timer(0.1, tree.tick)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
