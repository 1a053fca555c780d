"""Whether a network that tells people apart knows somebody again whose face is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.types import BoundingBox

#: What the recognizer sees around a face box, as its makers cut faces; its input [px].
_AROUND, _SIDE = 1.2, 224
_MEAN = (103.939, 116.779, 123.68)


class Recognizer:
    """
    Tells people apart by 1024 features (MobileNet of HSE-FaceRes, trained on VGGFace2).

    :param model: ONNX file; input float32 (n, 3, H, W), BGR less :data:`_MEAN`.
    """

    def __init__(self, model: Path) -> None:
        self._session = open_session(model, threads=1)
        self._input = self._session.get_inputs()[0].name

    def features(self, image: np.ndarray, box: BoundingBox) -> np.ndarray:
        """
        Describe the face in a picture.

        :param image: uint8 (H, W, 3) BGR.
        :param box: of the face [px].
        :returns: float32 (1024,), of length 1.
        """
        side = _AROUND * max(box.width, box.height)
        (x, y), scale = box.center, _SIDE / side
        matrix = np.array([[scale, 0, _SIDE / 2 - scale * x], [0, scale, _SIDE / 2 - scale * y]])
        face = cv2.warpAffine(image, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
        tensor = (face.astype(np.float32) - np.array(_MEAN, np.float32)).transpose(2, 0, 1)
        features = np.asarray(self._session.run(None, {self._input: tensor[None]})[0])[0]
        return features / np.linalg.norm(features)


def known_again(probes: np.ndarray, gallery: np.ndarray, people: Sequence[str]) -> float:
    """
    Return the share of probes whose most similar other picture is of the same person.

    :param probes: float (N, F), of length 1.
    :param gallery: float (N, F): other versions of the same pictures.
    :param people: who is in each; those in one picture only are never the right answer.
    :returns: 0..1; NaN if nobody is in two pictures.
    """
    likeness = probes @ gallery.T
    np.fill_diagonal(likeness, -np.inf)  # never the picture itself
    names = np.asarray(people)
    twice = np.array([(names == name).sum() > 1 for name in names])
    nearest = names[likeness.argmax(1)]
    return float((nearest == names)[twice].mean()) if twice.any() else float('nan')


def chance(people: Sequence[str]) -> float:
    """Return :func:`known_again` of who guesses any of the other pictures."""
    counts = {name: list(people).count(name) for name in set(people)}
    right = [counts[name] - 1 for name in people if counts[name] > 1]
    return float(np.mean(right)) / max(len(people) - 1, 1) if right else float('nan')


def likeness_auc(probes: np.ndarray, gallery: np.ndarray, people: Sequence[str]) -> float:
    """
    Return how often two pictures of one person are more alike than two of different people.

    :returns: 0.5 where the features say nothing about who it is.
    """
    names = np.asarray(people)
    same, other = names[:, None] == names, names[:, None] != names
    np.fill_diagonal(same, False)
    likeness = probes @ gallery.T
    if not same.any() or not other.any():
        return float('nan')
    ordered = np.sort(likeness[other])
    below = np.searchsorted(ordered, likeness[same], 'left')
    equal = np.searchsorted(ordered, likeness[same], 'right') - below
    return float((below + equal / 2).mean() / len(ordered))
