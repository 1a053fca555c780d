"""Under which conditions faces shall be hidden, and where they are in the pictures made so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.evaluation.detector.conditions import CONDITIONS
from fer_ros.perception.concealment import turned_picture


@dataclass(frozen=True)
class ShownPicture:
    """
    A picture and the outlines of its faces.

    :param image: uint8 (H, W, 3) BGR or (H, W).
    :param faces: float32 (N, 4, 2): the corners of each face's box [px], in order around it; they
        may lie outside the picture.
    """

    image: np.ndarray
    faces: np.ndarray


def shown(picture: FacePicture) -> ShownPicture:
    """Return a labeled picture as it is."""
    return ShownPicture(picture.image, shown_boxes(picture.boxes))


def shown_boxes(boxes: np.ndarray) -> np.ndarray:
    """
    Return the corners of boxes.

    :param boxes: float (N, 4) left, top, width, height [px].
    :returns: float32 (N, 4, 2).
    """
    x, y, width, height = np.asarray(boxes, np.float32).T
    return np.stack([np.stack(corner, -1) for corner in (
        (x, y), (x + width, y), (x + width, y + height), (x, y + height))], 1)


def _changed(change: Callable[[FacePicture], FacePicture], picture: FacePicture) -> ShownPicture:
    return shown(change(picture))


def turned(degrees: float, picture: ShownPicture) -> ShownPicture:
    """Return a picture turned counterclockwise: everybody, and the world, lies on the side."""
    image, matrix = turned_picture(picture.image, degrees, border=127)
    return ShownPicture(image, (picture.faces @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32))


def darkened(picture: ShownPicture) -> ShownPicture:
    """Return a picture with an eighth of the light and sensor noise."""
    none = np.empty((0, 4), np.float32)
    nobody = FacePicture(picture.image, none, none.reshape(0, 5, 2), none, name='')
    return replace(picture, image=CONDITIONS['dark'](nobody).image)


def _turned(degrees: float, picture: FacePicture) -> ShownPicture:
    return turned(degrees, shown(picture))


def _upper_half_hidden(picture: FacePicture) -> FacePicture:
    """The upper half of every face behind gray: a cap pulled down, a hand, a camera."""
    image = picture.image.copy()
    for x, y, width, height in picture.boxes:
        top, bottom = max(round(y), 0), max(round(y + 0.5 * height), 0)
        image[top:bottom, max(round(x), 0):max(round(x + width), 0)] = 128
    return replace(picture, image=image)


def _cut_at_the_edge(picture: FacePicture) -> ShownPicture:
    """The picture ends in the middle of its largest face."""
    whole = shown(picture)
    if not len(whole.faces):
        return whole
    x, _, width, _ = max(picture.boxes, key=lambda box: box[2] * box[3])
    end = int(np.clip(round(x + width / 2), 1, picture.image.shape[1]))
    return ShownPicture(np.ascontiguousarray(picture.image[:, :end]), whole.faces)


def _shrunk(picture: FacePicture) -> ShownPicture:
    """Twice as far away."""
    image = cv2.resize(picture.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return ShownPicture(image, shown(picture).faces / 2)


#: name -> what it makes of a picture.
SHOWN: dict[str, Callable[[FacePicture], ShownPicture]] = {
    'as_they_are': shown,
    **{name: partial(_changed, CONDITIONS[name]) for name in (
        'dark', 'bright', 'backlight', 'blurred', 'noisy', 'lower_half_hidden')},
    'upper_half_hidden': partial(_changed, _upper_half_hidden),
    'cut_at_the_edge': _cut_at_the_edge,
    'half_the_size': _shrunk,
    **{f'turned_{degrees}': partial(_turned, degrees)
       for degrees in (30, 45, 60, 75, 90, 105, 120, 180)}}
