"""Which faces are judged, and how far they are trusted."""

import cv2
import numpy as np
import pytest

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


@pytest.mark.parametrize('sharp, expected', [
    (0.0099, 'blurred'), (0.01, 'ok'), (1.0, 'ok')])
def test_sharpness_border(sharp, expected):
    """Below the border a face is blurred; 0 lets everything pass."""
    assert crop_quality(sharp, CONFIG) == expected
    assert crop_quality(0.0, QualityConfig(min_sharpness=0.0)) == 'ok'


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
