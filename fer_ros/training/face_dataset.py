"""Pictures with faces in context, and random crops of them for the detector's training."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from fer_ros.training.face_augmentation import (
    as_gray,
    degrade,
    draw_lookalike,
    paste_mask,
    wear_mask,
)

#: Landmark order after mirroring: eyes and mouth corners swap.
MIRRORED = [1, 0, 2, 4, 3]
_SMALLEST = 8.0
#: Shares of crops with a face pasted in, with a drawing that looks like one; of masked faces.
_PASTED, _LOOKALIKES, _MASKED = 0.3, 0.1, 0.12


@dataclass(frozen=True)
class FaceCrops:
    """
    Faces without surroundings, for pasting into pictures.

    :param images: uint8 (N, 48, 48), gray.
    :param boxes: float32 (N, 4) left, top, width, height [px]; may reach beyond the crop.
    :param landmarks: float32 (N, 5, 2) [px].
    """

    images: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray


@dataclass(frozen=True)
class FacePicture:
    """
    One picture.

    :param image: uint8, (H, W, 3) BGR as read, (H, W) gray once it is a training crop.
    :param boxes: float32 (N, 4) left, top, width, height [px].
    :param landmarks: float32 (N, 5, 2) [px], NaN where unknown.
    :param ignored: float32 (M, 4) places that count neither as face nor as background.
    :param name: where it came from.
    """

    image: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    ignored: np.ndarray
    name: str

    @property
    def faceless(self) -> bool:
        """Whether there is nothing that could be a face."""
        return len(self.boxes) == 0 and len(self.ignored) == 0


def load_face_pictures(folder: str | Path, split: str) -> list[FacePicture]:
    """
    Read a folder with ``images.csv.gz``, ``labels.csv.gz`` and ``boxes_human.csv.gz``.

    :param folder: the data set.
    :param split: 'train' or 'val'.
    :raises ValueError: if a table or a picture is missing or damaged; names it.
    """
    root = Path(folder)
    teacher, human = _rows(root, 'labels.csv.gz'), _rows(root, 'boxes_human.csv.gz')
    faces: dict[str, list[list[float]]] = {}
    ignored: dict[str, list[list[float]]] = {}
    for row in teacher:
        box = [float(row[key]) for key in ('x', 'y', 'w', 'h')]
        points = [float(row[f'lmk_{axis}{i}']) for i in range(1, 6) for axis in 'xy']
        target = ignored if row['ignore'] == '1' else faces
        target.setdefault(row['image'], []).append(box + points)
    for row in human:
        if row['matched'] == '1':
            continue
        if row['source'] == 'facemask_cc0':  # real faces that the teacher missed
            box = [float(row[f'adj_{key}']) for key in 'xywh']
            faces.setdefault(row['image'], []).append(box + [np.nan] * 10)
        else:  # heads with helmets: neither face nor background
            box = [float(row[key]) for key in 'xywh']
            ignored.setdefault(row['image'], []).append(box + [np.nan] * 10)
    pictures = []
    for row in _rows(root, 'images.csv.gz'):
        if row['split'] != split:
            continue
        image = cv2.imread(str(root / row['image']), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"'{root / row['image']}' is missing or no picture")
        table = np.array(faces.get(row['image'], []), np.float32).reshape(-1, 14)
        pictures.append(FacePicture(
            image, table[:, :4], table[:, 4:].reshape(-1, 5, 2),
            np.array(ignored.get(row['image'], []), np.float32).reshape(-1, 14)[:, :4],
            row['image']))
    return pictures


def random_sample(pictures: list[FacePicture], side: int, mosaics: tuple[float, float],
                  generator: np.random.Generator, crops: FaceCrops | None = None) -> FacePicture:
    """
    Return a random crop of side x side px, or a mosaic of several, as a camera would show it.

    :param side: a multiple of 4.
    :param mosaics: shares of mosaics of 2x2 and of 4x4 crops: crowds of small faces.
    :param crops: faces to paste in; None: only those that are there.
    """
    chance = generator.random()
    tiles = 2 if chance < mosaics[0] else 4 if chance < sum(mosaics) else 1
    parts = [_random_crop(pictures, side // tiles, generator, crops) for _ in range(tiles ** 2)]
    sample = parts[0] if tiles == 1 else _join(parts, tiles)
    return replace(sample, image=degrade(sample.image, generator))


def _rows(root: Path, name: str) -> list[dict[str, str]]:
    path = root / name
    if not path.is_file():
        raise ValueError(f"'{path}' is not there; --data takes the folder of the data set")
    try:
        with gzip.open(path, 'rt', newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))
    except (OSError, EOFError) as error:
        raise ValueError(f"'{path}' cannot be read: {error}") from error


def _random_crop(pictures: list[FacePicture], side: int, generator: np.random.Generator,
                 crops: FaceCrops | None) -> FacePicture:
    """Scale, turn, stretch, mirror and crop one picture; four of five are aimed at a face."""
    picture = pictures[int(generator.integers(len(pictures)))]
    height, width = picture.image.shape[:2]
    if len(picture.boxes) and generator.random() < 0.8:
        box = picture.boxes[int(generator.integers(len(picture.boxes)))]
        size = float(np.sqrt(max(box[2] * box[3], 1.0)))
        # Log-uniform target size; enlarging more than twice would only train on blur.
        wanted = float(np.exp(generator.uniform(np.log(9), np.log(side * 0.9))))
        scale = min(wanted / size, 2.0)
        aim = box[:2] + box[2:] / 2
        offset = generator.uniform(-0.42, 0.42, 2) * side
    else:
        scale = side / max(height, width) * float(np.exp(generator.uniform(-0.3, 0.9)))
        aim = np.array([generator.uniform(0, width), generator.uniform(0, height)])
        offset = np.zeros(2)
    stretches = np.exp(generator.uniform(-0.1, 0.1) * np.array([1, -1]))
    angle = float(np.clip(generator.normal(0, 15), -45, 45)) if generator.random() < 0.6 else 0.0
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    matrix = np.zeros((2, 3))
    matrix[:, :2] = np.array([[cos, -sin], [sin, cos]]) * stretches[:, None]
    matrix[:, 2] = side / 2 + offset - matrix[:, :2] @ aim
    order = [0, 1, 2, 3, 4]
    if generator.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += side - 1
        order = MIRRORED
    sample = _warped(picture, matrix, _background(pictures, side, generator),
                     scale * stretches, order, generator)
    for face, points in zip(sample.boxes, sample.landmarks):
        if generator.random() < _MASKED and np.isfinite(points).all():
            wear_mask(sample.image, face, points, generator)
    if crops is not None and generator.random() < _PASTED:
        sample = _with_pasted(sample, crops, generator)
    if generator.random() < _LOOKALIKES:
        place = _free_place(sample, float(generator.uniform(0.08, 0.5)) * side, generator)
        if place is not None:
            sample = replace(sample, image=draw_lookalike(sample.image, place, generator))
    return sample


def _with_pasted(sample: FacePicture, crops: FaceCrops,
                 generator: np.random.Generator) -> FacePicture:
    """Paste one face where none is, with a hard or a soft border."""
    i = int(generator.integers(len(crops.images)))
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
    if box[0, 2] * box[0, 3] < _SMALLEST ** 2:
        return replace(sample, image=image, ignored=np.concatenate(
            [sample.ignored, box]).astype(np.float32))
    return replace(
        sample, image=image, boxes=np.concatenate([sample.boxes, box]).astype(np.float32),
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


def _background(pictures: list[FacePicture], side: int,
                generator: np.random.Generator) -> np.ndarray:
    """Return what shows around a small picture: one without faces, or one gray level."""
    level = int(generator.integers(0, 256))
    for _ in range(6):
        picture = pictures[int(generator.integers(len(pictures)))]
        if picture.faceless:
            return as_gray(cv2.resize(
                picture.image, (side, side), interpolation=cv2.INTER_AREA), generator)
    return np.full((side, side), level, np.uint8)


def _warped(picture: FacePicture, matrix: np.ndarray, background: np.ndarray,
            scales: np.ndarray, order: list[int], generator: np.random.Generator) -> FacePicture:
    side = len(background)
    left, top, right, bottom = _seen(matrix, side, picture.image.shape)
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
                           dst=background.copy(), flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_TRANSPARENT)
    boxes = moved_boxes(picture.boxes, matrix, scales)
    points = picture.landmarks @ matrix[:, :2].T + matrix[:, 2]
    ignored = moved_boxes(picture.ignored, matrix, scales)
    # Faces cut in half, or too small to tell, are no fair question: ignore them.
    shown = _visible(boxes, side)
    small = np.sqrt(boxes[:, 2] * boxes[:, 3]) < _SMALLEST
    doubtful = (shown > 0) & ((shown < 0.5) | small)
    good = (shown >= 0.5) & ~small
    return FacePicture(
        image, boxes[good], points[good][:, order].astype(np.float32),
        np.concatenate([ignored, boxes[doubtful]]).astype(np.float32), picture.name)


def _seen(matrix: np.ndarray, side: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part of a picture that a crop shows [px]."""
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]]).T
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    low = np.floor((inverse @ corners).min(1)).astype(int) - 2
    high = np.ceil((inverse @ corners).max(1)).astype(int) + 2
    left, top = np.clip(low, 0, [shape[1] - 1, shape[0] - 1])
    right, bottom = np.clip(high, [left + 1, top + 1], [shape[1], shape[0]])
    return int(left), int(top), int(right), int(bottom)


def moved_boxes(boxes: np.ndarray, matrix: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Move box centers; a turned face keeps the size of its box."""
    center = (boxes[:, :2] + boxes[:, 2:] / 2) @ matrix[:, :2].T + matrix[:, 2]
    size = boxes[:, 2:] * scales
    return np.hstack([center - size / 2, size]).astype(np.float32)


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
