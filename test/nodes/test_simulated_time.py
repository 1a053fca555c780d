"""A simulation that is slower or faster than life, stands for a while, or begins anew."""

import time
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import BASE, Rig  # noqa: E402
from gazebo_world import World  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.time import Time  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.qos import image_qos, latched_qos  # noqa: E402
from fer_ros_msgs.msg import DialogTone  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
#: Seconds of the world's story at which the one on the right is calm, and is sad.
CALM, SAD = 13.0, 20.0
#: 10 images a second, each told of 10 times by the clock.
HZ, TICKS = 10, 10


class Simulation:
    """
    Gazebo's people before emotion_node and behavior_node, on a clock of our own.

    :param pictures: one after another, at :data:`HZ` in simulated time.
    """

    def __init__(self, pictures):
        # So that no image is left out however busy this machine is.
        self.rig = Rig(use_sim_time=True, deterministic=True)
        self.rig.peer.destroy_publisher(self.rig.camera)
        self.rig.camera = self.rig.peer.create_publisher(
            Image, 'image', image_qos('reliable', len(pictures)))
        self.behavior = BehaviorNode(parameter_overrides=[
            Parameter('use_sim_time', value=True), Parameter('min_interval', value=0.0),
            Parameter('person_cooldown', value=0.0), Parameter('hold_uncertain', value=0.0)])
        self.clock = self.rig.peer.create_publisher(Clock, '/clock', 10)
        self.tones, self.pictures = [], pictures
        self.rig.peer.create_subscription(
            DialogTone, 'dialog/tone', self.tones.append, latched_qos())

    def play(self, rate, stands_after=None):
        """
        Play all pictures from the beginning.

        :param rate: seconds of the simulation a second.
        :param stands_after: the simulation pauses after this picture.
        :returns: (seconds, label, quality) of each answer, and (seconds, tone) of each change.
        """
        answers, tones = len(self.rig.messages), len(self.tones)
        for i, picture in enumerate(self.pictures):
            for tick in range(TICKS):
                passed = (i * TICKS + tick) * 10 ** 9 // (HZ * TICKS)
                self.clock.publish(Clock(clock=Time(nanoseconds=BASE * 10 ** 9 + passed).to_msg()))
                if tick == 0:
                    self.rig.offer(picture, i / HZ)
                time.sleep(1 / (HZ * TICKS * rate))
            if i == stands_after:
                time.sleep(0.5)
        assert wait_for(lambda: len(self.rig.messages) == answers + len(self.pictures), 30)
        assert wait_for(lambda: any(m.emotion == 'sad' for m in self.tones[tones:]))
        # The first tone, to nobody, comes with the node or with the jump back.
        return ([(seconds(m), *((e.label, e.quality) for e in m.emotions))
                 for m in self.rig.messages[answers:]],
                [(seconds(m), m.emotion, m.tone) for m in self.tones[tones:] if seconds(m) > 0])


def seconds(message):
    """Return the stamp of a message in the simulation."""
    return message.header.stamp.sec - BASE + message.header.stamp.nanosec * 1e-9


def test_any_rate_pauses_and_resets_give_the_states_of_real_time():
    """Each run begins with a jump back of time, as Gazebo's reset does."""
    world = World(ROOT / 'worlds' / 'people.sdf')
    right = slice(world.width // 2, None)
    pictures = [world.seen(t)[:, right] for t in [CALM] * 6 + [SAD] * 8]
    with ros():
        simulation = Simulation(pictures)
        with spinning(simulation.rig.node, simulation.behavior, simulation.rig.peer):
            simulation.rig.ready()
            states, tones = simulation.play(1.0)
            labels = [faces[0][0] for _, *faces in states if faces]
            assert list(dict.fromkeys(labels)) == ['uncertain', 'neutral', 'sad'], states
            assert len(tones) > 1, tones
            for rate, stands_after in ((3.0, None), (0.3, 9)):
                again = simulation.play(rate, stands_after)
                assert again == (states, tones), rate
            assert simulation.rig.node.worker.jumps == 2
