"""What goes wrong around the node: each test names what must survive."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import yaml

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, image_qos  # noqa: E402
from fer_ros.perception.model_card import save_model_card  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402
from fer_ros_msgs.msg import EmotionArray  # noqa: E402


def faces_after(rig, picture, seconds, count=4):
    """Send a few images; return the faces of the last answer."""
    for i in range(count):
        answer = rig.send(picture, seconds + i / 30)
    return answer.emotions


def test_the_publisher_dies_and_comes_back(rig, astronaut):
    """The node waits and goes on with the same face."""
    before = faces_after(rig, astronaut, 1.0)
    rig.peer.destroy_publisher(rig.camera)
    assert wait_for(lambda: rig.node.count_publishers('image') == 0)
    rig.camera = rig.peer.create_publisher(Image, 'image', image_qos('reliable', 10))
    rig.ready()
    assert faces_after(rig, astronaut, 2.0)[0].id == before[0].id


def test_another_type_on_the_topic(rig, astronaut):
    """Someone publishes CompressedImage under the same name: the node hears its camera still."""
    context = rclpy.Context()
    context.init()
    stranger = rclpy.create_node('stranger', context=context)
    other = stranger.create_publisher(CompressedImage, 'image', 10)
    for _ in range(5):
        other.publish(CompressedImage(format='jpeg'))
    assert len(faces_after(rig, astronaut, 1.0)) == 1
    stranger.destroy_node()
    context.try_shutdown()


def profile(reliable, latched):
    return QoSProfile(
        depth=5,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE)


@pytest.mark.parametrize('wish', ['auto', 'best_effort', 'reliable'])
@pytest.mark.parametrize('latched', [False, True])
@pytest.mark.parametrize('reliable', [False, True])
def test_every_quality_of_service(reliable, latched, wish):
    """Images arrive, or diagnostics name the policy and the parameter to change."""
    small = np.zeros((48, 64), np.uint8)  # fits the default transport without being sent again
    with ros():
        rig = Rig(image_qos=wish, image_timeout=0.3)
        rig.peer.destroy_publisher(rig.camera)
        rig.camera = rig.peer.create_publisher(Image, 'image', profile(reliable, latched))
        with spinning(rig.node, rig.peer):
            if wish == 'reliable' and not reliable:
                assert wait_for(lambda: any(
                    'incompatible QoS' in m.status[0].message
                    and 'image_qos' in m.status[0].message for m in rig.diagnostics))
                assert rig.diagnostics[-1].status[0].level == b'\x02'
                return
            rig.ready()
            if wish == 'auto':
                assert wait_for(lambda: rig.node._images._subscription.profile.reliability
                                == profile(reliable, latched).reliability)
                assert wait_for(lambda: rig.node._images._subscription.profile.durability
                                == profile(reliable, latched).durability)
                rig.ready()
            stamp = iter(range(1, 100))

            def answered():
                rig.camera.publish(array_to_image(small, header(next(stamp))))
                return wait_for(lambda: rig.messages, 0.3)
            assert wait_for(answered, 8)


def header(seconds):
    result = Header(frame_id='camera')
    result.stamp.sec = int(seconds)
    return result


def wishes(rig):
    """Return what the subscriptions that the camera's process knows of ask for."""
    return [info.qos_profile.reliability
            for info in rig.peer.get_subscriptions_info_by_topic('image')]


def test_auto_follows_a_publisher_that_changes(astronaut):
    """From reliable to best effort: subscribed anew, nothing to be set."""
    with ros():
        rig = Rig(image_qos='auto')
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: wishes(rig) == [ReliabilityPolicy.RELIABLE])
            rig.ready()
            faces_after(rig, astronaut, 1.0)
            rig.peer.destroy_publisher(rig.camera)
            rig.camera = rig.peer.create_publisher(Image, 'image', image_qos('best_effort', 5))
            assert wait_for(lambda: wishes(rig) == [ReliabilityPolicy.BEST_EFFORT])
            rig.ready()
            small = np.zeros((48, 64), np.uint8)
            assert rig.send(small, 5.0, encoding='mono8') is not None


@pytest.fixture
def models(tmp_path):
    """Return a folder with copies of both networks."""
    for name in ('emotion', 'face_detector'):
        for ending in ('onnx', 'yaml'):
            shutil.copy(resource_path(f'models/{name}.{ending}'), tmp_path)
    return tmp_path


def test_models_that_vanish_while_the_node_runs(models, astronaut):
    """What is loaded goes on; what cannot be loaded anew is refused with its reason."""
    with ros():
        rig = Rig(emotion_model=str(models / 'emotion.onnx'),
                  detector_model=str(models / 'face_detector.onnx'))
        errors = []
        rig.node.get_logger = lambda: _Logger(errors)
        with spinning(rig.node, rig.peer):
            rig.ready()
            whole = (models / 'emotion.onnx').read_bytes()
            (models / 'emotion.onnx').unlink()
            assert len(faces_after(rig, astronaut, 1.0)) == 1
            for damage, reason in ((lambda f: None, 'is not there'),
                                   (lambda f: f.write_bytes(whole[:5000]), 'sha256'),
                                   (other_labels, 'outputs')):
                damage(models / 'emotion.onnx')
                assert rig.node.trigger_deactivate() == Result.SUCCESS
                assert rig.node.trigger_cleanup() == Result.SUCCESS
                rig.alone()
                assert rig.node.trigger_configure() == Result.FAILURE
                assert reason in errors[-1]
                (models / 'emotion.onnx').write_bytes(whole)
                shutil.copy(resource_path('models/emotion.yaml'), models)
                assert rig.node.trigger_configure() == Result.SUCCESS
                assert rig.node.trigger_activate() == Result.SUCCESS
            rig.ready()
            assert len(faces_after(rig, astronaut, 2.0)) == 1


class _Logger:
    """Keeps errors, says nothing."""

    def __init__(self, errors):
        self.error, self.info, self.warning = errors.append, (lambda text: None), errors.append


def other_labels(file):
    """Give a whole network a card with other labels."""
    file.write_bytes(resource_path('models/emotion.onnx').read_bytes())
    card = yaml.safe_load(resource_path('models/emotion.yaml').read_text(encoding='utf-8'))
    save_model_card(file, {**card, 'labels': ['happy', 'sad'], 'metrics': {}})


def test_two_nodes_of_one_name(rig, astronaut):
    """Both answer; neither breaks the other."""
    twin = EmotionNode(parameter_overrides=[Parameter('image_qos', value='reliable'),
                                            Parameter('image_depth', value=10)])
    assert twin.trigger_configure() == twin.trigger_activate() == Result.SUCCESS
    with spinning(twin):
        assert wait_for(lambda: rig.camera.get_subscription_count() == 2)
        faces_after(rig, astronaut, 1.0)
        assert wait_for(lambda: len(rig.messages) >= 6)
    count = len(rig.messages)
    assert len(faces_after(rig, astronaut, 2.0)) == 1 and len(rig.messages) > count


def test_a_storm_of_parameters(rig, astronaut):
    """Hundreds of changes a second while images are judged: every image is answered."""
    stop = threading.Event()
    refused = []

    def storm():
        for i in range(100_000):
            if stop.is_set():
                return
            result = rig.node.set_parameters_atomically([
                Parameter('smoothing_time', value=float(i % 7) / 5),
                Parameter('enter_threshold', value=0.5 + i % 5 / 10),
                Parameter('smoothing_filter', value=('hmm', 'exponential', 'majority')[i % 3])])
            refused.extend([] if result.successful else [result.reason])
    thread = threading.Thread(target=storm)
    thread.start()
    try:
        for i in range(30):
            assert rig.send(astronaut, 1 + i / 30) is not None
    finally:
        stop.set()
        thread.join()
    assert not refused and not rig.errors
    assert len(rig.messages[-1].emotions) == 1


def test_a_busy_processor(rig, astronaut):
    """Another process takes the CPU: results come late, but newest first and without fault."""
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass'])
            for _ in range(os.cpu_count() or 1)]
    try:
        for i in range(60):
            rig.camera.publish(array_to_image(astronaut, header(1 + i)))
            time.sleep(1 / 60)
        assert wait_for(lambda: rig.messages and rig.messages[-1].header.stamp.sec == 60)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert not rig.errors
    stamps = [m.header.stamp.sec for m in rig.messages]
    assert stamps == sorted(stamps)


def test_shutdown_from_every_state():
    """Unconfigured, inactive, active: each can be shut down at once, and destroyed."""
    with ros():
        for steps in ((), ('configure',), ('configure', 'activate'),
                      ('configure', 'activate', 'deactivate')):
            node = EmotionNode()
            for step in steps:
                assert getattr(node, f'trigger_{step}')() == Result.SUCCESS
            assert node.trigger_shutdown() == Result.SUCCESS
            node.destroy_node()


def open_files():
    return len(os.listdir('/proc/self/fd'))


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='needs /proc')
def test_lifecycle_rounds_leak_nothing(astronaut):
    """25 rounds here, 200 in ``make soak``: threads and files stay as many."""
    with ros():
        rig = Rig()
        counts = []
        with spinning(rig.node, rig.peer):
            for i in range(25):
                rig.ready()
                faces_after(rig, astronaut, 1.0 + i, 1)
                for step in ('deactivate', 'cleanup', 'configure', 'activate'):
                    assert getattr(rig.node, f'trigger_{step}')() == Result.SUCCESS
                counts.append((threading.active_count(), open_files()))
        assert counts[-1] <= (counts[4][0], counts[4][1] + 2)


class Process:
    """emotion_node as a process of its own, and a camera for it."""

    def __init__(self):
        self.peer = rclpy.create_node('peer')
        self.camera = self.peer.create_publisher(Image, 'image', image_qos('reliable', 10))
        self.messages = []
        self.peer.create_subscription(
            EmotionArray, 'emotions', self.messages.append, emotions_qos())
        self.child = self.start()

    def start(self):
        return subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args', '-p',
             'image_qos:=reliable', '-p', 'image_depth:=10'],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def answers(self, picture):
        """Publish until something new comes back."""
        count = len(self.messages)
        stamp = iter(range(int(time.monotonic() * 10), 2 ** 31))

        def answered():
            self.camera.publish(array_to_image(picture, header(next(stamp))))
            return wait_for(lambda: len(self.messages) > count, 0.2)
        # A killed subscriber is missed by DDS only after its lease of 20 s.
        return wait_for(answered, 60)


@pytest.mark.parametrize('number, status', [
    (signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_killed_in_the_middle_of_work(number, status, astronaut):
    """It ends at once and cleanly where it may; a new one takes over."""
    with ros():
        process = Process()
        with spinning(process.peer):
            assert process.answers(astronaut)
            for i in range(5):
                process.camera.publish(array_to_image(astronaut, header(2 ** 30 + i)))
            process.child.send_signal(number)
            output, _ = process.child.communicate(timeout=15)
            assert process.child.returncode in (status, 1)  # 1: the guard against Fast DDS
            assert 'Traceback' not in output
            process.child = process.start()
            try:
                assert process.answers(astronaut)
            finally:
                process.child.terminate()
                process.child.communicate(timeout=15)


def test_a_full_disk_ends_the_recording_with_a_reason(tmp_path, astronaut):
    """The demo's video cannot grow: one clear line, no half-written success."""
    program = (
        'import resource, signal, sys, numpy as np\n'
        'from pathlib import Path\n'
        'from fer_ros.media.recorder import VideoRecorder\n'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n'
        f'recorder = VideoRecorder(Path({str(tmp_path / "video.avi")!r}))\n'
        'noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)\n'
        'try:\n'
        '    for i in range(150): recorder.add(noise, i / 30)\n'
        '    recorder.close()\n'
        'except OSError as error:\n'
        '    print("refused:", error)\n')
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'refused:' in done.stdout and 'video.avi' in done.stdout
