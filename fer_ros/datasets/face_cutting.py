"""Cut faces out of whole pictures, and tell who took cut-out faces for whole ones or so."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from fer_ros.datasets.readers import Face, Problem, Source
from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.preprocessing import crop_face, to_gray
from fer_ros.perception.still_pictures import detect_in_still
from fer_ros.perception.types import Detection
from fer_ros.resources import resource_path

#: kind of the problem of a picture without a face.
NO_FACE = 'no face found'
#: if no face is found in more than this share, they were cut out before, or show none.
_MISSED = 0.25
#: a face that fills less of its picture was not cut out; the network's crops are filled by 0.78.
_FILLED = 0.4
#: so many pictures tell; smaller ones [px] are no whole pictures.
_ASKED, _SMALLEST = 24, 96


def cut_faces(source: Source, size: int) -> str:
    """
    Cut the largest face out of each picture, framed as at run time.

    :param source: its faces are replaced; a picture without one becomes a problem.
    :param size: side of the crops [px].
    :returns: a warning if the pictures look cut out already, else ''.
    :raises ValueError: if there is no face in any picture.
    """
    detector = _detector()
    total, cropped = len(source.faces), 0
    found = []
    for face in tqdm(source.faces, desc='faces', disable=None):
        largest = _largest(detector, face.image)
        if largest is None:
            source.problems.append(Problem(face.source, NO_FACE, '', 'left out'))
            continue
        cropped += _fills(largest, face.image)
        face.image = crop_face(to_gray(face.image), largest, (size, size))
        found.append(face)
    if not found:
        raise ValueError(f'no face was found in any of the {total} pictures. Are they '
                         'cropped already? Then leave --detect-faces out')
    source.faces = found
    missed = total - len(found)
    return (f'warning: no face was found in {missed} of {total} pictures. Are they cropped '
            'already? Then leave --detect-faces out'
            ) if missed > _MISSED * total or (missed and cropped > len(found) / 2) else ''


def doubt_crops(faces: list[Face]) -> str:
    """Return a warning if pictures that are taken for faces look like whole ones, else ''."""
    large = [face.image for face in faces if min(face.image.shape[:2]) >= _SMALLEST]
    if 2 * len(large) < len(faces):
        return ''
    rows = np.linspace(0, len(large) - 1, min(_ASKED, len(large))).astype(int)
    detector = _detector()
    whole = 0
    for row in rows:
        largest = _largest(detector, large[row])
        whole += largest is not None and not _fills(largest, large[row])
    return (f'warning: in {whole} of {len(rows)} pictures looked at the face is a small part. Are '
            'they whole pictures? Then --detect-faces cuts the faces out'
            ) if whole > len(rows) / 2 else ''


def _fills(face: Detection, picture: np.ndarray) -> bool:
    """Return whether hardly more than the face is to be seen."""
    return face.box.area >= _FILLED * picture.shape[0] * picture.shape[1]


def _detector() -> FaceDetector:
    return load_face_detector(resource_path('models/face_detector.onnx'))


def _largest(detector: FaceDetector, image: np.ndarray) -> Detection | None:
    return max(detect_in_still(detector.detect, image), key=lambda found: found.box.area,
               default=None)
