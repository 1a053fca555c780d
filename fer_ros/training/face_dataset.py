"""Pictures with faces in context, and random crops of them for the detector's training."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_ros.training.face_augmentation import degrade

#: Landmark order after mirroring: eyes and mouth corners swap.
MIRRORED = [1, 0, 2, 4, 3]
_SMALLEST = 6.0


@dataclass(frozen=True)
class FacePicture:
    """
    One picture.

    :param image: uint8 (H, W), gray.
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
        image = cv2.imread(str(root / row['image']), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ValueError(f"'{root / row['image']}' is missing or no picture")
        table = np.array(faces.get(row['image'], []), np.float32).reshape(-1, 14)
        pictures.append(FacePicture(
            image, table[:, :4], table[:, 4:].reshape(-1, 5, 2),
            np.array(ignored.get(row['image'], []), np.float32).reshape(-1, 14)[:, :4],
            row['image']))
    return pictures


def random_sample(pictures: list[FacePicture], side: int, mosaic: float,
                  generator: np.random.Generator) -> FacePicture:
    """
    Return a random crop of side x side px, or a mosaic of four, as a camera would show it.

    :param mosaic: share of mosaics, 0..1: crowds of small faces.
    """
    if generator.random() < mosaic:
        quarters = [_random_crop(pictures, side // 2, generator) for _ in range(4)]
        sample = _join(quarters, side // 2)
    else:
        sample = _random_crop(pictures, side, generator)
    return FacePicture(degrade(sample.image, generator), sample.boxes, sample.landmarks,
                       sample.ignored, sample.name)


def _rows(root: Path, name: str) -> list[dict[str, str]]:
    path = root / name
    if not path.is_file():
        raise ValueError(f"'{path}' is not there; --data takes the folder of the data set")
    try:
        with gzip.open(path, 'rt', newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))
    except (OSError, EOFError) as error:
        raise ValueError(f"'{path}' cannot be read: {error}") from error


def _random_crop(pictures: list[FacePicture], side: int,
                 generator: np.random.Generator) -> FacePicture:
    """Scale, turn, mirror and crop one picture; three of four crops are aimed at a face."""
    picture = pictures[int(generator.integers(len(pictures)))]
    height, width = picture.image.shape
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
    angle = float(np.clip(generator.normal(0, 12), -30, 30)) if generator.random() < 0.6 else 0.0
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    matrix[:, 2] = side / 2 + offset - matrix[:, :2] @ aim
    background = _background(pictures, side, generator)
    if generator.random() < 0.5:
        matrix[0] = -matrix[0]
        matrix[0, 2] += side - 1
        return _warped(picture, matrix, background, scale, MIRRORED)
    return _warped(picture, matrix, background, scale, [0, 1, 2, 3, 4])


def _background(pictures: list[FacePicture], side: int,
                generator: np.random.Generator) -> np.ndarray:
    """Return what shows around a small picture: one without faces, or one gray level."""
    level = int(generator.integers(0, 256))
    for _ in range(6):
        picture = pictures[int(generator.integers(len(pictures)))]
        if len(picture.boxes) == 0 and len(picture.ignored) == 0:
            return cv2.resize(picture.image, (side, side), interpolation=cv2.INTER_AREA)
    return np.full((side, side), level, np.uint8)


def _warped(picture: FacePicture, matrix: np.ndarray, background: np.ndarray, scale: float,
            order: list[int]) -> FacePicture:
    source, side = picture.image, len(background)
    if scale < 0.5:  # average first: a single bilinear tap would alias
        factor = int(1 / scale)
        source = cv2.resize(source, None, fx=1 / factor, fy=1 / factor,
                            interpolation=cv2.INTER_AREA)
        shrink = np.array([picture.image.shape[1] / source.shape[1],
                           picture.image.shape[0] / source.shape[0]])
        pixels = np.column_stack([matrix[:, :2] * shrink, matrix[:, 2]])
    else:
        pixels = matrix
    image = cv2.warpAffine(source, pixels, (side, side), dst=background.copy(),
                           flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)
    boxes = _moved(picture.boxes, matrix, scale)
    points = picture.landmarks @ matrix[:, :2].T + matrix[:, 2]
    ignored = _moved(picture.ignored, matrix, scale)
    # Faces cut in half, or too small to tell, are no fair question: ignore them.
    shown = _visible(boxes, side)
    small = np.sqrt(boxes[:, 2] * boxes[:, 3]) < _SMALLEST
    doubtful = (shown > 0) & ((shown < 0.5) | small)
    good = (shown >= 0.5) & ~small
    return FacePicture(
        image, boxes[good], points[good][:, order].astype(np.float32),
        np.concatenate([ignored, boxes[doubtful]]).astype(np.float32), picture.name)


def _moved(boxes: np.ndarray, matrix: np.ndarray, scale: float) -> np.ndarray:
    """Move box centers; a turned face keeps the size of its box."""
    center = (boxes[:, :2] + boxes[:, 2:] / 2) @ matrix[:, :2].T + matrix[:, 2]
    size = boxes[:, 2:] * scale
    return np.hstack([center - size / 2, size]).astype(np.float32)


def _visible(boxes: np.ndarray, side: int) -> np.ndarray:
    low = np.clip(boxes[:, :2], 0, side)
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, side)
    return np.prod(high - low, 1) / np.maximum(np.prod(boxes[:, 2:], 1), 1e-6)


def _join(parts: list[FacePicture], half: int) -> FacePicture:
    image = np.vstack([np.hstack([parts[0].image, parts[1].image]),
                       np.hstack([parts[2].image, parts[3].image])])
    shifts = [np.array(s, np.float32) * half for s in ((0, 0), (1, 0), (0, 1), (1, 1))]
    wide = [np.concatenate([s, [0, 0]]).astype(np.float32) for s in shifts]
    return FacePicture(
        image, np.concatenate([p.boxes + w for p, w in zip(parts, wide)]),
        np.concatenate([p.landmarks + s for p, s in zip(parts, shifts)]),
        np.concatenate([p.ignored + w for p, w in zip(parts, wide)]), 'mosaic')
