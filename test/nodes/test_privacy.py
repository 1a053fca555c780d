"""What leaves the nodes: no file, no connection of their own, no face when anonymized."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import call, ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from test_faults import Process  # noqa: E402

from fer_ros.media.demo_scene import DemoScene  # noqa: E402
from fer_ros.nodes.image_conversions import (  # noqa: E402
    array_to_image,
    compressed_to_array,
    image_to_array,
)
from fer_ros.nodes.qos import image_qos, latched_qos  # noqa: E402
from fer_ros.perception.face_detector import load_face_detector  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, Notice  # noqa: E402
from fer_ros_msgs.srv import OptOut  # noqa: E402

#: Runs a node and writes down what Python opens for writing and every socket it makes.
WATCHED = """
import os, sys
from importlib import import_module
log, node = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.argv.pop(1)
def note(event, arguments):
    if event.startswith('socket.') and event != 'socket.gethostname':
        os.write(log, f'{event} {arguments[1:]}\\n'.encode())
    elif event == 'open' and isinstance(arguments[2], int) and arguments[2] & (
            os.O_WRONLY | os.O_RDWR) and not str(arguments[0]).startswith('/dev/'):
        os.write(log, f'open {arguments[0]}\\n'.encode())
sys.addaudithook(note)
sys.exit(import_module(f'fer_ros.nodes.{node}').main())
"""
SCENE = DemoScene()


class Watched(Process):
    """emotion_node and behavior_node under an audit hook, in an empty folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / 'home').mkdir()
        super().__init__()
        self.tones, self.notices, self.times = [], [], itertools.count(10 ** 10, 66_666_666)
        self.peer.create_subscription(
            DialogTone, 'dialog/tone', self.tones.append, latched_qos())
        self.peer.create_subscription(Notice, 'dialog/notice', self.notices.append, 10)
        self.behavior = self.run('behavior_node', '-p', 'min_interval:=0.0')

    def start(self):
        return self.run('emotion_node', '-p', 'image_qos:=reliable', '-p', 'image_depth:=10')

    def run(self, node, *arguments):
        home = str(self.folder / 'home')
        return subprocess.Popen(
            [sys.executable, '-B', '-c', WATCHED, str(self.folder / 'opened'), node, '--ros-args',
             *arguments],
            cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            # Telemetry of onnxruntime keeps quiet under CI: here it must be we who silence it.
            env={**{k: v for k, v in os.environ.items() if k not in (
                'CI', 'GITHUB_ACTIONS', 'ORT_DISABLE_TELEMETRY')},
                 'HOME': home, 'TMPDIR': home, 'ROS_LOG_DIR': str(self.folder / 'ros_log')})

    def stop(self):
        """End both nodes."""
        for child in (self.child, self.behavior):
            child.terminate()
            child.communicate(timeout=15)

    def shows(self, condition):
        """Publish the demo scene, from where two people are in it, until something is so."""
        def shown():
            header, now = Header(frame_id='camera'), next(self.times)
            header.stamp.sec, header.stamp.nanosec = divmod(now, 10 ** 9)
            self.camera.publish(array_to_image(SCENE.render(now * 1e-9), header))
            return wait_for(condition, 0.05)
        return wait_for(shown, 60)


def test_nothing_outlives_the_processes(tmp_path):
    """
    Two people are judged, told, answered to, and opt out: no socket but DDS's, no file but a log.

    The log tells tones with their reasons. It does not tell who has opted out.
    """
    with ros():
        process = Watched(tmp_path)
        client = process.peer.create_client(OptOut, 'emotion_node/opt_out')
        with spinning(process.peer):
            try:
                assert process.shows(lambda: process.notices and process.tones and (
                    process.tones[-1].tone == 'cheerful')
                    and len(process.messages[-1].emotions) == 2)
                assert call(client, OptOut.Request(everybody=True)).success
                assert process.shows(lambda: process.tones[-1].tone == 'neutral')
            finally:
                process.stop()
    last = process.messages[-1].emotions
    assert [face.quality for face in last] == [Emotion.QUALITY_OPTED_OUT] * 2
    assert (tmp_path / 'opened').read_text(encoding='utf-8') == ''
    assert list((tmp_path / 'home').rglob('*')) == []
    logs = [path for path in tmp_path.rglob('*') if path.is_file() and path.name != 'opened']
    assert logs and all(path.parent == tmp_path / 'ros_log' for path in logs)
    lines = [line for path in logs for line in path.read_text(encoding='utf-8').splitlines()]
    assert len(lines) < 30 and all(len(line) < 400 and line.isprintable() for line in lines)
    told = [line for line in lines if 'opted out' in line]
    assert told and not any(face.id in line for line in told for face in last)


@pytest.mark.parametrize('overlay', ['bars', 'cam', 'none'])
def test_every_image_output_is_anonymized(overlay, astronaut):
    """Raw and compressed: the detector finds nobody, and no pixel of the face is left."""
    picture = np.ascontiguousarray(astronaut[:300, 80:380])
    box = slice(66, 178), slice(100, 192)
    with ros():
        rig = Rig(anonymize=True, overlay=overlay)
        raw, compressed = [], []
        rig.peer.create_subscription(Image, 'emotions/image', raw.append, image_qos())
        rig.peer.create_subscription(
            CompressedImage, 'emotions/image/compressed', compressed.append, image_qos())
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: rig.node._outputs[0].raw.get_subscription_count() and
                            rig.node._outputs[0].compressed.get_subscription_count())
            # The first image too: a face is hidden before it is confirmed.
            for i in range(6):
                rig.send(picture, 1 + i / 30)
            assert wait_for(lambda: len(raw) >= 3 and len(compressed) >= 3)
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    for shown in [image_to_array(m) for m in raw] + [compressed_to_array(m) for m in compressed]:
        assert not [d for d in detector.detect(shown) if d.score >= 0.5]
        assert np.all(shown[box] == picture[box], axis=-1).mean() < 0.01
