"""Boxes: edge cases in a table."""

import pytest

from fer_ros.perception.types import BoundingBox


@pytest.mark.parametrize('box, expected', [
    ((0, 0, 10, 10), (0, 0, 10, 10)),
    ((-5, -5, 10, 10), (0, 0, 5, 5)),
    ((95, 45, 10, 10), (95, 45, 5, 5)),
    ((-50, -50, 300, 300), (0, 0, 100, 50)),
    ((200, 200, 5, 5), (100, 50, 0, 0)),
    ((100, 0, 5, 5), (100, 0, 0, 5)),
])
def test_clipped(box, expected):
    """A box is cut to a 100x50 image."""
    inside = BoundingBox(*box).clipped(100, 50)
    assert (inside.x, inside.y, inside.width, inside.height) == expected


@pytest.mark.parametrize('a, b, expected', [
    ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
    ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
    ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),
    ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
    ((0, 0, 10, 10), (2, 2, 2, 2), 0.04),
])
def test_iou(a, b, expected):
    """Overlap of pairs, touching and empty ones included."""
    assert BoundingBox(*a).iou(BoundingBox(*b)) == pytest.approx(expected)


@pytest.mark.parametrize('values', [
    (0, 0, -1, 5), (0, 0, 5, -1), (float('nan'), 0, 1, 1), (0, float('inf'), 1, 1)])
def test_bad_boxes_are_refused(values):
    """Negative sizes and values that are not finite never get in."""
    with pytest.raises(ValueError, match='finite'):
        BoundingBox(*values)
