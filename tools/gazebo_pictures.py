"""
Make the pictures on the panels of Gazebo's world: ``python -m tools.gazebo_pictures``.

They are the two portraits of the demo scene, cut alike, each with a second face: the same picture
with the corners of the mouth, the lips and the brows moved. Both portraits are in the public
domain (see :mod:`fer_ros.media.demo_scene`); the second faces are ours, nobody felt so.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fer_ros.media.demo_scene import load_portraits

FOLDER = Path(__file__).resolve().parent.parent / 'worlds' / 'people'
#: Width and height of a picture [px]; a panel is 0.60 m by 0.75 m.
SIZE = 320, 400
_QUALITY = 88


class Cut(NamedTuple):
    """
    What is cut out of a portrait.

    :param window: left, top, width, height [px].
    :param landmarks: both eyes, then both corners of the mouth, (4, 2) [px] in the portrait.
    """

    window: tuple[int, int, int, int]
    landmarks: tuple[tuple[float, float], ...]


class Face(NamedTuple):
    """
    How a face is moved, in distances between the eyes; positive is down or outward.

    :param mouth: corners of the mouth, down.
    :param wide: likewise, outward.
    :param lower: lower lip, down.
    :param upper: upper lip, down.
    :param brows: outer ends of the brows, down.
    """

    mouth: float = 0.0
    wide: float = 0.0
    lower: float = 0.0
    upper: float = 0.0
    brows: float = 0.0


CUTS = {
    'astronaut': Cut((88, 0, 280, 350), (
        (200.7, 101.3), (246.4, 104.3), (200.3, 141.7), (240.2, 144.3))),
    'officer': Cut((26, 0, 480, 600), (
        (220.3, 188.8), (308.9, 184.5), (230.7, 276.4), (307.5, 272.6))),
}
#: picture -> the face on it, named after the state that fer_ros reads there.
FACES = {
    'astronaut_happy': Face(),
    'astronaut_neutral': Face(
        mouth=0.40, wide=-0.25, lower=-0.034, upper=-0.029, brows=0.08),
    'officer_neutral': Face(),
    'officer_sad': Face(mouth=0.12, lower=-0.18, upper=-0.10, brows=0.13),
}


def make(name: str) -> np.ndarray:
    """Return the picture of a name, uint8 (400, 320, 3) BGR."""
    person = name.split('_')[0]
    cut = CUTS[person]
    x, y, width, height = cut.window
    moved = move(load_portraits()[person], np.array(cut.landmarks), FACES[name])
    return cv2.resize(moved[y:y + height, x:x + width], SIZE, interpolation=cv2.INTER_AREA)


def move(portrait: np.ndarray, landmarks: np.ndarray, face: Face) -> np.ndarray:
    """
    Return a portrait with another face, bent softly around each moved point.

    :param portrait: uint8 (H, W, 3).
    :param landmarks: (4, 2) [px], see :class:`Cut`.
    """
    left, right, left_corner, right_corner = landmarks
    unit = float(np.linalg.norm(right - left))
    across = (right - left) / unit
    down = np.array([-across[1], across[0]])
    mouth = (left_corner + right_corner) / 2
    # point, where it goes, how far around it the picture goes along: the last two in units
    moves = [
        (left_corner, face.mouth * down - face.wide * across, 0.22),
        (right_corner, face.mouth * down + face.wide * across, 0.22),
        (mouth + 0.22 * unit * down, face.lower * down, 0.25),
        (mouth - 0.12 * unit * down, face.upper * down, 0.20),
        (left - unit * (0.25 * across + 0.35 * down), face.brows * down, 0.20),
        (right + unit * (0.25 * across - 0.35 * down), face.brows * down, 0.20)]
    height, width = portrait.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    from_x, from_y = columns.copy(), rows.copy()
    for (x, y), way, reach in moves:
        near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (reach * unit) ** 2))
        from_x -= np.float32(way[0] * unit) * near.astype(np.float32)
        from_y -= np.float32(way[1] * unit) * near.astype(np.float32)
    return cv2.remap(portrait, from_x, from_y, cv2.INTER_CUBIC,
                     borderMode=cv2.BORDER_REPLICATE)


def main() -> None:
    """Write all pictures."""
    for name in FACES:
        cv2.imwrite(str(FOLDER / f'{name}.jpg'), make(name),
                    [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


if __name__ == '__main__':
    main()
