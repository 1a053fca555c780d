"""Pictures with faces in context, and where the faces are."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_ros.media.picture_decoder import PictureError, read_picture

#: Smaller faces are neither asked for nor taken for background [px]...
SMALLEST_ASKED = 11.0
#: ... but down to this size their boxes are learned: else they are drawn too large [px].
SMALLEST_BOX = 7.0


@dataclass(frozen=True)
class FacePicture:
    """
    One picture.

    :param image: uint8, (H, W, 3) BGR as read, (H, W) gray once it is a training crop.
    :param boxes: float32 (N, 4) left, top, width, height [px].
    :param landmarks: float32 (N, 5, 2) [px], NaN where unknown.
    :param ignored: float32 (M, 4) places that count neither as face nor as background.
    :param name: where it came from.
    :param hard: float32 (K, 4) places that training should show more often.
    """

    image: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    ignored: np.ndarray
    name: str
    hard: np.ndarray = field(default_factory=lambda: np.empty((0, 4), np.float32))

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
        try:
            image = read_picture(root / row['image'])
        except PictureError as error:
            raise ValueError(f"'{root / row['image']}': {error}") from error
        table = np.array(faces.get(row['image'], []), np.float32).reshape(-1, 14)
        pictures.append(FacePicture(
            image, table[:, :4], table[:, 4:].reshape(-1, 5, 2),
            np.array(ignored.get(row['image'], []), np.float32).reshape(-1, 14)[:, :4],
            row['image']))
    return pictures


def moved_boxes(boxes: np.ndarray, matrix: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Move box centers; a turned face keeps the size of its box."""
    center = (boxes[:, :2] + boxes[:, 2:] / 2) @ matrix[:, :2].T + matrix[:, 2]
    size = boxes[:, 2:] * scales
    return np.hstack([center - size / 2, size]).astype(np.float32)


def _rows(root: Path, name: str) -> list[dict[str, str]]:
    path = root / name
    if not path.is_file():
        raise ValueError(f"'{path}' is not there; --data takes the folder of the data set")
    try:
        with gzip.open(path, 'rt', newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))
    except (OSError, EOFError) as error:
        raise ValueError(f"'{path}' cannot be read: {error}") from error
