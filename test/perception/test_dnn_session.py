"""Where onnxruntime is missing OpenCV runs the networks: the same answers."""

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception import onnx_session
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.model_card import ModelCardError
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.resources import resource_path


@pytest.fixture
def without_onnxruntime(monkeypatch):
    """As after ``apt install`` alone."""
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)


def test_faces_and_probabilities_are_the_same(pipeline_config, monkeypatch):
    """End to end: landmarks within a tenth of a pixel, which moves the crops a little."""
    config = replace(pipeline_config, maps=True)
    ours = build_pipeline(config)
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)
    theirs = build_pipeline(config)
    scene = DemoScene()
    seen = 0
    for i in range(20):
        frame, stamp = scene.render(8 + i / 5), i / 5
        for one, other in zip(ours.process(frame, stamp).faces,
                              theirs.process(frame, stamp).faces, strict=True):
            seen += 1
            assert one.emotion.label == other.emotion.label
            np.testing.assert_allclose(
                one.emotion.raw_probabilities, other.emotion.raw_probabilities, atol=5e-3)
            np.testing.assert_allclose(one.activation_map, other.activation_map, atol=1e-2)
            np.testing.assert_allclose(
                one.track.detection.landmarks, other.track.detection.landmarks, atol=0.1)
    assert seen > 15


def test_the_same_crops_give_the_same_answers(monkeypatch, astronaut, hopper):
    """Within a thousandth, maps too."""
    crops = np.stack([cv2.resize(face, (48, 48)) for face in (
        astronaut[66:178, 170:282, 1], hopper[95:345, 140:390, 1], astronaut[:48, :48, 1])])
    ours = EmotionClassifier(resource_path('models/emotion.onnx')).classify(crops, maps=True)
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)
    theirs = EmotionClassifier(resource_path('models/emotion.onnx')).classify(crops, maps=True)
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_batch_is_taken_one_by_one(without_onnxruntime, astronaut):
    """OpenCV 4.6 divides by zero on more."""
    classifier = EmotionClassifier(resource_path('models/emotion.onnx'))
    crops = np.stack([astronaut[66:178, 170:282, 1]] * 3)[:, ::2, ::2][:, :48, :48].copy()
    probabilities, maps = classifier.classify(crops, maps=True)
    assert probabilities.shape == (3, 8) and maps.shape[:2] == (3, 8)
    np.testing.assert_allclose(probabilities[0], probabilities[2], atol=1e-6)


def test_what_opencv_cannot_read_is_one_line(without_onnxruntime, tmp_path):
    """It names file and remedy."""
    bad = tmp_path / 'bad.onnx'
    bad.write_bytes(b'no network')
    with pytest.raises(ModelCardError, match='may need onnxruntime') as error:
        onnx_session.open_session(bad)
    assert str(bad) in str(error.value) and '\n' not in str(error.value)


def test_pictures_of_every_size(without_onnxruntime, astronaut):
    """The detector's input follows the picture."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    for step in (1, 2, 1):
        assert detector.detect(np.ascontiguousarray(astronaut[::step, ::step]))


def test_it_is_said(without_onnxruntime):
    """In words, with the remedy."""
    assert onnx_session.inference_engine().startswith('OpenCV dnn ')
    assert 'pip install onnxruntime' in onnx_session.engine_advice()


def test_nothing_else_needs_onnxruntime():
    """A process in which it cannot be imported."""
    code = ("import sys; sys.modules['onnxruntime'] = None; from fer_ros import cli, machine; "
            "assert machine.describe_machine(); sys.exit(cli.main(['analyze', '--help']))")
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
