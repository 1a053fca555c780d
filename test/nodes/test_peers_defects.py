"""
Defects seen in other packages, each as a test of ours.

Those that have their place elsewhere: wrong number of labels (test_emotion_classifier), miss
counter that is never reset (test_face_tracker), state that is never pruned, only the last face
published (test_pipeline), documented parameters that are not declared (test_reference),
payload as bytes (test_image_conversions), training and runtime normalize differently
(test_emotion_training), bag loops (test_emotion_node), newer setuptools (test_packaging).
"""

import shutil
import socket
import threading
import time

import numpy as np
import pytest
import yaml

rclpy = pytest.importorskip('rclpy')

from helpers import wait_for  # noqa: E402

from fer_ros.nodes.frame_worker import FrameWorker  # noqa: E402
from fer_ros.perception.annotator import COLORS  # noqa: E402
from fer_ros.perception.labels import EMOTIONS  # noqa: E402
from fer_ros.perception.model_card import sha256_of  # noqa: E402
from fer_ros.perception.pipeline import build_pipeline  # noqa: E402


def test_publishers_live_on_and_diagnostics_come_back(rig, astronaut):
    """hri_emotion_recognizer: publishers destroyed at every tick, no diagnostics after."""
    before = [rig.node._emotions, *rig.node._outputs]
    assert wait_for(lambda: len(rig.diagnostics) >= 3)
    assert [rig.node._emotions, *rig.node._outputs] == before
    rig.node.trigger_deactivate()
    rig.node.trigger_cleanup()
    rig.alone()
    rig.node.trigger_configure()
    rig.node.trigger_activate()
    rig.ready()
    rig.send(astronaut, 1.0)
    count = len(rig.diagnostics)
    assert wait_for(lambda: len(rig.diagnostics) > count + 1)
    assert wait_for(lambda: 'faces' in rig.diagnostics[-1].status[0].message)


def test_everything_is_set(rig, astronaut):
    """hri_emotion_recognizer, eProsima: empty header, valence and confidence never set."""
    for i in range(8):
        message = rig.send(astronaut, i / 10)
    face = message.emotions[0]
    assert message.header.frame_id
    assert face.confidence > 0
    assert face.valence > 0
    assert face.arousal > 0


def test_every_label_is_published(rig, astronaut):
    """emotion_detector (Coral): one output silently dropped sad and surprise."""
    rig.send(astronaut, 0.0)
    message = rig.send(astronaut, 0.1)
    assert tuple(message.labels) == EMOTIONS
    assert len(message.emotions[0].probabilities) == len(EMOTIONS)


def test_the_stamp_is_that_of_the_matching_image(rig, astronaut):
    """eProsima: the stamp was that of the latest image."""
    for i in (3, 1_000_000, 1_000_001):
        assert rig.send(astronaut, float(i)).header.stamp.sec == 1_700_000_000 + i


def test_an_exception_leaves_no_lock(rig, astronaut, monkeypatch):
    """hri_face_detect: a lock that an exception left locked."""
    pipeline = rig.node.worker.pipeline

    def broken(image):
        raise RuntimeError('detector failed')
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.detector, 'detect', broken)
        count = rig.node.faults.count
        rig.camera.publish(_image(astronaut))
        assert wait_for(lambda: rig.node.faults.count > count)
    assert 'detector failed' in rig.errors[0]
    assert rig.send(astronaut, 1.0) is not None


def test_latency_does_not_grow_behind_a_slow_consumer():
    """Everywhere: queues behind slow callbacks. Here the newest frame wins, drops are counted."""
    done = []

    def slow(frame):
        time.sleep(0.02)
        done.append(frame)
    worker = FrameWorker(slow)
    for i in range(100):
        worker.put(i)
        time.sleep(0.002)
    assert wait_for(lambda: done and done[-1] == 99)
    worker.stop()
    assert worker.received == 100
    assert worker.dropped == 100 - len(done)
    assert worker.dropped > 50
    assert done == sorted(done)


def test_a_stopped_worker_leaves_no_thread():
    """Stop in the middle of work and while idle."""
    before = threading.active_count()
    for _ in range(20):
        worker = FrameWorker(lambda frame: time.sleep(0.001))
        worker.put(1)
        worker.stop()
    assert threading.active_count() == before


def test_colors_are_fixed():
    """yolo_ros: random colors per run. Here one color an emotion."""
    assert set(EMOTIONS) < set(COLORS)
    assert len({COLORS[label] for label in EMOTIONS}) == len(EMOTIONS)


def test_no_network_at_start(pipeline_config, monkeypatch):
    """yolo_ros: downloads at launch. Here loading the models opens no connection."""
    def refuse(*arguments):
        raise AssertionError(f'connects to {arguments[1:]}')
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    build_pipeline(pipeline_config)


def test_the_name_of_a_model_means_nothing(pipeline_config, tmp_path, astronaut):
    """EmotiEffLib: behavior decided by substrings of the model's name; here by its card."""
    from dataclasses import replace
    model = tmp_path / 'mobilenet_7_rgb_vgaf.onnx'
    shutil.copy(pipeline_config.emotion_model, model)
    card = yaml.safe_load(pipeline_config.emotion_model.with_suffix('.yaml').read_text())
    model.with_suffix('.yaml').write_text(
        yaml.safe_dump({**card, 'name': 'other', 'sha256': sha256_of(model)}))
    ours, renamed = (build_pipeline(c).analyze(astronaut)[0].emotion.probabilities for c in (
        pipeline_config, replace(pipeline_config, emotion_model=model)))
    np.testing.assert_array_equal(ours, renamed)


def test_an_idle_session_does_not_spin(pipeline_config, astronaut):
    """Everywhere: onnxruntime's threads spin between calls. Here idle costs no processor time."""
    from dataclasses import replace
    pipeline = build_pipeline(replace(pipeline_config, threads=4))
    pipeline.process(astronaut, 0.0)
    start = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - start < 0.1


def _image(picture):
    from std_msgs.msg import Header

    from fer_ros.nodes.image_conversions import array_to_image
    return array_to_image(picture, Header(), 'bgr8')
