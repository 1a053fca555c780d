"""How far a face is turned, from its five landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Right eye, left eye, nose, right and left mouth corner of an average head [mm]: x right in the
#: picture, y down, z away from the camera. In the plane: the median of 3,681 frontal FER2013
#: faces (``preprocessing.TEMPLATE``) at an eye distance of 63 mm; depths of an average head.
_HEAD = np.array([[-31.5, -31.5, 0.0], [31.5, -31.5, 0.0], [0.0, 3.1, -32.0],
                  [-27.0, 28.2, -8.0], [27.0, 28.2, -8.0]])
_CENTERED = _HEAD - _HEAD.mean(0)
_INVERSE = np.linalg.pinv(_CENTERED.T)


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
        facing = np.cos(np.radians(self.yaw)) * np.cos(np.radians(self.pitch))
        return float(np.degrees(np.arccos(np.clip(facing, -1.0, 1.0))))


def head_pose(landmarks: np.ndarray) -> HeadPose | None:
    """
    Estimate the pose under weak perspective (POS; DeMenthon and Davis 1995, IJCV 15).

    Five points say little about depth: expect errors of 10 degrees.

    :param landmarks: float (5, 2) [px]: right eye, left eye, nose, right and left mouth corner.
    :returns: None if the points coincide or are not finite.
    """
    points = np.asarray(landmarks, float)
    if points.shape != (5, 2) or not np.all(np.isfinite(points)):
        return None
    affine = (points - points.mean(0)).T @ _INVERSE
    lengths = np.linalg.norm(affine, axis=1)
    if lengths.min() < 1e-9:
        return None
    x, y = affine / lengths[:, None]
    z = np.cross(x, y)
    roll = float(np.arctan2(y[0], x[0]))
    # The head's forward axis (0, 0, -1) in the picture's axes, the roll undone.
    right, down, away = -x[2], -y[2], -z[2]
    right, down = (np.cos(roll) * right + np.sin(roll) * down,
                   np.cos(roll) * down - np.sin(roll) * right)
    yaw = np.arctan2(right, max(-away, 1e-9))
    pitch = np.arcsin(np.clip(down, -1, 1))
    return HeadPose(*(float(v) for v in np.degrees([yaw, pitch, roll])))
