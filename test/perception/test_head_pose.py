"""Angles of a head from its landmarks."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fer_ros.perception.head_pose import HEAD, HeadPose, face_orientation, head_pose
from fer_ros.perception.preprocessing import TEMPLATE


def seen(yaw, pitch, roll, scale=2.0):
    """Return the average head's landmarks, turned and seen from far away."""
    y, p, r = np.radians([yaw, pitch, roll])
    around_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    around_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return (HEAD @ (around_z @ around_y @ around_x).T)[:, :2] * scale + 100


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


@pytest.mark.parametrize('pose, forward, up', [
    (HeadPose(0, 0, 0), (0, 0, -1), (0, -1, 0)), (HeadPose(90, 0, 0), (1, 0, 0), (0, -1, 0)),
    (HeadPose(0, 90, 0), (0, 1, 0), (0, 0, -1)), (HeadPose(0, 0, 90), (0, 0, -1), (1, 0, 0))])
def test_axes_of_a_face(pose, forward, up):
    """x forward, y left, z up (REP-103), in the camera's: x right, y down, z away."""
    turn = Rotation.from_quat(face_orientation(pose, (0.0, 0.0, 2.0))).as_matrix()
    np.testing.assert_allclose(turn[:, 0], forward, atol=1e-9)
    np.testing.assert_allclose(turn[:, 2], up, atol=1e-9)
    np.testing.assert_allclose(turn[:, 1], np.cross(up, forward), atol=1e-9)


@pytest.mark.parametrize('place', [(2.0, 0.0, 1.0), (-1.0, 1.0, 1.0), (0.0, -3.0, 0.5)])
def test_who_looks_at_the_camera_from_the_side_is_turned_to_it(place):
    """The pose is against the line of sight."""
    turn = Rotation.from_quat(face_orientation(HeadPose(0, 0, 0), place)).as_matrix()
    np.testing.assert_allclose(turn[:, 0], -np.array(place) / np.linalg.norm(place), atol=1e-9)


@pytest.mark.parametrize('yaw, pitch, roll', [(30, 0, 0), (-25, 15, 0), (20, -10, 25)])
def test_orientation_is_that_of_the_landmarks(yaw, pitch, roll):
    """A head turned so, seen from afar, has its nose where the face's x points."""
    turn = Rotation.from_euler('ZYX', [roll, -yaw, pitch], degrees=True).as_matrix()
    pose = head_pose((HEAD @ turn.T)[:, :2] * 2 + 300)
    axes = Rotation.from_quat(face_orientation(pose, (0.0, 0.0, 1.0))).as_matrix()
    np.testing.assert_allclose(axes[:, 0], -turn[:, 2], atol=0.01)
