"""Positions from depth."""

import numpy as np
import pytest

from fer_ros.perception.localization import locate_face
from fer_ros.perception.types import BoundingBox

K = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
BOX = BoundingBox(370, 190, 100, 100)


@pytest.mark.parametrize('scale', [1, 2])
def test_pinhole(scale):
    """Two meters away, 100 px right of the axis: 0.4 m; a smaller depth image gives the same."""
    depth = np.full((480 // scale, 640 // scale), 2.0, np.float32)
    np.testing.assert_allclose(locate_face(depth, BOX, (640, 480), K), [0.4, 0.0, 2.0])


def test_background_and_holes_do_not_count():
    """The median of the middle; NaN and 0 are unknown."""
    depth = np.full((480, 640), 9.0, np.float32)
    depth[200:280, 380:460] = 1.0
    depth[230:240, 400:440] = np.nan
    depth[240:250, 400:440] = 0.0
    assert locate_face(depth, BOX, (640, 480), K)[2] == pytest.approx(1.0)


@pytest.mark.parametrize('depth, box, matrix', [
    (np.full((480, 640), np.nan, np.float32), BOX, K),
    (np.zeros((0, 0), np.float32), BOX, K),
    (np.ones((480, 640), np.float32), BoundingBox(900, 900, 50, 50), K),
    (np.ones((480, 640), np.float32), BOX, np.zeros((3, 3))),
])
def test_unknown_gives_none(depth, box, matrix):
    """No depth there, no image, a face outside, no calibration."""
    assert locate_face(depth, box, (640, 480), matrix) is None
