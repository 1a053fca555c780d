"""Faces as other packages' messages, to who listens; what is not installed is one line."""

import math

import pytest

pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.qos import emotions_qos  # noqa: E402

PACKAGES = {'ros4hri': 'hri_msgs', 'detections': 'vision_msgs', 'markers': 'visualization_msgs'}


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


def test_markers_need_positions(astronaut):
    """A label for each face whose position is known; of none without depth."""
    messages = pytest.importorskip(
        'visualization_msgs.msg', reason='visualization_msgs is not installed')
    import numpy as np

    from fer_ros.nodes.frame import Frame, Source
    from fer_ros.nodes.markers import Markers
    from fer_ros.perception.pipeline import PipelineConfig, PipelineResult, build_pipeline
    pipeline = build_pipeline(PipelineConfig())
    faces = pipeline.analyze(astronaut)
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
            output.publish(Frame(
                Source(astronaut, rig.messages[-1].header, 0.0), PipelineResult(faces),
                pipeline.labels, [np.array([0.1, 0.2, 1.5])], rig.node.config))
            assert wait_for(lambda: heard[-1].markers)
    [label] = heard[-1].markers
    assert label.text.startswith('f1 happy') and label.header.frame_id == 'camera'
    assert label.pose.position.z == 1.5 and label.pose.position.y < 0


def test_nothing_is_published_without_being_asked(astronaut):
    """With everything off the graph is as before."""
    with ros():
        rig = Rig()
        with spinning(rig.node, rig.peer):
            rig.ready()
            rig.send(astronaut, 0)
            names = {name for name, _ in rig.peer.get_topic_names_and_types()}
        assert not [name for name in names if name.startswith('/humans')
                    or name.endswith(('/detections', '/markers'))]
