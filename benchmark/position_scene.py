"""People at known places before a camera and a depth sensor, rendered: pictures and truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.media.demo_scene import Actor, load_actors
from fer_ros.perception.face_detector import FaceDetector
from fer_ros.perception.head_pose import HEAD

#: The camera: 1280x720, 70 degrees across.
SIZE = 1280, 720
CAMERA_MATRIX = np.array([[914.0, 0, 639.5], [0, 914.0, 359.5], [0, 0, 1]])
_WALL = 7.0
#: The surface of a head over its frontal plane, a value each millimeter: from -_REACH to _REACH.
_REACH = 400
#: Step in which a ray looks for that surface [m].
_STEP = 0.004


@dataclass(frozen=True)
class Pose:
    """
    Where a head is.

    :param place: (3,) [m], the middle of its five landmarks, camera optical frame.
    :param yaw: [deg], positive: turned to the right side of the picture.
    :param pitch: [deg], positive: looking down.
    :param roll: [deg], positive: clockwise in the picture.
    :param scale: of the head, 1 = average.
    """

    place: np.ndarray
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 1.0


class Portrait:
    """
    A portrait on a relief of a head.

    :param actor: the portrait.
    :param detector: finds its landmarks, which say what is where on the head. The distance of
        its eyes counts as that of an average head.
    """

    def __init__(self, actor: Actor, detector: FaceDetector) -> None:
        self.picture, self.mask = actor.picture, actor.mask
        best = max(detector.detect(actor.picture), key=lambda one: one.score)
        assert best.landmarks is not None
        matrix, _ = cv2.estimateAffinePartial2D(
            HEAD[[0, 1, 3, 4], :2], best.landmarks[[0, 1, 3, 4]].astype(float))
        #: float (2, 3): head's frontal plane [mm] -> pixel of the portrait.
        self.to_picture = matrix


def load_portraits(detector: FaceDetector) -> list[Portrait]:
    """Return the two portraits of the demo scene."""
    return [Portrait(actor, detector) for actor in load_actors()]


def render(portrait: Portrait, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """
    Return what camera and depth sensor should see.

    :returns: uint8 (720, 1280, 3) BGR; float32 (720, 1280) [m]; both without noise.
    """
    color = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    color[:, ::2] = 122
    depth = np.full((SIZE[1], SIZE[0]), _WALL, np.float32)
    left, top, right, bottom = _window(pose)
    if right > left and bottom > top:
        part = (slice(top, bottom), slice(left, right))
        _draw(portrait, pose, (left, top), color[part], depth[part])
    return color, depth


def with_noise(color: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a picture with the noise of a camera: 3 gray levels."""
    noise = generator.normal(0, 3, (*color.shape[:2], 1))
    return np.clip(color + noise, 0, 255).astype(np.uint8)


def with_sensor_errors(depth: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """
    Return depth as a stereo sensor gives it: noise that grows with its square, and holes.

    1 cm at 2 m, patches of a tenth of all that are unknown (0), and a rim at each edge.

    :param depth: float32 (H, W) [m], exact.
    """
    small = generator.random((depth.shape[0] // 8, depth.shape[1] // 8)).astype(np.float32)
    holes = cv2.resize(small, depth.shape[::-1], interpolation=cv2.INTER_NEAREST) < 0.1
    edges = cv2.morphologyEx(depth, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0.3
    noisy = depth + 0.0025 * depth ** 2 * generator.standard_normal(depth.shape)
    return np.where(holes | edges, 0, noisy).astype(np.float32)


def _rotation(pose: Pose) -> np.ndarray:
    """Return the head's axes in the camera's, float (3, 3)."""
    yaw, pitch, roll = np.radians([-pose.yaw, pose.pitch, pose.roll])
    return (cv2.Rodrigues(np.array([0, 0, roll]))[0] @ cv2.Rodrigues(np.array([0, yaw, 0]))[0]
            @ cv2.Rodrigues(np.array([pitch, 0, 0]))[0])


def _window(pose: Pose) -> tuple[int, int, int, int]:
    """Return the part of the picture that the head may touch [px]."""
    x, y, z = pose.place
    focal, reach = CAMERA_MATRIX[0, 0], 0.3 * pose.scale
    middle = np.array([x, y]) * focal / z + CAMERA_MATRIX[:2, 2]
    extent = reach * focal / max(z - 0.1, 0.2)
    low, high = np.clip(np.array([middle - extent, middle + extent]).astype(int), 0, SIZE)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _relief() -> np.ndarray:
    """Return how far the surface is behind the eyes' plane, float32 (H, W) [mm]."""
    y, x = np.mgrid[-_REACH:_REACH + 1, -_REACH:_REACH + 1].astype(np.float32)
    ball = np.sqrt(np.maximum(1 - (x / 76) ** 2 - ((y + 25) / 120) ** 2, 0))
    nose = 25 * np.exp(-(x / 13) ** 2 - (np.where(y < 3, (y - 3) / 24, (y - 3) / 9)) ** 2)
    mouth = 14 * np.exp(-(x / 45) ** 2 - ((y - 32) / 28) ** 2)
    return np.asarray(77 - 85 * ball - nose - mouth, np.float32)


_RELIEF = _relief()


def _draw(portrait: Portrait, pose: Pose, corner: tuple[int, int], color: np.ndarray,
          depth: np.ndarray) -> None:
    """Draw a head into a part of picture and depth: march each ray to the surface."""
    rotation, middle = _rotation(pose), HEAD.mean(0) / 1000
    v, u = np.mgrid[0:color.shape[0], 0:color.shape[1]].astype(np.float64)
    rays = np.stack([(u + corner[0] - CAMERA_MATRIX[0, 2]) / CAMERA_MATRIX[0, 0],
                     (v + corner[1] - CAMERA_MATRIX[1, 2]) / CAMERA_MATRIX[1, 1],
                     np.ones_like(u)], -1) @ rotation
    eye = middle * pose.scale - rotation.T @ pose.place  # the camera, from the head
    far = np.full(u.shape, np.inf)
    places = np.zeros((*u.shape, 2), np.float32)
    for level in np.arange(-0.045, 0.08, _STEP) * pose.scale:
        steps = (level - eye[2]) / rays[..., 2]
        at = (eye[:2] + steps[..., None] * rays[..., :2]) * (1000 / pose.scale)
        surface = cv2.remap(_RELIEF, (at + _REACH).astype(np.float32), None, cv2.INTER_LINEAR,
                            borderMode=cv2.BORDER_CONSTANT, borderValue=77)
        hit = ~np.isfinite(far) & (surface * pose.scale / 1000 <= level)
        far[hit], places[hit] = steps[hit], at[hit]
    seen = np.isfinite(far)
    pixels = (places @ portrait.to_picture[:, :2].T + portrait.to_picture[:, 2]).astype(np.float32)
    mask = cv2.remap(portrait.mask, pixels, None, cv2.INTER_LINEAR) * seen
    head = cv2.remap(_shrunk(portrait.picture, pose, portrait), pixels, None, cv2.INTER_LINEAR)
    color[:] = color * (1 - mask[..., None]) + head * mask[..., None]
    depth[:] = np.where(mask > 0.5, far, depth)


def _shrunk(picture: np.ndarray, pose: Pose, portrait: Portrait) -> np.ndarray:
    """Return a portrait without the detail that its size in the picture cannot show."""
    per_pixel = np.linalg.norm(portrait.to_picture[:, 0]) * 1000 * pose.place[2] / (
        pose.scale * CAMERA_MATRIX[0, 0])
    return cv2.GaussianBlur(picture, (0, 0), 0.45 * per_pixel) if per_pixel > 1 else picture
