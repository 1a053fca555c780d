"""Which faces are judged, and how far they are trusted."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.head_pose import HEAD
from fer_ros.perception.preprocessing import crop_face
from fer_ros.perception.quality import (
    QualityConfig,
    crop_quality,
    frame_weight,
    place_quality,
    sharpness,
)
from fer_ros.perception.types import BoundingBox, Detection

CONFIG = QualityConfig(min_size=20.0, min_visible=0.7, min_sharpness=0.01)


def face(x=50.0, y=50.0, size=40.0):
    """Return a square face."""
    return Detection(BoundingBox(x, y, size, size), 0.9, None)


@pytest.mark.parametrize('where, expected', [
    (face(size=19.99), 'too_small'), (face(size=20.0), 'ok'), (face(x=-12.0), 'ok'),
    (face(x=-12.1), 'cut_off'), (face(x=500.0), 'cut_off'), (face(size=0.0), 'too_small')])
def test_place(where, expected):
    """The border values belong to the good side."""
    assert place_quality(where, 320, 240, CONFIG) == expected


@pytest.mark.parametrize('sharp, brightness, expected', [
    (0.0099, 99.0, 'blurred'), (0.01, 99.0, 'ok'), (1.0, 8.0, 'ok'), (1.0, 7.9, 'too_dark'),
    (0.0, 0.0, 'too_dark')])
def test_crop_borders(sharp, brightness, expected):
    """Below a border a face is not judged; 0 lets everything pass."""
    assert crop_quality(sharp, brightness, CONFIG) == expected
    assert crop_quality(0.0, 0.0, QualityConfig(min_sharpness=0.0, min_brightness=0.0)) == 'ok'


def turned(yaw):
    """Return a face of 100 px whose head is turned aside [deg]."""
    angle = np.radians(yaw)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0],
                     [np.sin(angle), 0, np.cos(angle)]])
    return Detection(BoundingBox(50, 50, 100, 100), 0.9, (HEAD @ turn.T)[:, :2] + 100)


@pytest.mark.parametrize('yaw, expected', [
    (0, 'ok'), (59, 'ok'), (-59, 'ok'), (61, 'extreme_pose'), (-75, 'extreme_pose')])
def test_pose_border(yaw, expected):
    """A profile is not judged; 90 degrees lets everything pass, as does a face without points."""
    assert place_quality(turned(yaw), 320, 240, CONFIG) == expected
    assert place_quality(turned(yaw), 320, 240, QualityConfig(max_turn=90.0)) == 'ok'
    assert place_quality(face(), 320, 240, QualityConfig(max_turn=0.0)) == 'ok'


@pytest.mark.parametrize('size, sharp, expected', [
    (20.0, 1.0, 0.5), (30.0, 1.0, 0.75), (40.0, 1.0, 1.0), (400.0, 1.0, 1.0),
    (400.0, 0.01, 0.5), (400.0, 0.015, 0.75), (30.0, 0.01, 0.5)])
def test_weight(size, sharp, expected):
    """Half at the border, all at twice the border, the worse one counts."""
    assert frame_weight(face(size=size), sharp, CONFIG) == pytest.approx(expected)


def test_no_borders_no_doubts():
    """Where everything may pass, everything is trusted."""
    assert frame_weight(face(size=5.0), 0.0, QualityConfig(0.0, 0.0, 0.0)) == 1.0


def test_blur_takes_sharpness_and_contrast_does_not(astronaut):
    """A constant picture has none."""
    crop = np.ascontiguousarray(astronaut[60:180, 165:285, 1])
    blurred = cv2.GaussianBlur(crop, (0, 0), 4)
    assert sharpness(blurred) < sharpness(crop) / 10
    assert sharpness((crop * 0.5).astype(np.uint8)) == pytest.approx(sharpness(crop), rel=0.1)
    assert sharpness(np.full((48, 48), 7, np.uint8)) == 0


def test_the_size_of_the_crop_does_not_matter(astronaut):
    """A network that wants 224 px of a face of 50 px gets it enlarged, not blurred."""
    small = cv2.resize(astronaut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    detection = Detection(BoundingBox(90, 33, 46, 56), 0.9)
    values = [sharpness(crop_face(small, detection, (side, side))) for side in (48, 112, 224, 260)]
    assert min(values) > 0.6 * max(values) > 10 * CONFIG.min_sharpness
