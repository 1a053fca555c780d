"""Angles of a head from its landmarks."""

import numpy as np
import pytest

from fer_ros.perception.head_pose import _HEAD, head_pose
from fer_ros.perception.preprocessing import TEMPLATE


def seen(yaw, pitch, roll, scale=2.0):
    """Return the average head's landmarks, turned and seen from far away."""
    y, p, r = np.radians([yaw, pitch, roll])
    around_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    around_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (_HEAD @ (around_z @ around_y @ around_x).T)[:, :2] * scale + 100


@pytest.mark.parametrize('angles', [
    (0, 0, 0), (30, 0, 0), (-70, 0, 0), (0, 25, 0), (0, -25, 0), (0, 0, 40), (0, 0, -170),
    (30, 15, 20), (-40, -20, 10), (50, 10, -30)])
def test_angles_are_read_back(angles):
    pose = head_pose(seen(*angles))
    np.testing.assert_allclose([pose.yaw, pose.pitch, pose.roll], angles, atol=1e-6)
    assert pose.turn == pytest.approx(np.degrees(np.arccos(np.prod(
        np.cos(np.radians(angles[:2]))))), abs=1e-4)


def test_the_framing_of_the_emotion_network_is_frontal():
    assert head_pose(TEMPLATE * 48).turn < 5


@pytest.mark.parametrize('points', [
    np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((4, 2)), np.empty((0, 2))])
def test_no_pose_from_nothing(points):
    assert head_pose(points) is None


@pytest.mark.parametrize('seed', range(20))
def test_any_points_give_finite_angles(seed):
    pose = head_pose(np.random.default_rng(seed).normal(0, 10, (5, 2)))
    assert np.all(np.isfinite([pose.yaw, pose.pitch, pose.roll])) and 0 <= pose.turn <= 90
