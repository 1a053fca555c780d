"""Drawing: on a copy, inside the image, and unrecognizable when asked."""

from dataclasses import replace

import numpy as np
import pytest

from fer_ros.perception.annotator import annotate, anonymize, tag_text
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.preprocessing import TEMPLATE
from fer_ros.perception.types import (
    BoundingBox,
    Detection,
    EmotionEstimate,
    FaceTrack,
    TrackedFace,
)


def face(x, y, size, activation=None, quality='ok'):
    """Return a happy face."""
    probabilities = np.full(8, 0.02, np.float32)
    probabilities[1] = 0.86
    box = BoundingBox(x, y, size, size)
    landmarks = (TEMPLATE * size + (x, y)).astype(np.float32)
    track = FaceTrack('f1', Detection(box, 0.9, landmarks), 'confirmed', 0, 0, True)
    emotion = EmotionEstimate('happy', 0.86, probabilities, probabilities, quality=quality)
    return TrackedFace(track, emotion, 1.0, activation)


@pytest.mark.parametrize('x, y, size', [
    (100, 100, 80), (-50, -50, 100), (600, 440, 100), (-1000, 5000, 50), (0, 0, 2000),
    (320, 240, 0)])
@pytest.mark.parametrize('overlay', ['bars', 'cam', 'none'])
def test_faces_anywhere(x, y, size, overlay):
    """At the border, outside, larger than the image, empty: always a picture of same size."""
    image = np.full((480, 640, 3), 90, np.uint8)
    untouched = image.copy()
    result = annotate(image, [face(x, y, size, np.eye(6, dtype=np.float32))], EMOTIONS, overlay)
    assert result.shape == image.shape
    np.testing.assert_array_equal(image, untouched)


@pytest.mark.parametrize('shape', [(480, 640), (10, 10), (1, 1), (120, 160, 3)])
def test_small_and_gray_images(shape):
    """Bars that do not fit are left out; gray becomes color."""
    result = annotate(np.zeros(shape, np.uint8), [face(0, 0, 8)], EMOTIONS)
    assert result.shape == (*shape[:2], 3)


def test_the_tag_does_not_contradict_itself():
    """A face without a state was once "uncertain 86%"."""
    happy = face(0, 0, 80)
    undecided = replace(happy, emotion=replace(happy.emotion, label='uncertain'))
    unseen = replace(undecided, emotion=EmotionEstimate('uncertain', quality='blurred'))
    assert [tag_text(one, EMOTIONS) for one in (happy, undecided, unseen)] == [
        'f1 happy 86%', 'f1 no state (happy 86%)', 'f1 no state (blurred)']


def test_no_faces_is_a_plain_copy(astronaut):
    """The empty case."""
    result = annotate(astronaut, [], EMOTIONS)
    np.testing.assert_array_equal(result, astronaut)
    assert not np.shares_memory(result, astronaut)


def test_anonymized_faces_keep_36_cells(astronaut):
    """Within the widened box nothing finer than a mosaic of 6x6 is left."""
    canvas = astronaut.copy()
    anonymize(canvas, [BoundingBox(182, 62, 92, 115)])
    patch = canvas[62:177, 182:274]
    assert len(np.unique(patch.reshape(-1, 3), axis=0)) <= 36
    np.testing.assert_array_equal(canvas[300:], astronaut[300:])


@pytest.mark.parametrize('x, y, columns, rows', [
    (160, 60, 3, 6), (-40, 60, 3, 6), (60, 165, 6, 3), (60, -55, 6, 3), (180, 180, 2, 2)])
def test_the_cells_of_a_face_that_is_cut_off_stay_as_coarse(x, y, columns, rows):
    """What is left of a face at the border is not drawn in more detail for that."""
    canvas = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    before = canvas.copy()
    anonymize(canvas, [BoundingBox(x, y, 80, 80)])
    changed = np.argwhere((canvas != before).any(-1))
    top, left = changed.min(0)
    bottom, right = changed.max(0) + 1
    cells = len(np.unique(canvas[top:bottom, left:right].reshape(-1, 3), axis=0))
    assert (bottom - top < 120 or right - left < 120) and cells <= columns * rows


def test_the_detector_finds_nobody_after_anonymizing(astronaut, pipeline_config):
    """Checked by the detector itself."""
    from fer_ros.perception.face_detector import load_face_detector
    detector = load_face_detector(pipeline_config.detector_model)
    found = detector.detect(astronaut)
    assert found
    canvas = annotate(astronaut, [], EMOTIONS, 'none', [d.box for d in found])
    assert not detector.detect(canvas)


def test_the_cam_overlay_changes_the_face_only(astronaut):
    """Warm colors where the map is 1; nothing far away."""
    result = annotate(astronaut, [face(182, 62, 92, np.ones((6, 6), np.float32))], EMOTIONS,
                      'cam')
    assert np.abs(result[80:150, 200:250].astype(int) - astronaut[80:150, 200:250]).mean() > 10
    np.testing.assert_array_equal(result[400:], astronaut[400:])
