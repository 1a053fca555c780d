"""Still pictures of any size: the face is found, in the picture's own pixels."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.still_pictures import detect_in_still
from fer_ros.resources import resource_path


@pytest.mark.parametrize('factor', [0.5, 1, 3, 8])
def test_a_face_of_any_size(astronaut, factor):
    """From 47 to 740 px wide: a webcam's, a telephone's."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    picture = cv2.resize(astronaut, None, fx=factor, fy=factor)
    face, = detect_in_still(detector.detect, picture)
    truth = detector.detect(astronaut)[0]
    for found, expected in zip((face.box.x, face.box.y, face.box.width, face.box.height),
                               (truth.box.x, truth.box.y, truth.box.width, truth.box.height)):
        assert found / factor == pytest.approx(expected, abs=15)
    np.testing.assert_allclose(face.landmarks / factor, truth.landmarks, atol=8)


def test_it_looks_again_only_where_nothing_was_found():
    """Each time at half the size, until faces of any size would have been seen."""
    sizes = []

    def detect(image):
        sizes.append(image.shape[:2])
        return []
    for shape in ((3000, 2000), (480, 640), (1, 1)):
        assert detect_in_still(detect, np.zeros((*shape, 3), np.uint8)) == []
    assert sizes == [(3000, 2000), (1500, 1000), (750, 500), (375, 250), (480, 640), (1, 1)]
