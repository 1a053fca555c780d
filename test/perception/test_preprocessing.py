"""Crops: framing, borders, and the same answer in every place of the image."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.preprocessing import (
    CROP_PER_BOX,
    TEMPLATE,
    crop_face,
    crop_transform,
    normalize,
    to_gray,
)
from fer_ros.perception.types import BoundingBox, Detection

SIZE = (48, 48)
#: InsightFace's template for a crop of 112x112 [px].
ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366],
                    [41.5493, 92.3655], [70.7299, 92.2041]])


def face_at(center, side, angle=0.0):
    """Return a detection whose landmarks are the template, turned, scaled and moved."""
    c, s = np.cos(angle), np.sin(angle)
    points = (TEMPLATE - 0.5) @ np.array([[c, s], [-s, c]]) * side + np.asarray(center)
    # Box and landmarks agree; boxes count from a pixel's edge, landmarks from its center.
    box_side = side / CROP_PER_BOX
    x, y = np.asarray(center) + 0.5 - box_side / 2
    box = BoundingBox(float(x), float(y), box_side, box_side)
    return Detection(box, 0.9, points.astype(np.float32))


@pytest.mark.parametrize('angle', [-0.4, 0.0, 0.3])
@pytest.mark.parametrize('side', [20.0, 48.0, 300.0])
def test_landmarks_land_on_the_template(side, angle):
    """The five points of any face come to lie where the network expects them."""
    detection = face_at((200.0, 150.0), side, angle)
    transform = crop_transform(detection, SIZE)
    points = detection.landmarks @ transform[:, :2].T + transform[:, 2]
    np.testing.assert_allclose(points, TEMPLATE * 48 - 0.5, atol=1e-3)


@pytest.mark.parametrize('landmarks', [
    None, np.zeros((5, 2), np.float32), np.full((5, 2), np.nan, np.float32)])
def test_without_usable_landmarks_the_box_counts(landmarks):
    """Degenerate landmarks fall back to an upright square around the box."""
    detection = Detection(BoundingBox(10, 20, 40, 40), 0.9, landmarks)
    transform = crop_transform(detection, SIZE)
    center = transform @ np.array([30 - 0.5, 40 - 0.5, 1])
    np.testing.assert_allclose(center, [23.5, 23.5], atol=1e-6)
    assert transform[0, 1] == 0


def test_size_and_place_are_the_mean_of_landmarks_and_box():
    """A box twice as large and moved aside: the roll stays, scale and place go half the way."""
    exact = face_at((200.0, 150.0), 96.0, 0.3)
    box = exact.box
    larger = Detection(BoundingBox(box.x - box.width / 2 + 20, box.y - box.height / 2,
                                   2 * box.width, 2 * box.height), 0.9, exact.landmarks)
    before, after = crop_transform(exact, SIZE), crop_transform(larger, SIZE)
    np.testing.assert_allclose(after[:, :2], before[:, :2] / np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(after @ [210, 150, 1], [23.5, 23.5], atol=1e-3)


def test_identity_crop_returns_the_very_pixels():
    """A face that already is in the network's framing is not resampled."""
    image = np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8)
    side = 48 / CROP_PER_BOX
    crop = crop_face(image, Detection(
        BoundingBox(24 - side / 2, 24 - side / 2, side, side), 1.0,
        TEMPLATE * 48 - np.float32(0.5)), SIZE)
    assert np.abs(crop.astype(int) - image).max() <= 1


def test_large_faces_are_averaged_not_skipped():
    """A fine checkerboard becomes gray when a face eight times larger is cropped."""
    board = (np.indices((480, 480)).sum(0) % 2 * 255).astype(np.uint8)
    crop = crop_face(board, face_at((240.0, 240.0), 400.0), SIZE)
    assert crop.std() < 20


@pytest.mark.parametrize('center', [(0.0, 0.0), (639.0, 479.0), (-500.0, -500.0)])
def test_faces_beyond_the_border_give_a_crop(center):
    """Pixels outside repeat the border; nothing raises."""
    image = np.full((480, 640, 3), 7, np.uint8)
    crop = crop_face(image, face_at(center, 100.0), SIZE)
    assert crop.shape == (48, 48, 3)
    assert (crop == 7).all()


def test_gray_and_color_agree():
    """Gray from the start or after cropping: the same crop within rounding."""
    image = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8), (0, 0), 3)
    detection = face_at((100.0, 100.0), 90.0, 0.2)
    a = crop_face(to_gray(image), detection, SIZE).astype(int)
    b = to_gray(crop_face(image, detection, SIZE)).astype(int)
    assert np.abs(a - b).max() <= 2


@pytest.mark.parametrize('image', [
    np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)])
def test_other_images_are_refused(image):
    """Shape and dtype are named."""
    with pytest.raises(ValueError, match='expected uint8'):
        to_gray(image)


@pytest.mark.parametrize('crops, mean, std', [
    (np.zeros((0, 48, 48), np.uint8), None, None),
    (np.full((2, 48, 48), 200, np.uint8), 0.0, 0.0),
    (np.random.default_rng(2).integers(0, 255, (3, 48, 48), np.uint8), 0.0, 1.0),
])
def test_per_image_normalization(crops, mean, std):
    """Empty and constant batches included; light and contrast drop out."""
    values = normalize(crops, 'per_image')
    assert values.shape == crops.shape
    assert values.dtype == np.float32
    if mean is not None:
        np.testing.assert_allclose(values.mean((1, 2)), mean, atol=1e-4)
        np.testing.assert_allclose(values.std((1, 2)), std, atol=1e-4)


def test_a_mean_for_each_color():
    """In the order of the last axis."""
    crops = np.full((2, 4, 4, 3), (10, 20, 40), np.uint8)
    values = normalize(crops, 'fixed', (10.0, 10.0, 20.0), (1.0, 5.0, 4.0))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, np.broadcast_to([0.0, 2.0, 5.0], crops.shape))


def test_another_framing_moves_the_same_points(astronaut, hopper, pipeline_config):
    """ArcFace's: beside a plain least-squares fit of the five points, as its makers do."""
    detector = load_face_detector(pipeline_config.detector_model)
    for picture in (astronaut, hopper):
        face = max(detector.detect(picture), key=lambda one: one.box.area)
        fitted, _ = cv2.estimateAffinePartial2D(
            face.landmarks, ARCFACE.astype(np.float32), method=cv2.LMEDS)
        for size in ((112, 112), (224, 224)):
            ours = crop_transform(face, size, 'arcface')
            points = (face.landmarks @ ours[:, :2].T + ours[:, 2] + 0.5) * 112 / size[0] - 0.5
            theirs = face.landmarks @ fitted[:, :2].T + fitted[:, 2]
            assert np.abs(points - theirs).max() < 6
            assert np.abs(points.mean(0) - ARCFACE.mean(0)).max() < 3
            usual = crop_transform(face, size)
            usual = (face.landmarks @ usual[:, :2].T + usual[:, 2]) * 112 / size[0]
            assert points[:, 1].mean() - usual[:, 1].mean() > 6  # the forehead has more room


def test_unknown_normalization():
    """The value and the choices are named."""
    with pytest.raises(ValueError, match="'zscore' is not one of"):
        normalize(np.zeros((1, 4, 4), np.uint8), 'zscore')


def test_a_crop_of_a_color_picture_is_gray_like_one_of_a_gray_picture(astronaut):
    """To a gray level, however large and tilted the face is, and beside the picture too."""
    gray, generator = to_gray(astronaut), np.random.default_rng(0)
    for i in range(400):
        size, angle = float(np.exp(generator.uniform(0, 8))), generator.uniform(-3, 3)
        x, y = (float(v) for v in generator.uniform(-800, 1200, 2))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = ((TEMPLATE - 0.5) @ turn.T * size + [x + size / 2, y + size / 2])
        face = Detection(BoundingBox(x, y, size, 1.2 * size), 0.9,
                         points.astype(np.float32) if i % 2 else None)
        crops = (crop_face(image, face, (48, 48), gray=True) for image in (astronaut, gray))
        assert np.abs(np.subtract(*(crop.astype(int) for crop in crops))).max() <= 1
