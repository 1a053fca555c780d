"""Squares around expected faces."""

import numpy as np
import pytest

from fer_ros.perception.face_windows import ExpectedFace, Window, cut, is_inside, window_around
from fer_ros.perception.types import BoundingBox


def face(x, y, size, deviation=0.0, moved=(0.0, 0.0)):
    """Return a face that is expected around a center."""
    box = BoundingBox(x - size / 2, y - size / 2, size, size)
    last = BoundingBox(box.x - moved[0], box.y - moved[1], size, size)
    return ExpectedFace(box, last, deviation)


def test_a_window_is_as_large_as_what_is_not_known():
    """Larger for a face that moves or was long unseen; both places lie in it."""
    sides = [window_around(f).side for f in (
        face(320, 240, 100), face(320, 240, 100, 20), face(320, 240, 100, 20, (90, 0)))]
    assert 140 <= sides[0] < sides[1] < sides[2] < 400
    assert window_around(face(320, 240, 100, 200)) is None
    moving = window_around(face(320, 240, 100, 20, (90, 0)))
    assert moving.left < 320 - 90 - 50 and moving.left + moving.side > 320 + 50


def test_a_window_stays_while_a_face_hardly_moves():
    """Else resampling would make the landmarks tremble."""
    windows = {window_around(face(320 + dx, 240, 100 + ds))
               for dx in (-1, 0, 1) for ds in (-1, 0, 1)}
    assert len(windows) == 1


@pytest.mark.parametrize('size', [0.7, 1, 12, 5000])
def test_any_size_has_a_window(size):
    """Also one that no camera has."""
    window = window_around(face(3, 4, size))
    assert window.side >= 1
    assert cut(np.zeros((48, 64), np.uint8), [window], 80).shape == (1, 80, 80)


@pytest.mark.parametrize('center', [(0, 0), (640, 480), (320, 240), (5, 470)])
@pytest.mark.parametrize('color', [False, True])
def test_beyond_the_picture_it_is_black(center, color):
    """Whatever corner a window hangs over, gray or color."""
    image = np.full((480, 640, 3) if color else (480, 640), 200, np.uint8)
    w = window_around(face(*center, 100))
    picture = cut(image, [w], 80)[0]
    inside = ((min(w.left + w.side, 640) - max(w.left, 0))
              * (min(w.top + w.side, 480) - max(w.top, 0)) / w.side ** 2)
    assert picture.shape == (80, 80)
    assert picture.mean() == pytest.approx(200 * inside, abs=4)


def test_beside_the_picture_there_is_nothing_to_see():
    """Such windows are not looked into."""
    assert is_inside(Window(-20, 0, 40), 640, 480)
    assert not is_inside(Window(-40, 0, 40), 640, 480)
    assert not is_inside(Window(0, 480, 40), 640, 480)
