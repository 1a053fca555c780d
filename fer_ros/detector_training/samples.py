"""Random training crops of pictures with faces, as all kinds of cameras would show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from fer_ros.datasets.face_pictures import (
    SMALLEST_ASKED,
    SMALLEST_BOX,
    FacePicture,
    moved_boxes,
)
from fer_ros.detector_training.augmentation import (
    as_gray,
    degrade,
    draw_lookalike,
    paste_mask,
    wear_mask,
)
from fer_ros.detector_training.crops import FaceCrops

#: Landmark order after mirroring: eyes and mouth corners swap.
MIRRORED = [1, 0, 2, 4, 3]
#: Shares of crops with a face pasted in, with a drawing that looks like one; of masked faces.
_PASTED, _LOOKALIKES, _MASKED = 0.3, 0.1, 0.12


class FaceSampler:
    """
    Draws training crops: pictures scaled, turned, mirrored and made worse, with faces pasted in.

    :param pictures: with faces and without.
    :param side: of the crops [px], a multiple of 32.
    :param mosaic: share of crops put together from 2x2.
    :param crowd: share of crops put together from 4x4: crowds of small faces.
    :param hard: share of crops aimed at the pictures' hard places, if there are any, and of
        hard faces among those pasted in.
    :param clean: share of crops that light and camera leave alone.
    :param crops: faces to paste in; None: only those that are there.
    """

    def __init__(self, pictures: Sequence[FacePicture], side: int, *, mosaic: float = 0.0,
                 crowd: float = 0.0, hard: float = 0.0, clean: float = 0.0,
                 crops: FaceCrops | None = None) -> None:
        self._pictures, self._side, self._crops = pictures, side, crops
        self._mosaic, self._crowd, self._hard, self._clean = mosaic, crowd, hard, clean
        self._hard_ones = [picture for picture in pictures if len(picture.hard)]
        self._hard_crops = np.flatnonzero(crops.hard) if crops is not None else np.zeros(0, int)

    def draw(self, generator: np.random.Generator) -> FacePicture:
        """Return the next crop; all randomness comes from the generator."""
        chance = generator.random()
        tiles = 2 if chance < self._mosaic else 4 if chance < self._mosaic + self._crowd else 1
        parts = [self._crop(self._side // tiles, generator) for _ in range(tiles ** 2)]
        sample = parts[0] if tiles == 1 else _join(parts, tiles)
        if generator.random() < self._clean:
            return sample
        return replace(sample, image=degrade(sample.image, generator))

    def _crop(self, side: int, generator: np.random.Generator) -> FacePicture:
        """Crop one picture; four of five with faces, and all hard ones, are aimed at."""
        picture, target = self._picked(generator)
        sample = _moved(picture, target, side, lambda: self._background(side, generator),
                        generator)
        for face, points in zip(sample.boxes, sample.landmarks):
            if generator.random() < _MASKED and np.isfinite(points).all():
                wear_mask(sample.image, face, points, generator)
        if self._crops is not None and generator.random() < _PASTED:
            hard = len(self._hard_crops) > 0 and generator.random() < self._hard
            i = int(_one_of(self._hard_crops, generator) if hard
                    else generator.integers(len(self._crops.images)))
            sample = _with_pasted(sample, self._crops, i, generator)
        if generator.random() < _LOOKALIKES:
            place = _free_place(sample, float(generator.uniform(0.08, 0.5)) * side, generator)
            if place is not None:
                sample = replace(sample, image=draw_lookalike(sample.image, place, generator))
        return sample

    def _picked(self, generator: np.random.Generator) -> tuple[FacePicture, np.ndarray | None]:
        """Return a picture, and the box in it to aim at."""
        if self._hard_ones and generator.random() < self._hard:
            picture = _one_of(self._hard_ones, generator)
            return picture, _one_of(picture.hard, generator)
        picture = _one_of(self._pictures, generator)
        if len(picture.boxes) and generator.random() < 0.8:
            return picture, _one_of(picture.boxes, generator)
        return picture, None

    def _background(self, side: int, generator: np.random.Generator) -> np.ndarray:
        """Return what shows around a small picture: one without faces, or one gray level."""
        level = int(generator.integers(0, 256))
        for _ in range(6):
            picture = _one_of(self._pictures, generator)
            if picture.faceless:
                return as_gray(cv2.resize(
                    picture.image, (side, side), interpolation=cv2.INTER_AREA), generator)
        return np.full((side, side), level, np.uint8)


def _one_of(things: Sequence[Any] | np.ndarray, generator: np.random.Generator) -> Any:
    return things[int(generator.integers(len(things)))]


def _moved(picture: FacePicture, target: np.ndarray | None, side: int,
           background: Callable[[], np.ndarray], generator: np.random.Generator) -> FacePicture:
    """Scale, turn, stretch, mirror and crop one picture, aimed at a box of it or anywhere."""
    height, width = picture.image.shape[:2]
    if target is not None:
        size = float(np.sqrt(max(target[2] * target[3], 1.0)))
        # Log-uniform target size; enlarging more than twice would only train on blur.
        wanted = float(np.exp(generator.uniform(np.log(SMALLEST_ASKED), np.log(side))))
        scale = min(wanted / size, 2.0)
        aim = target[:2] + target[2:] / 2
        offset = generator.uniform(-0.42, 0.42, 2) * max(side - scale * size * 0.8, 0)
    else:
        scale = side / max(height, width) * float(np.exp(generator.uniform(-0.3, 0.9)))
        aim = np.array([generator.uniform(0, width), generator.uniform(0, height)])
        offset = np.zeros(2)
    stretches = np.exp(generator.uniform(-0.1, 0.1) * np.array([1, -1]))
    angle = float(np.clip(generator.normal(0, 20), -50, 50)) if generator.random() < 0.6 else 0.0
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    matrix = np.zeros((2, 3))
    matrix[:, :2] = np.array([[cos, -sin], [sin, cos]]) * stretches[:, None]
    matrix[:, 2] = side / 2 + offset - matrix[:, :2] @ aim
    order = [0, 1, 2, 3, 4]
    if generator.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += side - 1
        order = MIRRORED
    return _warped(picture, matrix, side, background, scale * stretches, order, generator)


def _with_pasted(sample: FacePicture, crops: FaceCrops, i: int,
                 generator: np.random.Generator) -> FacePicture:
    """Paste one face where none is, with a hard or a soft border."""
    crop, points = crops.images[i], crops.landmarks[i]
    left, top, width, height = crops.boxes[i]
    if generator.random() < 0.5:
        crop, points = crop[:, ::-1], (points * [-1, 1] + [crop.shape[1] - 1, 0])[MIRRORED]
        left = crop.shape[1] - 1 - left - width
    # Enlarging more than three times would only train on blur.
    largest = min(3.0 * len(crop), len(sample.image) * 0.8)
    target = float(np.exp(generator.uniform(np.log(14), np.log(largest))))
    place = _free_place(sample, target, generator)
    if place is None:
        return sample
    x, y, size = (round(v) for v in place)
    scale = size / len(crop)
    resized = cv2.resize(np.ascontiguousarray(crop), (size, size), interpolation=(
        cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
    mask = paste_mask(size, generator)
    image = sample.image.copy()
    below = image[y:y + size, x:x + size]
    image[y:y + size, x:x + size] = np.rint(below + (resized.astype(np.float32) - below) * mask)
    box = np.array([[x + left * scale, y + top * scale, width * scale, height * scale]])
    small = box[:int(box[0, 2] * box[0, 3] < SMALLEST_ASKED ** 2)]
    return replace(
        sample, image=image, ignored=np.concatenate([sample.ignored, small]).astype(np.float32),
        boxes=np.concatenate([sample.boxes, box]).astype(np.float32),
        landmarks=np.concatenate(
            [sample.landmarks, (points * scale + [x, y])[None]]).astype(np.float32))


def _free_place(sample: FacePicture, size: float,
                generator: np.random.Generator) -> tuple[float, float, float] | None:
    """Return left, top and side of a square that touches no labeled place; None if none fits."""
    taken = np.concatenate([sample.boxes, sample.ignored])
    for _ in range(5):
        x, y = generator.uniform(0, len(sample.image) - size, 2)
        apart = (taken[:, 0] > x + size) | (taken[:, 0] + taken[:, 2] < x) | (
            taken[:, 1] > y + size) | (taken[:, 1] + taken[:, 3] < y)
        if apart.all():
            return float(x), float(y), size
    return None


def _warped(picture: FacePicture, matrix: np.ndarray, side: int,
            background: Callable[[], np.ndarray], scales: np.ndarray, order: list[int],
            generator: np.random.Generator) -> FacePicture:
    (left, top, right, bottom), filled = _seen(matrix, side, picture.image.shape)
    source = picture.image[top:bottom, left:right]
    pixels = matrix.copy()
    pixels[:, 2] += matrix[:, :2] @ [left, top]
    if scales.max() < 0.5 and min(source.shape[:2]) > 8:
        # Average first: a single bilinear tap would alias.
        factor = int(1 / scales.max())
        height, width = source.shape[:2]
        source = cv2.resize(source, None, fx=1 / factor, fy=1 / factor,
                            interpolation=cv2.INTER_AREA)
        pixels[:, :2] *= [width / source.shape[1], height / source.shape[0]]
    image = cv2.warpAffine(as_gray(source, generator), pixels, (side, side),
                           dst=np.zeros((side, side), np.uint8) if filled else background(),
                           flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_TRANSPARENT)
    boxes = moved_boxes(picture.boxes, matrix, scales)
    points = picture.landmarks @ matrix[:, :2].T + matrix[:, 2]
    ignored = moved_boxes(picture.ignored, matrix, scales)
    # Faces cut in half, or too small to tell, are no fair question: ignore them.
    shown = _visible(boxes, side)
    sizes = np.sqrt(boxes[:, 2] * boxes[:, 3])
    doubtful = (shown > 0) & ((shown < 0.5) | (sizes < SMALLEST_ASKED))
    good = (shown >= 0.5) & (sizes >= SMALLEST_BOX)
    return FacePicture(
        image, boxes[good], points[good][:, order].astype(np.float32),
        np.concatenate([ignored, boxes[doubtful]]).astype(np.float32), picture.name)


def _seen(matrix: np.ndarray, side: int,
          shape: tuple[int, ...]) -> tuple[tuple[int, int, int, int], bool]:
    """
    Return left, top, right, bottom of the part of a picture that a crop shows [px].

    The second answer is whether the picture fills the crop.
    """
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]]).T
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    low = np.floor((inverse @ corners).min(1)).astype(int) - 2
    high = np.ceil((inverse @ corners).max(1)).astype(int) + 2
    left, top = np.clip(low, 0, [shape[1] - 1, shape[0] - 1])
    right, bottom = np.clip(high, [left + 1, top + 1], [shape[1], shape[0]])
    filled = bool((low >= 0).all() and (high <= [shape[1], shape[0]]).all())
    return (int(left), int(top), int(right), int(bottom)), filled


def _visible(boxes: np.ndarray, side: int) -> np.ndarray:
    low = np.clip(boxes[:, :2], 0, side)
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, side)
    return np.prod(high - low, 1) / np.maximum(np.prod(boxes[:, 2:], 1), 1e-6)


def _join(parts: list[FacePicture], tiles: int) -> FacePicture:
    """Put tiles x tiles crops of one size side by side."""
    side = len(parts[0].image)
    image = np.vstack([np.hstack([p.image for p in parts[row * tiles:(row + 1) * tiles]])
                       for row in range(tiles)])
    shifts = [np.array([i % tiles, i // tiles], np.float32) * side for i in range(len(parts))]
    wide = [np.concatenate([s, [0, 0]]).astype(np.float32) for s in shifts]
    return FacePicture(
        image, np.concatenate([p.boxes + w for p, w in zip(parts, wide)]),
        np.concatenate([p.landmarks + s for p, s in zip(parts, shifts)]),
        np.concatenate([p.ignored + w for p, w in zip(parts, wide)]), 'mosaic')
