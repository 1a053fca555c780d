"""Several cameras on one topic: one is followed, the user is told once, faces are found."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus  # noqa: E402
from emotion_rig import BASE, Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes import image_input  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402

# Small enough for the default transport.
BLANK = np.full((256, 256, 3), 128, np.uint8)
SECONDS = 2.5


class Camera:
    """
    A node with a camera.

    :param offset: of its clock [s].
    :param phase: of its first image [s].
    """

    def __init__(self, name, picture, rate=15.0, offset=0.0, phase=0.0, frame_id='camera',
                 encoding='bgr8'):
        self.node = rclpy.create_node(name)
        self.picture, self.rate, self.offset, self.phase = picture, rate, offset, phase
        self.frame_id, self.encoding = frame_id, encoding
        self.start()

    def start(self):
        self.publisher = self.node.create_publisher(Image, 'image', image_qos('reliable', 10))

    def restart(self):
        self.node.destroy_publisher(self.publisher)
        self.start()

    def send(self, seconds):
        stamp = round((BASE + seconds + self.offset) * 1e6) * 1000
        header = Header(frame_id=self.frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(stamp, 1_000_000_000)
        self.publisher.publish(array_to_image(self.picture, header, self.encoding))


class Scene:
    """An emotion_node that several cameras film for; keeps what it answers and says."""

    def __init__(self, rig, cameras):
        self.rig, self.cameras, self.warnings, self.now = rig, cameras, [], 0.0
        rig.node._images.cameras._warn = self.warnings.append
        rig.node.worker._notices._log = self.warnings.append
        for camera in cameras:
            self.wait_for(camera)

    def wait_for(self, camera):
        self.rig.ready(camera.publisher)

    def film(self, cameras=None, seconds=SECONDS):
        """Have cameras send in real time; return the answers of that time."""
        cameras = self.cameras if cameras is None else cameras
        count, received = len(self.rig.messages), self.rig.node.worker.frames.received
        began = time.monotonic()
        frames = sorted((i / c.rate + c.phase, k) for k, c in enumerate(cameras)
                        for i in range(int(seconds * c.rate)))
        for due, k in frames:
            time.sleep(max(began + due - time.monotonic(), 0.0))
            cameras[k].send(self.now + due)
        self.now += seconds
        time.sleep(0.1)
        # A busy machine drops some: that is no matter of cameras.
        self.followed = self.rig.node.worker.frames.received - received
        return self.rig.messages[count:]

    def value(self, key):
        return int({v.key: v.value for v in self.rig.diagnostics[-1].status[0].values}[key])


@contextlib.contextmanager
def filming(*cameras, **parameters):
    """Yield a scene; the first camera is to be the one that is followed."""
    with ros():
        rig = Rig(**parameters)
        rig.peer.destroy_publisher(rig.camera)
        made = [Camera(**{'name': f'camera_{"abc"[i]}', 'phase': 0.015 * i, **camera})
                for i, camera in enumerate(cameras)]
        with spinning(rig.node, rig.peer, *(camera.node for camera in made)):
            yield Scene(rig, made)


def with_faces(messages):
    return [m for m in messages if len(m.emotions) == 1]


def face_of(astronaut):
    return np.ascontiguousarray(astronaut[:256, 96:352])


@pytest.fixture
def face(astronaut):
    return face_of(astronaut)


BLANK_SMALL = BLANK[:200]
OTHERS = {
    'the same clock': {}, '5 ms ahead': {'offset': 0.005}, '0.2 s ahead': {'offset': 0.2},
    '0.2 s behind': {'offset': -0.2}, '1 s ahead': {'offset': 1.0}, '1 s behind': {'offset': -1.0},
    'an hour ahead': {'offset': 3600.0}, 'an hour behind': {'offset': -3600.0},
    'another size': {'picture': BLANK_SMALL}, 'another frame': {'frame_id': 'other'},
    'another encoding': {'picture': BLANK[..., 0], 'encoding': 'mono8'},
    '5 Hz': {'rate': 5.0}, '45 Hz': {'rate': 45.0}}


@pytest.mark.parametrize('kind', OTHERS)
def test_of_two_publishers_the_first_is_followed(face, kind):
    """Every image of it has its face; one warning; diagnostics describe both."""
    other = {'picture': BLANK, **OTHERS[kind]}
    with filming({'picture': face}, other) as scene:
        answers = scene.film()
        assert scene.followed >= 0.9 * 15 * SECONDS
        assert len(with_faces(answers)) >= len(answers) - 2
        assert len(scene.warnings) == 1, scene.warnings
        scene.film(seconds=1.2)
        status = scene.rig.diagnostics[-1].status[0]
        assert status.level == DiagnosticStatus.WARN
        for text in ('2 cameras on /image', '/camera_a (256x256 bgr8', 'left out: /camera_b',
                     'topic of its own'):
            assert text in status.message
        for text in {'another size': ['256x200'], 'another frame': ["'other'"],
                     'another encoding': ['mono8'], 'an hour ahead': ['s ahead'],
                     '1 s behind': ['s behind']}.get(kind, []):
            assert text in status.message
        assert scene.value('of other cameras') > 5 and scene.value('time jumps') == 0
        assert len(scene.warnings) == 1


def test_three_cameras(face):
    """One is followed, two are left out: a warning for each."""
    with filming({'picture': face}, {'picture': BLANK}, {'picture': BLANK, 'rate': 5.0}) as scene:
        answers = scene.film()
        assert scene.followed >= 0.9 * 15 * SECONDS
        assert len(with_faces(answers)) >= len(answers) - 2
        assert len(scene.warnings) == 2
        scene.film(seconds=1.2)
        assert '3 cameras' in scene.rig.diagnostics[-1].status[0].message


def test_another_takes_over_from_a_silent_camera(face):
    """After image_timeout, with a reset, and said; diagnostics are well again."""
    with filming({'picture': face}, {'picture': face, 'offset': -100.0},
                 image_timeout=0.6) as scene:
        first = scene.film()[-1].emotions[0].id
        a, b = scene.cameras
        answers = scene.film([b])
        # Its publisher lives on: only its silence tells.
        assert scene.followed > 0.9 * 15 * (SECONDS - 0.7)
        assert answers[-1].emotions[0].id != first
        assert len(scene.warnings) == 2
        assert 'silent' in scene.warnings[1] and '/camera_b' in scene.warnings[1]
        scene.film([b])
        assert scene.rig.diagnostics[-1].status[0].level == DiagnosticStatus.OK
        again = scene.film([a, b])
        assert {m.header.stamp.sec < BASE for m in again} == {True}
        assert len(scene.warnings) == 2


def test_a_camera_that_ends_beside_another_one(face):
    """Its publisher is gone: the other one takes over at once."""
    with filming({'picture': face}, {'picture': face}, image_timeout=5.0) as scene:
        first = scene.film()[-1].emotions[0].id
        a, b = scene.cameras
        a.node.destroy_publisher(a.publisher)
        assert wait_for(lambda: scene.rig.node.count_publishers('image') == 1)
        answers = scene.film([b], 1.5)
        assert scene.followed > 18 and answers[-1].emotions[0].id != first


def test_a_camera_started_again_loses_nobody(face):
    """A new publisher, all else the same: nothing is left out, nobody is warned, no new id."""
    with filming({'picture': face}) as scene:
        first = scene.film(seconds=1.0)[-1].emotions[0].id
        scene.cameras[0].restart()
        scene.wait_for(scene.cameras[0])
        answers = scene.film(seconds=1.0)
        assert scene.followed == 15 and answers[0].emotions[0].id == first
        assert not scene.warnings and scene.value('of other cameras') == 0


@pytest.mark.parametrize('offset', [0.0, 3600.0])
def test_left_and_right_from_one_publisher(face, offset):
    """A driver alternates two frame_ids: after a few images one of them is followed."""
    with filming({'picture': face, 'frame_id': 'left'},
                 {'picture': BLANK, 'frame_id': 'right', 'offset': offset}) as scene:
        scene.cameras[1].publisher = scene.cameras[0].publisher
        answers = scene.film()
        assert {m.header.frame_id for m in answers[10:]} == {'left'}
        assert len(with_faces(answers[10:])) >= len(answers[10:]) - 1
        assert scene.followed >= 0.9 * 15 * SECONDS
        scene.film(seconds=1.2)
        message = scene.rig.diagnostics[-1].status[0].message
        assert '2 cameras on /image' in message and "'left'" in message and "'right'" in message
        assert len([w for w in scene.warnings if 'cameras' in w]) == 1


def test_one_camera_that_changes(face):
    """Another frame_id, then another size: every image is answered, nobody is warned."""
    with filming({'picture': face}) as scene:
        camera, = scene.cameras
        for frame_id in ('camera', 'camera_optical_frame'):
            camera.frame_id = frame_id
            scene.film(seconds=1.0)
            assert scene.followed == 15
        camera.picture = np.ascontiguousarray(face[:240])
        answers = scene.film(seconds=3.0)
        assert scene.followed == 45 and answers[-1].emotions[0].id == 'f1'
        assert not scene.warnings
        assert scene.rig.diagnostics[-1].status[0].level == DiagnosticStatus.OK


def on_jazzy(callback):
    """Stand for with_info where rclpy counts messages but names no publisher."""
    return lambda message, info: callback(
        message, {key: value for key, value in info.items() if key != 'publisher_gid'})


def on_humble(callback):
    """Stand for with_info where rclpy gives no info at all."""
    return lambda message: callback(message, None)


@pytest.mark.parametrize('kind', [
    'the same clock', '5 ms ahead', 'an hour behind', 'another size'])
def test_where_rclpy_only_counts(face, kind, monkeypatch):
    """The counts tell publishers apart."""
    monkeypatch.setattr(image_input, 'with_info', on_jazzy)
    with filming({'picture': face}, {'picture': BLANK, **OTHERS[kind]}) as scene:
        scene.film([scene.cameras[0]], 0.5)
        answers = scene.film()
        assert scene.followed >= 0.9 * 15 * SECONDS
        assert len(with_faces(answers)) >= len(answers) - 2
        assert len(scene.warnings) == 1 and '2 cameras on /image' in scene.warnings[0]


def test_a_camera_started_again_where_rclpy_only_counts(face, monkeypatch):
    """It is the only publisher: nothing is left out."""
    monkeypatch.setattr(image_input, 'with_info', on_jazzy)
    test_a_camera_started_again_loses_nobody(face)


@pytest.mark.parametrize('kind', [k for k in OTHERS if 'Hz' not in k])
def test_where_rclpy_does_not_tell_publishers_apart(face, kind, monkeypatch):
    """Frame, size, encoding and clocks tell cameras apart; where none does, diagnostics say so."""
    monkeypatch.setattr(image_input, 'with_info', on_humble)
    with filming({'picture': face}, {'picture': BLANK, **OTHERS[kind]}) as scene:
        answers = scene.film()
        assert scene.followed >= 0.9 * 15 * SECONDS
        scene.film(seconds=1.2)
        status = scene.rig.diagnostics[-1].status[0]
        assert status.level == DiagnosticStatus.WARN and 'topic of its own' in status.message
        assert len(scene.warnings) <= 2
        if kind in ('the same clock', '5 ms ahead'):
            assert '2 publishers on /image' in status.message
            return
        kept = {bool(m.emotions) for m in answers[12:]}
        assert len(kept) == 1, 'of two cameras'


def test_a_bag_beside_a_live_camera(face, tmp_path):
    """The camera came first: no jump to the bag's times, no face lost, one warning."""
    pytest.importorskip('rosbags')
    from bags import write_bag
    bag = write_bag(tmp_path / 'bag', [BLANK] * 40, 20.0)
    with filming({'picture': face, 'offset': 1e7}) as scene:
        scene.film(seconds=0.5)
        player = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.bag_player_node', '--ros-args',
             '-p', f'bag:={bag}', '-p', 'loop:=true', '-p', 'image_topic:=auto'],
            stderr=subprocess.DEVNULL)
        try:
            for _ in range(20):
                answers = scene.film(seconds=1.0)
                assert len(with_faces(answers)) == len(answers)
                if scene.value('of other cameras') > 60:
                    break
        finally:
            player.terminate()
            player.wait(10)
        assert scene.value('of other cameras') > 60 and scene.value('time jumps') == 0
        assert len(scene.warnings) == 1 and '/bag_player_node (' in scene.warnings[0]


CAMERA = """
import sys, time, numpy as np, rclpy
from sensor_msgs.msg import Image
from fer_ros.nodes.image_conversions import array_to_image
from fer_ros.nodes.qos import image_qos
from std_msgs.msg import Header
rclpy.init()
node = rclpy.create_node(sys.argv[1])
publisher = node.create_publisher(Image, 'image', image_qos('reliable', 10))
picture = np.load(sys.argv[2])
while True:
    header = Header(frame_id='camera')
    header.stamp = node.get_clock().now().to_msg()
    publisher.publish(array_to_image(picture, header, 'bgr8'))
    time.sleep(1 / 15)
"""


@contextlib.contextmanager
def camera_process(name, file):
    child = subprocess.Popen([sys.executable, '-c', CAMERA, name, str(file)],
                             stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_cameras_as_processes(face, tmp_path):
    """The followed one is killed and started again while another one sends."""
    np.save(tmp_path / 'face.npy', face)
    np.save(tmp_path / 'blank.npy', BLANK)
    with ros():
        rig = Rig(image_timeout=1.0)
        rig.peer.destroy_publisher(rig.camera)
        warnings = []
        rig.node._images.cameras._warn = warnings.append
        with spinning(rig.node, rig.peer), camera_process('a', tmp_path / 'face.npy') as first:
            assert wait_for(lambda: len(with_faces(rig.messages)) > 10, 30)
            with camera_process('b', tmp_path / 'blank.npy'):
                assert wait_for(lambda: warnings, 30)
                assert '/a (' in warnings[0] and 'left out: /b' in warnings[0]
                count = len(rig.messages)
                assert wait_for(lambda: len(rig.messages) > count + 15)
                assert len(with_faces(rig.messages[count:])) >= 15
                os.kill(first.pid, signal.SIGKILL)
                assert wait_for(lambda: not rig.messages[-1].emotions, 10)
                assert 'silent' in warnings[-1]
                with camera_process('a', tmp_path / 'face.npy'):
                    assert wait_for(lambda: len(warnings) == 3, 30)
                    assert 'following /b' in warnings[2] and 'left out: ' in warnings[2]
                    assert not rig.messages[-1].emotions
