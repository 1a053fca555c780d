"""The same pictures give the same answers: at any rate, and byte for byte in a second run."""

import os
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('rosbags')

from bags import camera_info, image, write_bag, write_messages  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from test_bag_player_node import play  # noqa: E402

from fer_ros.media.demo_scene import DemoScene  # noqa: E402
from fer_ros.nodes.qos import complete_qos  # noqa: E402
from fer_ros.nodes.transport import transport_variables  # noqa: E402
from fer_ros.perception.pipeline import build_pipeline  # noqa: E402
from fer_ros_msgs.msg import EmotionArray  # noqa: E402

COUNT = 80


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


@contextmanager
def emotion_node(*parameters):
    """Run the node in a process of its own, for runs that shall be the same."""
    arguments = [part for p in ('deterministic:=true', *parameters) for part in ('-p', p)]
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args', *arguments],
        env={**os.environ, **transport_variables('shared_memory', os.environ)})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def answers(bag, player_parameters, *parameters):
    """
    Play a bag to an emotion_node, both in processes of their own.

    :returns: its answers as :func:`plain`, and its last diagnostics.
    """
    messages, status = [], {}
    with ros():
        peer = rclpy.create_node('peer')
        peer.create_subscription(EmotionArray, 'emotions', messages.append, complete_qos())
        peer.create_subscription(DiagnosticArray, '/diagnostics', lambda m: status.update(
            {v.key: v.value for v in m.status[0].values}), 10)
        with spinning(peer), emotion_node(*parameters):
            assert wait_for(lambda: status and peer.count_publishers('emotions'), 60)
            assert play(bag, *player_parameters).wait(120) == 0
            with sqlite3.connect(next(bag.glob('*.db3'))) as file:
                count = file.execute('SELECT count(*) FROM messages JOIN topics ON topic_id = '
                                     "topics.id WHERE name = '/image'").fetchone()[0]
            assert wait_for(lambda: len(messages) >= count, 60), (len(messages), status)
            assert wait_for(lambda: status['processed'] == str(count), 10), status
            assert (status['received'], status['dropped'], status['late'],
                    status['faults']) == (str(count), '0', '0', '0')
            assert len(messages) == count
    return [plain(m) for m in messages], messages


PLAYS = [('rate:=1.0',), ('rate:=4.0',), ('rate:=100.0',),
         ('rate:=100.0', 'lockstep:=true', 'image_topic:=/image')]


def test_the_same_bag_gives_the_same_bytes_at_any_rate(scene, tmp_path):
    """Every image is answered at 1x, 4x and as fast as it goes, and all runs are equal."""
    frames = [cv2.resize(f, (320, 240), interpolation=cv2.INTER_AREA) for f in scene[100::3]]
    bag = write_bag(tmp_path / 'bag', frames[:COUNT], 30.0, topic='/image')
    runs = [answers(bag, parameters) for parameters in PLAYS]
    assert all(run[0] == runs[0][0] for run in runs)
    assert any(m.emotions and m.emotions[0].label != 'uncertain' for m in runs[0][1])


def test_many_images_at_300_hz_are_all_answered(scene, tmp_path):
    """A burst that is far too fast waits in the node instead of being lost."""
    frames = [cv2.resize(f, (320, 240), interpolation=cv2.INTER_AREA) for f in scene]
    bag = write_bag(tmp_path / 'bag', (frames + frames)[:600], 300.0, topic='/image')
    assert len(answers(bag, ['rate:=1.0'])[0]) == 600


@pytest.mark.parametrize('delay', [-0.01, 0.05])
def test_depth_belongs_to_its_image_whichever_comes_first(scene, tmp_path, delay):
    """Recorded before or after the image, at a lower rate: the same positions each time."""
    rows = []
    for i, frame in enumerate(scene[100:340:4]):
        small, t = cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA), i / 30
        rows.append(('/image', t, image(small, t)))
        if i % 2 == 0:
            depth = np.full((120, 160), 1000 + 10 * i)
            rows.append(('/depth', t + delay, image(depth, t, '16UC1')))
            rows.append(('/camera_info', t + delay, camera_info(t, 320, 240, 300)))
    bag = write_messages(tmp_path / 'bag', sorted(rows, key=lambda row: row[1]))
    runs = [answers(bag, parameters, 'use_depth:=true', 'depth_tolerance:=0.02')
            for parameters in PLAYS[2:]]
    assert all(run[0] == runs[0][0] for run in runs)
    faces = [(i, m.emotions[0]) for i, m in enumerate(runs[0][1]) if m.emotions]
    assert len(faces) > 30
    for i, face in faces:
        assert face.has_position == (i % 2 == 0)
        if face.has_position:
            assert face.position.z == pytest.approx(1 + 0.01 * i, abs=0.001)


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
    # What is smaller comes and goes with noise: this is about people.
    pipeline_config = replace(pipeline_config, min_face_size=24.0)
    wanted = delays(changes(scene, 30, pipeline_config))
    found = delays(changes(scene, rate, replace(pipeline_config, detector_interval=interval)))
    assert found.keys() == wanted.keys()
    for key, seconds in found.items():
        assert abs(seconds - wanted[key]) <= interval / rate + 1 / 30 + 1e-6, (key, seconds)
