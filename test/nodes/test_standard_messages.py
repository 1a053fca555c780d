"""Faces as other packages' messages, to who listens; what is not installed is one line."""

import itertools
import math
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from scipy.spatial.transform import Rotation  # noqa: E402
from sensor_msgs.msg import CameraInfo  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.face_frames import FaceFrames  # noqa: E402
from fer_ros.nodes.frame import Frame, Source  # noqa: E402
from fer_ros.nodes.markers import Markers  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, latched_qos  # noqa: E402
from fer_ros.perception.localization import Position  # noqa: E402
from fer_ros.perception.pipeline import (  # noqa: E402
    PipelineConfig,
    PipelineResult,
    build_pipeline,
)

PACKAGES = {'ros4hri': 'hri_msgs', 'detections': 'vision_msgs', 'markers': 'visualization_msgs',
            'face_frames': 'tf2_msgs'}


@pytest.mark.parametrize('parameter', PACKAGES)
def test_what_is_missing_is_one_line(parameter, monkeypatch, capfd):
    """The node stays unconfigured, and nothing of it is left in the graph."""
    from fer_ros.nodes import optional_messages

    def lack(name):
        raise ModuleNotFoundError(name)
    monkeypatch.setattr(optional_messages, 'import_module', lack)
    with ros():
        node = EmotionNode(parameter_overrides=[Parameter(parameter, value=True)])
        assert node.trigger_configure() == Result.FAILURE
        assert not {name for name, _ in node.get_topic_names_and_types() if 'emotions' in name}
        node.destroy_node()
    error = [line for line in capfd.readouterr().err.splitlines() if 'cannot configure' in line]
    assert len(error) == 1 and PACKAGES[parameter] in error[0] and 'apt install' in error[0]


def test_expression_node_without_hri_msgs_is_one_line():
    """In a process: no traceback, status 1."""
    code = ("import sys; sys.modules['hri_msgs'] = None\n"
            'from fer_ros.nodes.expression_node import main\nsys.exit(main())')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1, done.stderr
    assert 'needs the package hri_msgs' in lines[0]


def test_detections(astronaut):
    """Box, state and id, with the header of the source."""
    messages = pytest.importorskip('vision_msgs.msg', reason='vision_msgs is not installed')
    with ros():
        rig, heard = Rig(detections=True), []
        rig.peer.create_subscription(
            messages.Detection2DArray, 'emotions/detections', heard.append, emotions_qos())
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: rig.node.count_subscribers('emotions/detections'))
            for index in range(25):
                rig.send(astronaut, index / 10)
            assert wait_for(lambda: heard and len(heard[-1].detections))
            assert wait_for(lambda: heard[-1].header == rig.messages[-1].header)
    [one], [face] = heard[-1].detections, rig.messages[-1].emotions
    assert one.id == face.id and one.results[0].hypothesis.class_id == face.label == 'happy'
    assert math.isclose(one.bbox.center.position.x, face.roi.x_offset + face.roi.width / 2,
                        abs_tol=1)
    assert math.isclose(one.bbox.size_y, face.roi.height, abs_tol=1)


def frame_of(picture, header, place, config):
    """Return what outputs get of a picture with a face at a place."""
    pipeline = build_pipeline(PipelineConfig())
    return Frame(Source(picture, header, 0.0), PipelineResult(pipeline.analyze(picture)),
                 pipeline.labels, [place], config)


def test_markers_need_positions(astronaut):
    """A label for each face whose position is known; of none without depth."""
    messages = pytest.importorskip(
        'visualization_msgs.msg', reason='visualization_msgs is not installed')
    with ros():
        rig, heard = Rig(markers=True), []
        rig.peer.create_subscription(
            messages.MarkerArray, 'emotions/markers', heard.append, emotions_qos())
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: rig.node.count_subscribers('emotions/markers'))
            rig.send(astronaut, 0)
            assert wait_for(lambda: heard) and not heard[-1].markers
            output = next(o for o in rig.node._outputs if isinstance(o, Markers))
            output.publish(frame_of(
                astronaut, rig.messages[-1].header, Position(0.1, 0.2, 1.5, 0.0, 'depth'),
                rig.node.config))
            assert wait_for(lambda: heard[-1].markers)
    [label] = heard[-1].markers
    assert label.text.startswith('f1 happy') and label.header.frame_id == 'camera'
    assert label.pose.position.z == 1.5 and label.pose.position.y < 0


def test_a_frame_for_each_face(astronaut):
    """In the image's, at its time, at the face's position; x looks at the camera, z is up."""
    messages = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed')
    with ros():
        rig, heard = Rig(face_frames=True, estimate_position=True), []
        rig.peer.create_subscription(
            messages.TFMessage, '/tf', heard.append, QoSProfile(depth=100))
        info = rig.peer.create_publisher(CameraInfo, 'camera_info', latched_qos())
        info.publish(CameraInfo(k=[500.0, 0.0, 256.0, 0.0, 500.0, 256.0, 0.0, 0.0, 1.0]))
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: rig.node.count_subscribers('/tf'))
            times = itertools.count()
            assert wait_for(lambda: rig.send(astronaut, next(times) / 10) and heard)
            output = next(o for o in rig.node._outputs if isinstance(o, FaceFrames))
            place = Position(0.1, 0.2, 1.5, 0.0, 'depth')
            with pytest.raises(ValueError, match='no frame_id'):
                output.publish(frame_of(astronaut, Header(), place, rig.node.config))
    face = rig.messages[-1]
    [one] = heard[-1].transforms
    assert one.child_frame_id == f'face_{face.emotions[0].id}'
    assert one.header.frame_id == 'camera'
    at, turn = one.transform.translation, one.transform.rotation
    assert at.z == pytest.approx(face.emotions[0].position.z, rel=0.1) and 0.3 < at.z < 1.2
    forward = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).apply([1, 0, 0])
    up = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).apply([0, 0, 1])
    assert forward[2] < -0.8 and up[1] < -0.8


def test_nothing_is_published_without_being_asked(astronaut):
    """With everything off the graph is as before."""
    with ros():
        rig = Rig()
        with spinning(rig.node, rig.peer):
            rig.ready()
            rig.send(astronaut, 0)
            names = {name for name, _ in rig.peer.get_topic_names_and_types()}
        assert not [name for name in names if name.startswith('/humans')
                    or name.endswith(('/detections', '/markers', '/tf'))]
