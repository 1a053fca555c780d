"""Every kind of picture file to a real emotion_node with 8 GB: by topic and by its service."""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from helpers import call, ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from benchmark.odd_pictures import odd_pictures  # noqa: E402
from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_compressed  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, image_qos  # noqa: E402
from fer_ros_msgs.msg import EmotionArray  # noqa: E402
from fer_ros_msgs.srv import AnalyzeImage  # noqa: E402

ADDRESS_SPACE = 8 << 30


class SmallRobot:
    """emotion_node in a process with little memory, a camera for it, and what it says."""

    def __init__(self):
        self.log = tempfile.TemporaryFile('w+')
        self.child = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args',
             '-p', 'image_transport:=compressed', '-p', 'image_qos:=reliable',
             '-p', 'deterministic:=true'],
            stdout=self.log, stderr=subprocess.STDOUT, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE)))
        self.peer = rclpy.create_node('peer')
        self.camera = self.peer.create_publisher(
            CompressedImage, 'image/compressed', image_qos('reliable', 200))
        self.client = self.peer.create_client(AnalyzeImage, 'emotion_node/analyze_image')
        self.answers, self.faults, self.sent = [], 0, 0
        self.peer.create_subscription(
            EmotionArray, 'emotions', self.answers.append, emotions_qos())
        self.peer.create_subscription(DiagnosticArray, '/diagnostics', self._note, 10)

    def ask(self, data=b'', image=None):
        message = CompressedImage(format='jpeg', data=data)
        return call(self.client, AnalyzeImage.Request(
            compressed=message, image=image or Image()), 60)

    def publish(self, message):
        self.sent += 1
        message.header.stamp.sec = 1_700_000_000 + self.sent
        self.camera.publish(message)

    def memory(self):
        """Return the resident memory and its peak [MB]."""
        text = Path(f'/proc/{self.child.pid}/status').read_text()
        return [int(re.search(rf'{key}:\s+(\d+)', text)[1]) / 1024 for key in ('VmRSS', 'VmHWM')]

    def lines(self):
        self.log.seek(0)
        return self.log.read().splitlines()

    def _note(self, message):
        values = {value.key: value.value for value in message.status[0].values}
        self.faults = int(values.get('faults', 0))


@pytest.fixture(scope='module')
def robot():
    with ros():
        robot = SmallRobot()
        with spinning(robot.peer):
            try:
                assert robot.client.wait_for_service(60), robot.lines()
                assert wait_for(robot.camera.get_subscription_count, 20)
                yield robot
                assert robot.child.poll() is None, robot.lines()
            finally:
                robot.child.terminate()
                robot.child.wait(15)
                robot.log.close()


def test_service(robot, astronaut):
    """Each is answered: with faces, or with one line that says why not; memory is given back."""
    portrait = array_to_compressed(astronaut, Header()).data
    assert len(robot.ask(portrait).result.emotions) == 1
    before, _ = robot.memory()
    for name, odd in odd_pictures().items():
        answer = robot.ask(odd.data)
        assert answer.success == (odd.shape is not None), (name, answer.message)
        assert bool(answer.message) != answer.success and '\n' not in answer.message
        if odd.data:
            assert re.search(odd.text, answer.message), name
    assert len(robot.ask(portrait).result.emotions) == 1
    now, peak = robot.memory()
    assert now - before < 50 and peak - before < 150


def test_largest_picture_is_answered_and_its_memory_given_back(robot):
    """67 million pixels are taken, four times as many are not."""
    message = array_to_compressed(np.zeros((8192, 8192, 3), np.uint8), Header())
    robot.ask(message.data)
    before, _ = robot.memory()
    assert robot.ask(message.data).success
    now, peak = robot.memory()
    assert now - before < 50 and peak < 2000
    answer = robot.ask(array_to_compressed(np.zeros((16384, 16384), np.uint8), Header()).data)
    assert not answer.success and '16384x16384' in answer.message


@pytest.mark.parametrize('fields', [
    {}, {'encoding': 'bgr8'}, {'encoding': 'yuyv', 'width': 3, 'height': 1, 'step': 6},
    {'encoding': 'bgr8', 'width': 2 ** 31, 'height': 2 ** 31, 'step': 1},
    {'encoding': 'bayer_rggb8', 'width': 1, 'height': 1, 'step': 1}])
def test_service_with_bad_raw_images(robot, fields):
    """One line, whatever the fields say."""
    answer = robot.ask(image=Image(data=bytes(64), **fields))
    assert not answer.success and answer.message and '\n' not in answer.message


def test_service_answers_whatever_goes_wrong(robot, astronaut):
    """As when a network fails."""
    node = EmotionNode(namespace='elsewhere')
    try:
        node.trigger_configure()
        node.worker.pipeline.detector = None
        answer = node._offered_services._on_analyze(AnalyzeImage.Request(
            compressed=array_to_compressed(astronaut, Header())), AnalyzeImage.Response())
        assert not answer.success
        assert answer.message.startswith('AttributeError: ') and '\n' not in answer.message
        assert answer.message in node.faults.last
    finally:
        node.destroy_node()


def test_topic(robot, astronaut):
    """Every good one is answered, every bad one is a fault in the diagnostics, few are logged."""
    bad = 0
    for name, odd in odd_pictures().items():
        robot.publish(CompressedImage(format='jpeg', data=odd.data))
        if odd.shape is None:  # the next one tells when it is through
            bad += 1
            robot.publish(array_to_compressed(astronaut, Header()))
        assert wait_for(lambda: len(robot.answers) == robot.sent - bad, 30), name  # noqa: B023
    assert wait_for(lambda: robot.faults == bad, 10), (robot.faults, bad)
    assert len(robot.answers[-1].emotions) == 1
    noise = [line for line in robot.lines() if not line.startswith('[')]
    assert len(noise) < 5, noise
    assert len([line for line in robot.lines() if 'ERROR' in line]) < 10


def test_service_without_memory(robot):
    """Whatever runs out of it, the decoder or a network: one line, and the node lives on."""
    large = array_to_compressed(np.zeros((8192, 8192), np.uint8), Header()).data
    status = Path(f'/proc/{robot.child.pid}/status').read_text()
    used = int(re.search(r'VmSize:\s+(\d+)', status)[1]) << 10
    for spare in (50, 100, 200, 300, 400):
        resource.prlimit(robot.child.pid, resource.RLIMIT_AS,
                         (used + (spare << 20), ADDRESS_SPACE))
        answer = robot.ask(large)
        assert '\n' not in answer.message and answer.success != bool(answer.message)
        assert not answer.success or spare > 50
    resource.prlimit(robot.child.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    assert robot.ask(odd_pictures()['JPEG'].data).success
