"""Positions from depth."""

import time

import numpy as np
import pytest

from fer_ros.perception.head_pose import HEAD
from fer_ros.perception.localization import estimate_positions, locate_faces
from fer_ros.perception.types import BoundingBox, Detection

K = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
BOX = BoundingBox(370, 190, 100, 100)


@pytest.mark.parametrize('scale', [0.5, 1, 2, 20])
def test_pinhole(scale):
    """Two meters away, 100 px right of the axis: 0.4 m; so say depth images of other sizes."""
    depth = np.full((round(480 / scale), round(640 / scale)), 2.0, np.float32)
    [place] = locate_faces(depth, [BOX], (640, 480), K)
    assert place == (0.4, 0.0, 2.0, 0.0, 'depth')


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


def test_the_spread_of_depth_is_told():
    """Of the noise and along the line of sight; not of the background that few pixels show."""
    random = np.random.default_rng(0)
    depth = random.normal(2.0, 0.03, (480, 640)).astype(np.float32)
    depth[200:204] = 9.0
    middle, aside = (BoundingBox(x, 190, 100, 100) for x in (270, 540))
    spreads = [place.stddev for place in locate_faces(depth, [middle, aside], (640, 480), K)]
    assert spreads == pytest.approx([0.03, 0.03 * np.hypot(1, 0.54)], rel=0.15)


def face(width, yaw=None, x=320.0):
    """Return a face so many pixels wide, turned aside so far [deg] if its landmarks are known."""
    points = None
    if yaw is not None:
        sin, cos = np.sin(np.radians(yaw)), np.cos(np.radians(yaw))
        points = HEAD @ np.array([[cos, 0.0], [0.0, 1.0], [-sin, 0.0]])
    return Detection(BoundingBox(x - width / 2, 200, width, 80), 0.9, points)


@pytest.mark.parametrize('yaw', [None, 0, 40, -40])
def test_the_size_tells_the_distance(yaw):
    """0.14 m that are 70 px wide are a meter away; who is turned looks narrower, not farther."""
    narrow = 70 * np.cos(np.radians(yaw or 0)) ** 0.5
    [place] = estimate_positions([face(narrow, yaw, 470)], K, 0.14)
    assert place[:3] == pytest.approx((0.3, 0.0, 1.0), abs=0.001) and place.source == 'size'
    assert place.stddev == pytest.approx((0.095 if yaw else 0.074) * np.hypot(1, 0.3), abs=0.003)


def test_the_estimate_is_less_certain_of_small_faces():
    """A pixel is a larger part of them."""
    near, far = estimate_positions([face(200), face(12)], K, 0.136)
    assert near.stddev / near.z < 0.08 < 0.1 < far.stddev / far.z < 0.13


@pytest.mark.parametrize('matrix', [np.zeros((3, 3)), K * np.nan, np.diag([500.0, np.inf, 1.0])])
def test_no_calibration_is_no_estimate(matrix):
    """Nor has a face without a width one, nor is one at infinity."""
    assert estimate_positions([face(50), face(50)], matrix, 0.136) == [None, None]
    assert estimate_positions([face(0), face(50)], K, 0.136)[0] is None
    assert estimate_positions([face(1e-320)], K, 0.136) == [None]
    assert estimate_positions([], K, 0.136) == []
