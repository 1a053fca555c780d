"""The same pictures give the same answers: at any rate, and byte for byte in a second run."""

import cv2
import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('rosbags')

from bags import write_bag  # noqa: E402
from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from test_bag_player_node import play  # noqa: E402

from fer_ros.media.demo_scene import DemoScene  # noqa: E402
from fer_ros.perception.pipeline import build_pipeline  # noqa: E402

COUNT = 40


@pytest.fixture(scope='module')
def scene():
    """Twelve seconds of the demo's scene at 30 Hz: two people come and go."""
    renderer = DemoScene(480, 360)
    return [renderer.render(2 + i / 30) for i in range(360)]


def plain(value):
    """Return all values of a message as bytes and text (CDR's padding is not set by rclpy)."""
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if hasattr(value, 'tobytes'):
        return value.tobytes()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, float) else value


def test_the_same_bag_twice_gives_the_same_bytes(scene, tmp_path):
    """Deterministic: every image is answered, and both runs are equal to the last bit."""
    frames = [cv2.resize(f, (320, 240), interpolation=cv2.INTER_AREA) for f in scene[100::3]]
    bag = write_bag(tmp_path / 'bag', frames[:COUNT], 30.0, topic='image')
    runs = []
    for _ in range(2):
        with ros():
            rig = Rig(deterministic=True)
            with spinning(rig.node, rig.peer):
                player = play(bag, 'rate:=1.5')
                assert player.wait(60) == 0
                assert wait_for(lambda: len(rig.messages) >= COUNT), len(rig.messages)  # noqa: B023
                runs.append([plain(m) for m in rig.messages])
    assert len(runs[0]) == COUNT and runs[0] == runs[1]
    assert any(m.emotions and m.emotions[0].label != 'uncertain' for m in rig.messages)


def changes(frames, rate, config):
    """Return who is in which state when: (id order, label, seconds) at each change."""
    pipeline, states, found = build_pipeline(config), {}, []
    step = round(30 / rate)
    for i in range(0, len(frames), step):
        for face in pipeline.process(frames[i], i / 30).faces:
            if states.get(face.track.id) != face.emotion.label:
                states[face.track.id] = face.emotion.label
                found.append((sorted(states).index(face.track.id), face.emotion.label, i / 30))
    return sorted(found)


@pytest.mark.parametrize('rate', [5, 15])
def test_any_rate_gives_the_same_states(scene, rate, pipeline_config):
    """The same people change to the same states, later by frame periods and at most one dwell."""
    wanted = changes(scene, 30, pipeline_config)
    found = changes(scene, rate, pipeline_config)
    assert [c[:2] for c in found] == [c[:2] for c in wanted]
    for (_, _, late), (_, _, early) in zip(found, wanted):
        # A face is confirmed by its second frame: at 5 Hz that alone takes a period. And where
        # one noisy frame lies below the threshold, the dwell begins anew.
        assert -0.1 <= late - early <= 1 / rate + pipeline_config.state.min_dwell + 0.2
