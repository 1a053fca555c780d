"""Under which conditions a face was photographed, and pictures made worse on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from fer_ros.datasets.face_pictures import FacePicture, moved_boxes
from fer_ros.perception.head_pose import head_pose

#: Border between frontal and turned heads [deg].
TURNED = 35.0


def turned_away(picture: FacePicture) -> tuple[np.ndarray, np.ndarray]:
    """
    Return which faces look at the camera and which are turned away from it.

    :returns: two of bool (N,); faces without landmarks are in neither.
    """
    poses = [head_pose(points) for points in picture.landmarks]
    turns = np.array([np.nan if pose is None else pose.turn for pose in poses], float)
    return turns <= TURNED, turns > TURNED


def _dark(picture: FacePicture) -> FacePicture:
    """An eighth of the light, with sensor noise."""
    noise = np.random.default_rng(0).normal(0, 3, picture.image.shape[:2])
    levels = picture.image / 8.0
    levels += noise if picture.image.ndim == 2 else noise[..., None]
    return replace(picture, image=np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _bright(picture: FacePicture) -> FacePicture:
    """Twice the light: what was bright is white."""
    return replace(picture, image=np.clip(picture.image * 2.0, 0, 255).astype(np.uint8))


def _backlight(picture: FacePicture) -> FacePicture:
    """Stray light: half the contrast, lifted."""
    return replace(picture, image=(picture.image * 0.4 + 140).astype(np.uint8))


def _blurred(picture: FacePicture) -> FacePicture:
    """Out of focus."""
    return replace(picture, image=cv2.GaussianBlur(picture.image, (0, 0), 2.0))


def _noisy(picture: FacePicture) -> FacePicture:
    """A small sensor at high gain."""
    noise = np.random.default_rng(0).normal(0, 20, picture.image.shape)
    return replace(picture, image=np.clip(picture.image + noise, 0, 255).astype(np.uint8))


def _tilted(picture: FacePicture) -> FacePicture:
    """The camera turned by 30 degrees; boxes keep their size."""
    height, width = picture.image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 1.0)
    sides = np.abs(matrix[:, :2]) @ [width, height]
    matrix[:, 2] += (sides - [width, height]) / 2
    size = (int(sides[0]), int(sides[1]))
    return replace(
        picture, image=cv2.warpAffine(picture.image, matrix, size, borderValue=(127, 127, 127)),
        boxes=moved_boxes(picture.boxes, matrix, np.ones(2)),
        ignored=moved_boxes(picture.ignored, matrix, np.ones(2)),
        landmarks=(picture.landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32))


def _masked(picture: FacePicture) -> FacePicture:
    """The lower 45 % of every face hidden behind gray."""
    image = picture.image.copy()
    for x, y, width, height in picture.boxes:
        top, bottom = max(round(y + 0.55 * height), 0), max(round(y + height), 0)
        image[top:bottom, max(round(x), 0):max(round(x + width), 0)] = 128
    return replace(picture, image=image)


#: name -> what it makes of a picture.
CONDITIONS: dict[str, Callable[[FacePicture], FacePicture]] = {
    'dark': _dark, 'bright': _bright, 'backlight': _backlight, 'blurred': _blurred,
    'noisy': _noisy, 'tilted_30': _tilted, 'lower_half_hidden': _masked}
