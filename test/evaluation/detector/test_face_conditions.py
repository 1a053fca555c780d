"""Pictures made worse, video without faces, and the yardsticks beside the network."""

import cv2
import numpy as np
import pytest

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.evaluation.detector.conditions import CONDITIONS, turned_away
from fer_ros.evaluation.detector.false_faces import false_faces_per_hour, panned
from fer_ros.evaluation.detector.haar import HaarDetector, haar_is_there
from fer_ros.evaluation.detector.metrics import match, recall_curve, recall_of_group
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.types import BoundingBox, Detection
from fer_ros.resources import resource_path

BOX = np.array([[180, 66, 92, 112]], np.float32)
POINTS = np.array([[[207, 107], [246, 109], [228, 128], [209, 148], [246, 150]]], np.float32)
NOWHERE = np.empty((0, 4), np.float32)


@pytest.fixture(scope='module')
def portrait(astronaut):
    return FacePicture(astronaut, BOX, POINTS, NOWHERE, 'astronaut')


@pytest.fixture(scope='module')
def detector():
    return load_face_detector(resource_path('models/face_detector.onnx'))


@pytest.mark.parametrize('condition', CONDITIONS)
def test_a_worse_picture_keeps_its_face(condition, portrait, detector):
    """The original is not touched; the labels lie where the face is (the detector agrees)."""
    before = portrait.image.copy()
    worse = CONDITIONS[condition](portrait)
    assert np.array_equal(portrait.image, before) and not np.array_equal(
        worse.image.shape[:2] == before.shape[:2] and worse.image, before)
    assert worse.image.dtype == np.uint8 and worse.boxes.shape == (1, 4)
    found = match(detector.detect(worse.image), worse.boxes, worse.landmarks, worse.ignored)
    if condition != 'lower_half_hidden':
        assert 0 in found.faces
    gray = FacePicture(cv2.cvtColor(before, cv2.COLOR_BGR2GRAY), BOX, POINTS, NOWHERE, 'gray')
    assert CONDITIONS[condition](gray).image.ndim == 2


def test_frontal_turned_and_unknown(portrait):
    profile = POINTS.copy()
    profile[0, 2, 0] += 30  # the nose far to one side
    frontal, turned = turned_away(FacePicture(
        portrait.image, np.repeat(BOX, 3, 0),
        np.concatenate([POINTS, profile, np.full_like(POINTS, np.nan)]), NOWHERE, 'three'))
    assert frontal.tolist() == [True, False, False]
    assert turned.tolist() == [False, True, False]


def test_recall_of_a_group_and_the_curve():
    """Two faces found of three, one of them below the threshold, and one false alarm."""
    boxes = np.array([[0, 0, 30, 30], [50, 0, 30, 30], [100, 0, 30, 30]], np.float32)
    found = [Detection(BoundingBox(x, y, 30, 30), score) for x, y, score in (
        (0, 0, 0.9), (200, 200, 0.7), (50, 0, 0.5))]
    result = match(found, boxes, np.full((3, 5, 2), np.nan), NOWHERE)
    both = np.array([True, True, False])
    assert recall_of_group([result], [both], 0.6) == 0.5
    assert recall_of_group([result], [both], 0.4) == 1.0
    assert recall_of_group([result], [~both], 0.4) == 0.0
    assert np.isnan(recall_of_group([result], [both], 0.4, low=31.0))
    np.testing.assert_allclose(recall_curve([result]), [[0, 1 / 3], [1, 1 / 3], [1, 2 / 3]])
    assert recall_curve([]).shape == (0, 2)


def test_panning_shows_the_picture_and_nothing_else(astronaut):
    frames = list(panned([astronaut[:200]]))
    assert len(frames) == 90 and {f.shape for f in frames} == {(480, 640, 3)}
    assert not np.array_equal(frames[0], frames[20])


def test_false_faces_are_counted_per_hour(detector, astronaut):
    """A face in "video without faces" is one false face; gray has none."""
    gray = [np.full((480, 640, 3), 127, np.uint8)] * 15
    assert false_faces_per_hour(detector, gray, 0.5) == {
        'false_faces_per_hour': 0.0, 'frames_with_a_false_face': 0.0}
    with_face = false_faces_per_hour(detector, [astronaut] * 15, 0.5)
    assert with_face == {'false_faces_per_hour': 3600.0, 'frames_with_a_false_face': 1.0}
    assert false_faces_per_hour(detector, [], 0.5)['false_faces_per_hour'] == 0


@pytest.mark.skipif(not haar_is_there(), reason='this OpenCV has no Haar cascade (before 5)')
def test_haar_finds_the_portrait(portrait):
    found = HaarDetector().detect(portrait.image)
    assert 0 in match(found, BOX, POINTS, NOWHERE).faces
    assert found[0].score == max(d.score for d in found)
