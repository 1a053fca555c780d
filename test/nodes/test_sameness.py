"""The same pictures give the same answers: at any rate, and byte for byte in a second run."""

from dataclasses import replace

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
            rig = Rig(deterministic=True, image_qos='reliable')
            with spinning(rig.node, rig.peer):
                player = play(bag, 'rate:=0.5')  # a busy machine must keep up
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


def delays(found):
    """Return (person, label) -> seconds since that person was first seen."""
    first = {}
    for person, _, t in sorted(found, key=lambda c: c[2]):
        first.setdefault(person, t)
    return {(person, label): t - first[person] for person, label, t in found}


@pytest.mark.parametrize('rate, interval', [(5, 1), (10, 1), (15, 1), (30, 3), (30, 2)])
def test_any_rate_gives_the_same_states(scene, rate, interval, pipeline_config):
    """
    Each change comes equally long after the first sight, within a frame period of either rate.

    Looking at each third frame is a rate of its own.
    """
    wanted = delays(changes(scene, 30, pipeline_config))
    found = delays(changes(scene, rate, replace(pipeline_config, detector_interval=interval)))
    assert found.keys() == wanted.keys()
    for key, seconds in found.items():
        assert abs(seconds - wanted[key]) <= interval / rate + 1 / 30 + 1e-6, (key, seconds)
