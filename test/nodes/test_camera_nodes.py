"""Several cameras in one process: as each would be alone, whatever happens to the others."""

import signal
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from emotion_rig import BASE  # noqa: E402
from helpers import call, ros, running, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from starts import ends_of, only_line  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from fer_ros.nodes.cameras import Camera, parse_cameras  # noqa: E402
from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import complete_qos, emotions_qos  # noqa: E402
from fer_ros_msgs.msg import EmotionArray  # noqa: E402
from fer_ros_msgs.srv import OptOut  # noqa: E402

FRAMES = 6


def image_of(picture, i):
    header = Header(frame_id='camera')
    header.stamp.sec, header.stamp.nanosec = BASE + i // 10, i % 10 * 10 ** 8
    return array_to_image(picture, header)


@pytest.mark.parametrize(('text', 'expected'), [
    ('', []), (' , ', []),
    ('/front/image_raw', [Camera('front', '/front/image_raw')]),
    ('/front/image_raw, rear=/usb/image', [
        Camera('front', '/front/image_raw'), Camera('rear', '/usb/image')]),
    ('robot/left/image robot/right/image', [
        Camera('robot/left', 'robot/left/image'), Camera('robot/right', 'robot/right/image')])])
def test_what_names_cameras(text, expected):
    assert parse_cameras(text) == expected


@pytest.mark.parametrize(('text', 'told'), [
    ('/image', 'front=/front/image_raw'), ('/a/b, /a/c', "both named 'a'"),
    ('a=/x/y, b=/x/y', 'twice'), ('=/a/b', "'=/a/b'"), ('a=b=/c/d', "'a=b=/c/d'"),
    ('7=/a/b', "'7=/a/b'"), ('a/=/b/c', "'a/=/b/c'"), ('é=/a/b', "'é=/a/b'")])
def test_what_names_none(text, told):
    with pytest.raises(ValueError, match='cameras: ') as error:
        parse_cameras(text)
    assert told in str(error.value)


def test_refused_starts():
    """One line and status 1: no camera is left out in silence."""
    given = {'/image': 'name=topic', 'a=/x//y': "'/x//y'", 'a=/x/y b=/x/y': 'twice'}
    missing = ['-p', 'cameras:=/a/b,/c/d', '-p', 'emotion_model:=/no/such.onnx']
    one_list = ['-p', 'cameras:=/a/b,/c/d', '-p', 'ros4hri:=true']
    ends = ends_of([('fer_ros.nodes.emotion_node', ['--ros-args', '-p', f"cameras:='{text}'"], {})
                    for text in given] + [
        ('fer_ros.nodes.emotion_node', ['--ros-args', *more], {}) for more in (
            missing, one_list)])
    for (status, output), told in zip(ends, [*given.values(), '/no/such.onnx', 'ros4hri']):
        assert status == 1 and told in only_line(output), output


class Watcher:
    """Cameras, and a subscriber of what is said of each."""

    def __init__(self, names):
        self.node = rclpy.create_node('watcher')
        self.said = {name: [] for name in names}
        self.cameras, self.diagnostics = {}, {}
        for name in names:
            self.cameras[name] = self.node.create_publisher(
                Image, f'{name}/image', complete_qos([]))
            self.node.create_subscription(
                EmotionArray, f'{name}/emotions', self.said[name].append, emotions_qos())
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def ready(self):
        assert wait_for(lambda: all(
            camera.get_subscription_count() and self.node.count_publishers(f'{name}/emotions')
            for name, camera in self.cameras.items()), 30)

    def ids(self, name):
        return {emotion.id for message in self.said[name] for emotion in message.emotions}

    def _on_diagnostics(self, message):
        for status in message.status:
            self.diagnostics[status.name.split(':')[0].strip()] = status


@pytest.fixture
def face(astronaut):
    return np.ascontiguousarray(astronaut[:256, 96:352])


def answers_alone(face):
    """Return what a node with one camera says of the same images."""
    with running(lambda: Alone(face)) as rig:
        for i in range(FRAMES):
            rig.camera.publish(image_of(face, i))
        assert wait_for(lambda: len(rig.messages) == FRAMES)
        return rig.messages


class Alone:
    """An active node with one camera."""

    def __init__(self, face):
        self.node = EmotionNode(parameter_overrides=[
            rclpy.parameter.Parameter('deterministic', value=True)])
        self.node.trigger_configure()
        self.node.trigger_activate()
        self.peer = rclpy.create_node('peer')
        self.camera = self.peer.create_publisher(Image, 'image', complete_qos([]))
        self.messages = []
        self.peer.create_subscription(EmotionArray, 'emotions', self.messages.append,
                                      emotions_qos())

    def ready(self):
        assert wait_for(lambda: self.camera.get_subscription_count() and
                        self.node._emotions.get_subscription_count())


def test_cameras_of_one_process(face):
    """
    Each says what it would say alone, with ids of its own, and each can be told things.

    One sends nothing, one sends what is no image; the others do not notice.
    """
    names = ('front', 'rear', 'silent', 'broken')
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args',
         '-p', 'deterministic:=true', '-p', "cameras:='front/image, rear/image silent/image, "
         "broken/image'", '-p', 'image_timeout:=0.5'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with ros():
            watcher = Watcher(names)
            with spinning(watcher.node):
                watcher.ready()
                for i in range(FRAMES):
                    bad = image_of(face, i)
                    bad.encoding = 'nonsense'
                    watcher.cameras['broken'].publish(bad)
                    watcher.cameras['front'].publish(image_of(face, i))
                    watcher.cameras['rear'].publish(image_of(face[:, ::-1], i))
                assert wait_for(lambda: all(
                    len(watcher.said[name]) == FRAMES for name in ('front', 'rear')), 20)
                assert not watcher.said['silent'] and not watcher.said['broken']
                assert watcher.ids('front') and watcher.ids('rear')
                assert not watcher.ids('front') & watcher.ids('rear')
                say_what_is_wrong(watcher)
                opt_out_here_alone(watcher, face)
            front = watcher.said['front'][:FRAMES]
        with_others = [[(e.roi, e.label, list(e.raw_probabilities)) for e in m.emotions]
                       for m in front]
        alone = [[(e.roi, e.label, list(e.raw_probabilities)) for e in m.emotions]
                 for m in answers_alone(face)]
        assert with_others == alone
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and 'Traceback' not in output, output


def say_what_is_wrong(watcher):
    assert wait_for(lambda: {f'{name}/emotion_node' for name in watcher.said} <= set(
        watcher.diagnostics)), watcher.diagnostics
    assert wait_for(lambda: 'no image' in watcher.diagnostics['silent/emotion_node'].message)
    assert wait_for(lambda: any(
        'nonsense' in value.value for value in watcher.diagnostics['broken/emotion_node'].values))
    for name in ('front', 'rear'):
        assert not any('nonsense' in value.value for value in watcher.diagnostics[
            f'{name}/emotion_node'].values)


def opt_out_here_alone(watcher, face):
    """What is asked of one camera's node is no matter of another's."""
    client = watcher.node.create_client(SetBool, 'rear/emotion_node/enable')
    assert call(client, SetBool.Request(data=False)).success
    client = watcher.node.create_client(OptOut, 'front/emotion_node/opt_out')
    assert call(client, OptOut.Request(everybody=True)).success
    counts = {name: len(watcher.said[name]) for name in watcher.said}
    watcher.cameras['rear'].publish(image_of(face, FRAMES))
    watcher.cameras['front'].publish(image_of(face, FRAMES))
    assert wait_for(lambda: len(watcher.said['front']) > counts['front'])
    assert [e.quality for e in watcher.said['front'][-1].emotions] == ['opted_out']
    assert len(watcher.said['rear']) == counts['rear']


def test_an_image_from_within_the_process(face):
    """A driver beside the node hands its images over: same answers, no transport."""
    expected = answers_alone(face)
    with running(lambda: Alone(face)) as rig:
        for i in range(FRAMES):
            rig.node.take_image(image_of(face, i))
        assert wait_for(lambda: len(rig.messages) == FRAMES)
        assert [m.emotions for m in rig.messages] == [m.emotions for m in expected]
        cameras = rclpy.parameter.Parameter('cameras', value='/a/image')
        assert 'starts only' in rig.node.set_parameters([cameras])[0].reason
        rig.node.trigger_deactivate()
        rig.node.take_image(image_of(face, FRAMES))
        rig.node.trigger_cleanup()
        rig.node.take_image(image_of(face, FRAMES + 1))
        assert len(rig.messages) == FRAMES


def test_one_whose_thread_dies_takes_the_others_along():
    """Half a process is worse than none: status 1, and what happened."""
    code = """
import sys
from fer_ros.nodes import emotion_node
vitals = emotion_node.EmotionNode._vitals
def broken(self):
    if self.get_namespace() == '/b':
        raise LookupError('no vitals')
    return vitals(self)
emotion_node.EmotionNode._vitals = broken
sys.exit(emotion_node.main(['x', '--ros-args', '-p', "cameras:='/a/image,/b/image'"]))
"""
    [(status, output)] = ends_of([(code, [], {})])
    assert status == 1 and 'no vitals' in output, output
