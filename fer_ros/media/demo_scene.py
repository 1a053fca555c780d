"""
A scene with two real people for demos and tests, rendered from time alone.

The portraits ship inside scikit-image (``data.astronaut()``, NASA, public domain) and
matplotlib (``grace_hopper.jpg``, US Navy, public domain). They walk in, move, turn, come
nearer and go; the light changes; the sensor is a little noisy.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.types import BoundingBox

#: The scene repeats after so long [s].
PERIOD = 30.0
_NOISE_FRAMES = 8


@dataclass(frozen=True)
class Pose:
    """
    Where a person is.

    :param x: of the face's center [share of the image's width].
    :param y: likewise [share of the height].
    :param size: of the face [share of the height].
    :param roll: of the head [degrees], clockwise in the image.
    """

    x: float
    y: float
    size: float
    roll: float


@dataclass(frozen=True)
class Actor:
    """
    A cut-out portrait.

    :param name: who it is.
    :param picture: uint8 (H, W, 3) BGR.
    :param mask: float32 (H, W), 0..1, soft at the edges.
    :param face: in the picture [px].
    """

    name: str
    picture: np.ndarray
    mask: np.ndarray
    face: BoundingBox


def load_portraits() -> dict[str, np.ndarray]:
    """
    Return the portraits by name, uint8 (H, W, 3) BGR: the smiling astronaut, the naval officer.

    :raises RuntimeError: if scikit-image or matplotlib with its sample data is missing.
    """
    try:
        from matplotlib import cbook
        from skimage import data
        with cbook.get_sample_data('grace_hopper.jpg') as file:  # type: ignore[union-attr]
            hopper = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
        astronaut = np.ascontiguousarray(data.astronaut()[..., ::-1])
    except (ImportError, FileNotFoundError) as error:
        raise RuntimeError(
            'the demo scene needs scikit-image and matplotlib with its sample data: '
            f'pip install scikit-image matplotlib ({error})') from error
    return {'astronaut': astronaut, 'officer': np.asarray(hopper)}


def load_actors() -> list[Actor]:
    """Return the portraits, cut out; errors as in :func:`load_portraits`."""
    faces = {'astronaut': BoundingBox(182, 62, 92, 115),
             'officer': BoundingBox(175, 111, 182, 219)}
    return [_cut_out(name, picture, faces[name]) for name, picture in load_portraits().items()]


class DemoScene:
    """
    Renders the scene.

    :param width: [px].
    :param height: [px].
    """

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self.width, self.height = width, height
        self._actors = load_actors()
        self._backdrop = _backdrop(width + 80, height)
        generator = np.random.default_rng(7)
        self._noise = [generator.normal(0, 3, (height, width, 1)).astype(np.int8)
                       for _ in range(_NOISE_FRAMES)]

    def render(self, t: float) -> np.ndarray:
        """
        Return the frame of a time.

        :param t: [s]; the scene repeats after :data:`PERIOD`.
        :returns: uint8 (height, width, 3) BGR, the same for the same t.
        """
        t = t % PERIOD
        shift = 40 + int(round(39 * np.sin(2 * np.pi * t / PERIOD)))
        frame = self._backdrop[:, shift:shift + self.width].copy()
        for actor, pose in zip(self._actors, poses(t)):
            if pose is not None:
                self._paste(frame, actor, pose)
        light = brightness(t)
        if light < 1:
            frame = cv2.convertScaleAbs(frame, alpha=light)
        noise = self._noise[int(t * 30) % _NOISE_FRAMES]
        return np.asarray(cv2.add(frame, np.repeat(noise, 3, 2), dtype=cv2.CV_8U))

    def ground_truth(self, t: float) -> list[tuple[str, BoundingBox]]:
        """Return name and face box [px] of everybody in the frame, also partly."""
        people = []
        for actor, pose in zip(self._actors, poses(t % PERIOD)):
            if pose is None:
                continue
            height = pose.size * self.height
            width = height * actor.face.width / actor.face.height
            box = BoundingBox(pose.x * self.width - width / 2,
                              pose.y * self.height - height / 2, width, height)
            if box.clipped(self.width, self.height).area > 0:
                people.append((actor.name, box))
        return people

    def _paste(self, frame: np.ndarray, actor: Actor, pose: Pose) -> None:
        """Blend a person in; only the rectangle that is touched is worked on."""
        scale = pose.size * self.height / actor.face.height
        x, y = actor.face.center
        matrix = cv2.getRotationMatrix2D((x, y), -pose.roll, scale)
        matrix[:, 2] += np.array([pose.x * self.width - x, pose.y * self.height - y])
        height, width = actor.mask.shape
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]])
        places = corners @ matrix.T
        x1, y1 = np.maximum(np.floor(places.min(0)).astype(int), 0)
        x2, y2 = np.minimum(np.ceil(places.max(0)).astype(int), [self.width, self.height])
        if x2 <= x1 or y2 <= y1:
            return
        matrix[:, 2] -= (x1, y1)
        size = int(x2 - x1), int(y2 - y1)
        picture = cv2.warpAffine(actor.picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.warpAffine(actor.mask, matrix, size)
        window = frame[y1:y2, x1:x2]
        window[:] = cv2.blendLinear(picture, window.copy(), mask, 1 - mask)


def poses(t: float) -> tuple[Pose | None, Pose | None]:
    """Return the pose of astronaut and officer at a time in 0..PERIOD, None while away."""
    return _astronaut(t), _officer(t)


def brightness(t: float) -> float:
    """Return the light, 1 = full: someone dims it between 14 and 18 s."""
    return float(1 - 0.5 * _ease((t - 14) / 1) * (1 - _ease((t - 17) / 1)))


def _astronaut(t: float) -> Pose | None:
    """In from the left, sway and turn, come near and go back; out at 22 s, back from 26 s."""
    if 22 <= t < 26:
        return None
    x = -0.2 + 0.48 * _ease(t / 1.0)
    x -= 0.48 * _ease((t - 21) / 1.0) - 0.48 * _ease((t - 26) / 1.0)
    x -= 0.48 * _ease((t - 29) / 1.0)
    size = 0.24 + 0.12 * _bump(t, 3, 8) - 0.12 * _bump(t, 9, 14)
    return Pose(x + 0.05 * np.sin(1.1 * t), 0.40 + 0.03 * np.sin(1.7 * t), size,
                18 * np.sin(0.9 * t) * _ease((t - 1.5) / 2))


def _officer(t: float) -> Pose | None:
    """In from the right at 8 s, sway, shrink and come near; out at 28 s."""
    if t < 8 or t >= 29:
        return None
    x = 1.25 - 0.52 * _ease((t - 8) / 1.5) + 0.52 * _ease((t - 27.5) / 1.5)
    size = 0.28 - 0.16 * _bump(t, 11, 16) + 0.08 * _bump(t, 18, 24)
    return Pose(x + 0.03 * np.sin(0.8 * t + 1), 0.42 + 0.02 * np.sin(1.3 * t), size,
                12 * np.sin(0.7 * t))


def _ease(u: float) -> float:
    """Smooth step from 0 to 1."""
    u = min(max(u, 0.0), 1.0)
    return u * u * (3 - 2 * u)


def _bump(t: float, start: float, end: float) -> float:
    """Smooth rise from 0 to 1 and back between two times."""
    return float(np.sin(np.pi * (t - start) / (end - start)) ** 2) if start < t < end else 0.0


def _cut_out(name: str, picture: np.ndarray, face: BoundingBox) -> Actor:
    """Cut head and shoulders out with soft edges, and keep only what shows."""
    height, width = picture.shape[:2]
    x, y = face.center
    y_grid, x_grid = np.mgrid[0:height, 0:width].astype(np.float32)
    head = ((x_grid - x) / (0.85 * face.width)) ** 2 + (
        (y_grid - y + 0.1 * face.height) / (0.95 * face.height)) ** 2
    chest = ((x_grid - x) / (1.7 * face.width)) ** 2 + (
        (y_grid - y - 1.6 * face.height) / (1.0 * face.height)) ** 2
    mask = np.clip(3.5 * (1.15 - np.minimum(head, chest)), 0, 1).astype(np.float32)
    # Where the portrait itself ends, it fades too.
    ends = np.minimum(np.minimum(x_grid, width - 1 - x_grid),
                      np.minimum(y_grid, height - 1 - y_grid))
    mask *= np.clip(ends / (0.25 * face.width), 0, 1)
    mask = cv2.GaussianBlur(mask, (0, 0), face.width * 0.04)
    rows, columns = np.flatnonzero(mask.max(1) > 0.01), np.flatnonzero(mask.max(0) > 0.01)
    top, left = int(rows[0]), int(columns[0])
    part = (slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1))
    return Actor(name, np.ascontiguousarray(picture[part]), np.ascontiguousarray(mask[part]),
                 BoundingBox(face.x - left, face.y - top, face.width, face.height))


def _backdrop(width: int, height: int) -> np.ndarray:
    """Return a soft room: a bright wall, a darker floor, broad blurred patches."""
    generator = np.random.default_rng(3)
    patches = generator.uniform(110, 165, (6, 8, 1)) + generator.uniform(-9, 9, (6, 8, 3))
    wall = cv2.resize(patches.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    ramp = np.linspace(1.1, 0.75, height, dtype=np.float32)[:, None, None]
    return np.clip(wall * ramp, 0, 255).astype(np.uint8)
