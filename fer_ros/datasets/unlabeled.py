"""Faces without emotion labels, cut out of pictures as the running system cuts them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.preprocessing import crop_face
from fer_ros.resources import resource_path

#: Side of the crops: enough for teachers that look closer than the student [px].
SIDE = 96
_ENDINGS = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


def unlabeled_faces(folder: Path, cache: Path, score: float = 0.5,
                    smallest: float = 24.0) -> np.ndarray:
    """
    Return the faces that our detector finds in a folder's pictures.

    A list ``images.csv`` or ``images.csv.gz`` with the columns ``image`` and ``split``, if there
    is one, picks those of the split ``train``; else all pictures count, also of subfolders.

    :param folder: of pictures.
    :param cache: npz file that keeps the faces from one run to the next.
    :param score: of the detector, at least.
    :param smallest: side of a face [px].
    :returns: uint8 (N, 96, 96), gray, framed as at run time.
    :raises ValueError: if there are no pictures or no faces; names the folder.
    """
    if cache.is_file():
        with np.load(cache) as kept:
            return np.asarray(kept['images'])
    files = pictures_of(folder)
    detector = load_face_detector(
        resource_path('models/face_detector.onnx'), score_threshold=score,
        min_face_size=smallest)
    faces = []
    for file in tqdm(files, desc='faces without labels', mininterval=5, disable=None):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if image is not None:
            faces += [crop_face(image, found, (SIDE, SIDE)) for found in detector.detect(image)]
    if not faces:
        raise ValueError(f"no face of {smallest:.0f} px or more in the {len(files)} pictures of "
                         f"'{folder}'; give --unlabeled a folder of pictures with faces")
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, images=np.stack(faces))
    return np.stack(faces)


def pictures_of(folder: Path) -> list[Path]:
    """
    Return the pictures of a folder's training part, see :func:`unlabeled_faces`.

    :raises ValueError: if there are none; names the folder.
    """
    for name in ('images.csv.gz', 'images.csv'):
        if (folder / name).is_file():
            files = [folder / row['image'] for row in _rows(folder / name)
                     if row['split'] == 'train']
            break
    else:
        files = sorted(file for file in folder.rglob('*') if file.suffix.lower() in _ENDINGS)
    if not files:
        raise ValueError(f"no pictures ({', '.join(_ENDINGS)}) below '{folder}'")
    return files


def _rows(file: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    data = file.read_bytes()
    text = (gzip.decompress(data) if file.suffix == '.gz' else data).decode('utf-8')
    rows = list(csv.DictReader(text.splitlines()))
    for column in ('image', 'split'):
        if rows and column not in rows[0]:
            raise ValueError(f"'{file}' lacks the column '{column}'; it has {', '.join(rows[0])}")
    return rows
