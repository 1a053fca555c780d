"""Positions from depth."""

import time

import numpy as np
import pytest

from fer_ros.perception.localization import locate_faces
from fer_ros.perception.types import BoundingBox

K = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
BOX = BoundingBox(370, 190, 100, 100)


@pytest.mark.parametrize('scale', [0.5, 1, 2, 20])
def test_pinhole(scale):
    """Two meters away, 100 px right of the axis: 0.4 m; so say depth images of other sizes."""
    depth = np.full((round(480 / scale), round(640 / scale)), 2.0, np.float32)
    np.testing.assert_allclose(locate_faces(depth, [BOX], (640, 480), K), [[0.4, 0.0, 2.0]])


def test_background_and_holes_do_not_count():
    """The median of the middle; NaN, 0, infinite and negative ones are unknown."""
    depth = np.full((480, 640), 9.0, np.float32)
    depth[200:280, 380:460] = 1.0
    for i, unknown in enumerate((np.nan, 0.0, np.inf, -np.inf, -1.0)):
        depth[230 + 2 * i:232 + 2 * i, 400:440] = unknown
    assert locate_faces(depth, [BOX], (640, 480), K)[0][2] == pytest.approx(1.0)


def test_a_grid_of_points_is_as_good_as_all_pixels():
    """Within 1 % of the median of every pixel, on a slope with 2 cm of noise and holes."""
    random = np.random.default_rng(0)
    depth = (1 + np.arange(640) / 640 + random.normal(0, 0.02, (480, 640))).astype(np.float32)
    depth[random.random((480, 640)) < 0.2] = np.nan
    boxes = [BoundingBox(*random.uniform(0, 350, 2), *random.uniform(30, 200, 2))
             for _ in range(200)]
    for box, place in zip(boxes, locate_faces(depth, boxes, (640, 480), K)):
        x, y = box.center
        window = depth[int(y - box.height / 4):int(np.ceil(y + box.height / 4)),
                       int(x - box.width / 4):int(np.ceil(x + box.width / 4))]
        assert place[2] == pytest.approx(np.nanmedian(window), rel=0.01)


@pytest.mark.parametrize('depth, box, matrix', [
    (np.full((480, 640), np.nan, np.float32), BOX, K),
    (np.zeros((0, 0), np.float32), BOX, K),
    (np.ones((480, 640), np.float32), BoundingBox(900, 900, 50, 50), K),
    (np.ones((480, 640), np.float32), BoundingBox(-90, -90, 50, 50), K),
    (np.ones((480, 640), np.float32), BoundingBox(100, 100, 1, 1), K),
    (np.ones((480, 640), np.float32), BOX, np.zeros((3, 3))),
    (np.ones((480, 640), np.float32), BOX, K * np.nan),
    (np.ones((480, 640), np.float32), BOX, np.diag([500.0, np.inf, 1.0])),
    (np.ones((480, 640), np.float32), BOX, K + np.array([[0, 0, np.nan], [0] * 3, [0] * 3])),
])
def test_unknown_gives_none(depth, box, matrix):
    """No depth there, no image, a face outside or of a pixel or two, no calibration."""
    good = BoundingBox(300, 200, 60, 60)
    places = locate_faces(depth, [box, good], (640, 480), matrix)
    assert places[0] is None
    assert (places[1] is None) == (matrix is not K or not (depth == 1).any())
    assert locate_faces(depth, [], (640, 480), matrix) == []


def test_ten_thousand_faces_cost_no_more_than_a_frame_or_two():
    """Once 5 s; the time of the processor counts, since the machine may have other work."""
    depth = np.full((480, 640), 2.0, np.float32)
    boxes = [BoundingBox(i % 500, i % 300, 100, 150) for i in range(10_000)]
    began = time.process_time()
    places = locate_faces(depth, boxes, (640, 480), K)
    assert time.process_time() - began < 1.0
    assert all(place is not None for place in places)
