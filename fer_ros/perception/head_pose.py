"""How far a face is turned, from its five landmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Right eye, left eye, nose, right and left mouth corner of an average head [mm]: x right in the
#: picture, y down, z away from the camera. In the plane: the median of 3,681 frontal FER2013
#: faces (``preprocessing.TEMPLATE``) at an eye distance of 63 mm; depths of an average head.
HEAD = np.array([[-31.5, -31.5, 0.0], [31.5, -31.5, 0.0], [0.0, 3.1, -32.0],
                  [-27.0, 28.2, -8.0], [27.0, 28.2, -8.0]])
#: Landmarks (2, 5) @ this = the affine map from head to picture, float (2, 3); it sums to 0 over
#: the points, so their place does not matter.
_FIT = np.linalg.pinv((HEAD - HEAD.mean(0)).T)


@dataclass(frozen=True)
class HeadPose:
    """
    Angles of a head [deg].

    :param yaw: positive: turned to the right side of the picture.
    :param pitch: positive: looking down.
    :param roll: positive: tilted clockwise in the picture.
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def turn(self) -> float:
        """Angle between the line of sight and the camera [deg], 0..90; roll does not count."""
        facing = math.cos(math.radians(self.yaw)) * math.cos(math.radians(self.pitch))
        return math.degrees(math.acos(min(max(facing, -1.0), 1.0)))


def head_pose(landmarks: np.ndarray) -> HeadPose | None:
    """
    Estimate the pose under weak perspective (POS; DeMenthon and Davis 1995, IJCV 15).

    Five points say little about depth: expect errors of 10 degrees.

    :param landmarks: float (5, 2) [px]: right eye, left eye, nose, right and left mouth corner.
    :returns: None if the points coincide or are not finite.
    """
    points = np.asarray(landmarks, float)
    if points.shape != (5, 2):
        return None
    # Plain floats: this runs for each face of each frame, and arrays of three are slow.
    (ax, ay, az), (bx, by, bz) = (points.T @ _FIT).tolist()
    a, b = math.hypot(ax, ay, az), math.hypot(bx, by, bz)
    if not (1e-9 < a < math.inf and 1e-9 < b < math.inf):
        return None
    ax, ay, az, bx, by, bz = ax / a, ay / a, az / a, bx / b, by / b, bz / b
    roll = math.atan2(bx, ax)
    # The head's forward axis (0, 0, -1) in the picture's axes, the roll undone.
    cos, sin, right, down, away = math.cos(roll), math.sin(roll), -az, -bz, -(ax * by - ay * bx)
    right, down = cos * right + sin * down, cos * down - sin * right
    yaw, pitch = math.atan2(right, max(-away, 1e-9)), math.asin(min(max(down, -1.0), 1.0))
    return HeadPose(math.degrees(yaw), math.degrees(pitch), math.degrees(roll))


#: Axes of a face that looks into the camera, in the camera's: forward, left, up.
_FACING = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])


def face_orientation(pose: HeadPose,
                     place: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """
    Return how a face is turned, as a unit quaternion (x, y, z, w).

    A pose is what the picture shows: against the line of sight, which bends to the sides.

    :param pose: of the head.
    :param place: of the face [m], camera optical frame (REP 103), z above 0.
    :returns: rotation from the face's axes (x forward, y left, z up) to the camera optical frame.
    """
    from scipy.spatial.transform import Rotation  # at each start it would cost what few need

    x, y, z = place
    aside = math.hypot(x, y)
    angle = math.atan2(aside, z) / aside if aside > 1e-9 else 0.0
    sight = Rotation.from_rotvec([-y * angle, x * angle, 0.0])
    turn = Rotation.from_euler('ZYX', [pose.roll, -pose.yaw, pose.pitch], degrees=True)
    x, y, z, w = (sight * turn * Rotation.from_matrix(_FACING)).as_quat().tolist()
    return x, y, z, w
