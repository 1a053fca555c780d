"""emotion_node with the shipped networks, real faces and real DDS."""

import threading

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus  # noqa: E402
from emotion_rig import BASE, Rig  # noqa: E402
from helpers import call, ros, spinning, wait_for  # noqa: E402
from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.image_conversions import (  # noqa: E402
    array_to_compressed,
    array_to_image,
    image_to_array,
)
from fer_ros.nodes.parameters import SPECS, build_config  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402
from fer_ros.perception.execution_provider import KINDS  # noqa: E402
from fer_ros.perception.labels import EMOTIONS  # noqa: E402
from fer_ros.perception.model_card import load_model_card  # noqa: E402
from fer_ros.perception.onnx_session import offered_providers  # noqa: E402
from fer_ros.perception.packaged_network import choose_emotion_network  # noqa: E402
from fer_ros_msgs.srv import AnalyzeImage  # noqa: E402


def test_a_smiling_face_becomes_happy(rig, astronaut):
    """Header unchanged, complete message, debounced state, one id."""
    for i in range(20):
        message = rig.send(astronaut, i / 10)
        assert message.header.frame_id == 'camera'
        assert message.header.stamp.sec == BASE + i // 10
        assert message.header.stamp.nanosec == i % 10 * 100_000_000
    assert tuple(message.labels) == EMOTIONS
    assert message.model == load_model_card(
        choose_emotion_network().path, 'emotion_classification').name
    face = message.emotions[0]
    assert len(message.emotions) == 1
    assert (face.id[0].isalpha(), face.label, face.quality) == (True, 'happy', 'ok')
    assert face.confidence > 0.5
    for values in (face.probabilities, face.raw_probabilities):
        assert len(values) == 8
        assert sum(values) == pytest.approx(1.0, abs=1e-4)
    assert face.valence > 0.4
    assert len(face.landmarks) == 5
    assert face.state_age > 0.5
    assert face.track_age == pytest.approx(1.9, abs=0.01)
    assert 150 < face.roi.x_offset < 210
    assert {m.emotions[0].id for m in rig.messages if m.emotions} == {face.id}


def test_images_without_a_face_are_answered_too(rig, astronaut):
    """An empty array per frame; the face keeps its id over a short gap."""
    blank = np.full((480, 640, 3), 128, np.uint8)
    assert not rig.send(blank, 0.0).emotions
    for i in range(1, 4):
        rig.send(astronaut, i / 10)
    first = rig.messages[-1].emotions[0].id
    assert not rig.send(blank, 0.5).emotions
    assert rig.send(astronaut, 0.6).emotions[0].id == first


def test_a_jump_back_in_time_resets_once(rig, astronaut):
    """A bag that loops: said once a loop, new id, results go on."""
    warnings = []
    rig.node.worker._notices._log = warnings.append
    ids = []
    for _ in range(2):
        for i in range(5):
            message = rig.send(astronaut, 10 + i / 5)
        ids.append(message.emotions[0].id)
    assert ids[0] != ids[1]
    assert len(warnings) == 1
    assert 'jumped back' in warnings[0]


def test_gray_and_color_images(rig, astronaut):
    """mono8 and rgb8 work as bgr8 does."""
    gray = astronaut.mean(2).astype(np.uint8)
    for i in range(6):
        message = rig.send(gray, i / 10, 'mono8')
    assert message.emotions[0].label == 'happy'
    assert rig.send(np.ascontiguousarray(astronaut[..., ::-1]), 0.7, 'rgb8').emotions


@pytest.mark.parametrize('change', [
    {'encoding': 'purple8'}, {'encoding': ''}, {'step': 3}, {'step': 0}, {'height': 4000},
    {'width': 0, 'height': 0, 'step': 0}, {'data': b''}, {'data': b'12345'}],
    ids=lambda c: str(c)[:30])
def test_200_mangled_images_give_one_error(rig, astronaut, change):
    """The node lives on and says once what was wrong."""
    message = array_to_image(astronaut, Header(), 'bgr8')
    for key, value in change.items():
        setattr(message, key, value)
    for count in range(200):
        rig.camera.publish(message)
        assert wait_for(lambda: rig.node.faults.count > count)  # noqa: B023
    assert len(rig.errors) == 1
    assert 'bad image' in rig.errors[0]
    assert rig.send(astronaut, 1.0) is not None


def test_annotated_image_only_on_demand(rig, astronaut):
    """Rendered while someone subscribes, with the header of the source."""
    picture = np.ascontiguousarray(astronaut[:300, 80:380])
    rig.send(picture, 0.0)
    pictures = []
    subscription = rig.peer.create_subscription(
        Image, 'emotions/image', pictures.append, image_qos())
    compressed = rig.peer.create_subscription(
        CompressedImage, 'emotions/image/compressed', pictures.append, image_qos())
    outputs = rig.node._outputs[0]
    assert wait_for(lambda: outputs.raw.get_subscription_count() and
                    outputs.compressed.get_subscription_count())
    for i in range(1, 4):
        rig.send(picture, i / 10)
    assert wait_for(lambda: len(pictures) >= 4)
    raw = [p for p in pictures if isinstance(p, Image)]
    assert raw[-1].header.stamp.sec == BASE
    difference = np.abs(image_to_array(raw[-1]).astype(int) - picture).max(2)
    assert difference[60:180, 95:205].any()
    assert not difference[260:].any()
    rig.peer.destroy_subscription(subscription)
    rig.peer.destroy_subscription(compressed)


def test_services(rig, astronaut):
    """Analyze, reset, disable and enable."""
    for i in range(4):
        rig.send(astronaut, i / 10)
    analyze = rig.peer.create_client(AnalyzeImage, 'emotion_node/analyze_image')
    answer = call(analyze, AnalyzeImage.Request(
        compressed=array_to_compressed(astronaut, Header(frame_id='still'))))
    assert answer.success
    assert answer.result.emotions[0].label == 'happy'
    assert answer.result.header.frame_id == 'still'
    assert not call(analyze, AnalyzeImage.Request()).success
    first = rig.messages[-1].emotions[0].id
    assert call(rig.peer.create_client(Trigger, 'emotion_node/reset'),
                Trigger.Request()).success
    for i in range(4, 8):
        rig.send(astronaut, i / 10)
    assert rig.messages[-1].emotions[0].id != first
    enable = rig.peer.create_client(SetBool, 'emotion_node/enable')
    assert call(enable, SetBool.Request(data=False)).message == 'disabled'
    rig.alone()
    assert call(enable, SetBool.Request(data=True)).success
    rig.ready()
    assert rig.send(astronaut, 2.0) is not None


@pytest.mark.parametrize('name, value, reason', [
    ('exit_threshold', 0.9, 'exit_threshold'), ('overlay', 'hologram', 'bars, cam, none'),
    ('detection_threshold', 0.3, 'unconfigured'), ('smoothing_time', -1.0, 'range'),
    ('emotion_model', '/none.onnx', 'unconfigured'), ('max_faces', 0, 'range'),
    ('provider', 'auto', 'unconfigured')])
def test_bad_parameters_are_refused(rig, name, value, reason):
    """Range, choice, contradiction, and what only an unconfigured node may change."""
    result = rig.node.set_parameters([Parameter(name, value=value)])[0]
    assert not result.successful
    assert reason in result.reason


def test_packaged_models_have_names():
    """`emotion_int8` needs no path; a misspelled one is told the names there are.

    Without a name the pipeline chooses.
    """
    values = {name: spec.default for name, spec in SPECS.items()}
    assert build_config(values).pipeline.emotion_model is None
    for name in ('emotion', 'emotion_int8'):
        config = build_config({**values, 'emotion_model': name})
        assert config.pipeline.emotion_model.name == f'{name}.onnx'
    with pytest.raises(ValueError, match="'emotion_int9'.*emotion, emotion_int8"):
        build_config({**values, 'emotion_model': 'emotion_int9'})


def test_an_unknown_provider_is_told_the_names_there_are():
    values = {name: spec.default for name, spec in SPECS.items()}
    with pytest.raises(ValueError, match='auto, cpu, cuda, tensorrt, openvino, coreml'):
        build_config({**values, 'provider': 'gpu'})


def test_frames_are_left_out_only_where_that_is_safe():
    """No measured time decides where runs must be equal; what hides faces looks on its own."""
    values = {name: spec.default for name, spec in SPECS.items()}
    assert build_config(values).pipeline.detector_interval == 'auto'
    assert build_config({**values, 'deterministic': True}).pipeline.detector_interval == 1
    fixed = {**values, 'detector_interval': 3, 'anonymize': True}
    assert build_config({**fixed, 'deterministic': True}).pipeline.detector_interval == 3
    assert build_config({**values, 'anonymize': True}).pipeline == build_config(values).pipeline


def test_the_interval_can_be_set_while_running(rig, astronaut):
    """Every image is answered; what was not looked at has no answer of its own."""
    assert rig.node.set_parameters([
        Parameter('detector_interval', value=3)])[0].successful
    for i in range(9):
        rig.send(astronaut, i / 10)
    raws = [len(m.emotions[0].raw_probabilities) for m in rig.messages[1:]]
    assert len(rig.messages) == 9 and 0 in raws and max(raws) == len(rig.messages[-1].labels)


def test_live_parameters(rig, astronaut):
    """Thresholds change while running and nobody loses the id."""
    for i in range(6):
        rig.send(astronaut, i / 10)
    first = rig.messages[-1].emotions[0].id
    results = rig.node.set_parameters_atomically([
        Parameter('enter_threshold', value=0.95), Parameter('exit_threshold', value=0.9)])
    assert results.successful
    assert rig.node.set_parameters([Parameter('min_emotion_size', value=500.0)])[0].successful
    face = rig.send(astronaut, 0.7).emotions[0]
    assert (face.id, face.quality, len(face.raw_probabilities)) == (first, 'too_small', 0)


def test_diagnostics_name_the_trouble(rig):
    """Without an image: who publishes, and what to do."""
    assert wait_for(lambda: any(
        'no image' in m.status[0].message for m in rig.diagnostics), 8.0)
    status = rig.diagnostics[-1].status[0]
    assert status.level == DiagnosticStatus.WARN
    assert '/image' in status.message
    values = {v.key: v.value for v in status.values}
    assert {'received', 'dropped', 'emotion model'} <= values.keys()
    assert values['arithmetic'] == choose_emotion_network().arithmetic


def test_a_provider_that_is_not_offered(capfd, astronaut):
    """One line at start; the CPU does the work; diagnostics warn and tell what runs."""
    missing = next(name for name in KINDS if name not in offered_providers())
    with ros():
        rig = Rig(provider=missing, anonymize=True, image_timeout=0.1)
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert rig.send(astronaut, 0.0) is not None
            assert wait_for(lambda: any(
                'no image' in m.status[0].message for m in rig.diagnostics))
            status = rig.diagnostics[-1].status[0]
    (line,) = (line for line in capfd.readouterr().err.splitlines() if missing in line)
    assert f"'{missing}' is not offered" in line and KINDS[missing].remedy in line
    assert status.level == DiagnosticStatus.WARN and missing in status.message
    assert {v.key: v.value for v in status.values}['provider'] == 'cpu'


def test_compressed_transport(astronaut):
    """image_transport: compressed subscribes to image/compressed."""
    with ros():
        rig = Rig(image_transport='compressed')
        with spinning(rig.node, rig.peer):
            rig.ready(rig.jpeg)
            for i in range(8):
                message = rig.send(astronaut, i / 10, compressed=True)
            assert message.emotions[0].label == 'happy'


@pytest.mark.parametrize('data', [b'', b'no picture at all', b'\xff\xd8\xff\xe0 cut off'])
def test_200_mangled_jpegs_give_one_error(astronaut, data):
    """The node lives on, says once what was wrong, and reads the next good picture."""
    with ros():
        rig = Rig(image_transport='compressed')
        with spinning(rig.node, rig.peer):
            rig.ready(rig.jpeg)
            for count in range(200):
                rig.jpeg.publish(CompressedImage(format='jpeg', data=data))
                assert wait_for(lambda: rig.node.faults.count > count)  # noqa: B023
            assert len(rig.errors) == 1
            assert rig.send(astronaut, 1.0, compressed=True) is not None


def test_lifecycle_round_trips(astronaut):
    """Configure, activate, deactivate, cleanup, three times; no thread is left."""
    with ros():
        before = threading.active_count()
        rig = Rig()
        with spinning(rig.node, rig.peer):
            for i in range(3):
                rig.ready()
                for k in range(3):
                    rig.send(astronaut, i + k / 10)
                assert rig.messages[-1].emotions
                assert rig.node.trigger_deactivate() == Result.SUCCESS
                assert rig.node.trigger_cleanup() == Result.SUCCESS
                assert rig.node._worker is None
                rig.alone()
                assert rig.node.trigger_configure() == Result.SUCCESS
                assert rig.node.trigger_activate() == Result.SUCCESS
            assert rig.node.trigger_deactivate() == Result.SUCCESS
            assert rig.node.trigger_shutdown() == Result.SUCCESS
        assert wait_for(lambda: threading.active_count() <= before)


def test_lifecycle_from_another_node(astronaut):
    """As ``ros2 lifecycle set`` does it: through the services; autostart off."""
    with ros():
        node = EmotionNode(parameter_overrides=[Parameter('autostart', value=False)])
        peer = rclpy.create_node('peer')
        with spinning(node, peer):
            change = peer.create_client(ChangeState, 'emotion_node/change_state')
            state = peer.create_client(GetState, 'emotion_node/get_state')
            for transition, expected in (
                    ('configure', 'inactive'), ('activate', 'active'),
                    ('deactivate', 'inactive'), ('cleanup', 'unconfigured'),
                    ('configure', 'inactive'), ('activate', 'active'),
                    ('active_shutdown', 'finalized')):
                number = getattr(Transition, f'TRANSITION_{transition.upper()}')
                answer = call(change, ChangeState.Request(transition=Transition(id=number)))
                assert answer.success, transition
                assert call(state, GetState.Request()).current_state.label == expected


def test_positions_from_depth(astronaut):
    """A registered depth image and camera_info give meters; an old depth image gives none."""
    with ros():
        rig = Rig(use_depth=True)
        depth = rig.peer.create_publisher(Image, 'depth', image_qos('reliable', 10))
        info = rig.peer.create_publisher(CameraInfo, 'camera_info', image_qos('reliable', 10))
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert wait_for(lambda: depth.get_subscription_count() and
                            info.get_subscription_count())
            message = Image(height=256, width=256, encoding='16UC1', step=512,
                            data=np.full((256, 256), 1500, '<u2').tobytes())
            message.header.stamp.sec = BASE
            depth.publish(message)
            info.publish(CameraInfo(k=[500.0, 0.0, 256.0, 0.0, 500.0, 256.0, 0.0, 0.0, 1.0]))
            locator = rig.node._locator
            assert wait_for(lambda: locator._depths.reaches(BASE) and
                            locator._info is not None)
            rig.send(astronaut, 0.0)
            face = rig.send(astronaut, 0.05).emotions[0]
            assert face.has_position
            center = face.roi.x_offset + face.roi.width / 2
            assert face.position.z == pytest.approx(1.5)
            assert face.position.x == pytest.approx((center - 256) * 1.5 / 500, abs=0.01)
            assert not rig.send(astronaut, 0.5).emotions[0].has_position


def test_a_bad_model_leaves_the_node_unconfigured(tmp_path):
    """The reason is logged; a corrected parameter configures."""
    with ros():
        node = EmotionNode(parameter_overrides=[
            Parameter('emotion_model', value=str(tmp_path / 'no.onnx'))])
        assert node.trigger_configure() == Result.FAILURE
        assert node.set_parameters([Parameter('emotion_model', value='')])[0].successful
        assert node.trigger_configure() == Result.SUCCESS
        node.destroy_node()
