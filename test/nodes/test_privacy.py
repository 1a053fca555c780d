"""What leaves the node: nothing on disk, no connection of its own, no face when anonymized."""

import os
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from test_faults import Process  # noqa: E402

from fer_ros.nodes.image_conversions import compressed_to_array, image_to_array  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402
from fer_ros.perception.face_detector import load_face_detector  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402

#: Runs emotion_node and writes down what Python opens for writing and every socket it makes.
WATCHED = """
import os, sys
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def note(event, arguments):
    if event.startswith('socket.') and event != 'socket.gethostname':
        os.write(log, f'{event} {arguments[1:]}\\n'.encode())
    elif event == 'open' and isinstance(arguments[2], int) and arguments[2] & (
            os.O_WRONLY | os.O_RDWR) and not str(arguments[0]).startswith('/dev/'):
        os.write(log, f'open {arguments[0]}\\n'.encode())
sys.addaudithook(note)
from fer_ros.nodes.emotion_node import main
sys.exit(main())
"""


class Watched(Process):
    """emotion_node under an audit hook, in an empty folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        super().__init__()

    def start(self):
        (self.folder / 'home').mkdir()
        return subprocess.Popen(
            [sys.executable, '-B', '-c', WATCHED, str(self.folder / 'log'), '--ros-args', '-p',
             'image_qos:=reliable', '-p', 'image_depth:=10'],
            cwd=self.folder / 'home', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            # Telemetry of onnxruntime keeps quiet under CI: here it must be we who silence it.
            env={**{k: v for k, v in os.environ.items() if k not in (
                'CI', 'GITHUB_ACTIONS', 'ORT_DISABLE_TELEMETRY')},
                 'HOME': str(self.folder / 'home'), 'ROS_LOG_DIR': str(self.folder / 'ros_log')})


def test_no_file_and_no_socket(tmp_path, astronaut):
    """While images are judged: only DDS talks, only the log of ROS grows."""
    with ros():
        process = Watched(tmp_path)
        with spinning(process.peer):
            assert process.answers(astronaut)
            process.child.terminate()
            process.child.communicate(timeout=15)
    assert (tmp_path / 'log').read_text(encoding='utf-8') == ''
    assert list((tmp_path / 'home').rglob('*')) == []


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
            assert wait_for(lambda: rig.node._outputs.image.get_subscription_count() and
                            rig.node._outputs.compressed.get_subscription_count())
            # The first image too: a face is hidden before it is confirmed.
            for i in range(6):
                rig.send(picture, 1 + i / 30)
            assert wait_for(lambda: len(raw) >= 3 and len(compressed) >= 3)
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    for shown in [image_to_array(m) for m in raw] + [compressed_to_array(m) for m in compressed]:
        assert not [d for d in detector.detect(shown) if d.score >= 0.5]
        assert np.all(shown[box] == picture[box], axis=-1).mean() < 0.01
