"""Teachers of a distillation: ONNX networks whose answers a smaller one learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from fer_ros.emotion_training.augmentation import resize, standardize
from fer_ros.emotion_training.views import look, view_transforms
from fer_ros.perception.labels import EMOTIONS, FER2013
from fer_ros.perception.onnx_session import open_session

#: What networks trained on VGGFace2 in Caffe's manner subtract from blue, green and red
#: (Cao et al. 2018, arXiv 1710.08092).
VGGFACE2_MEANS = (103.939, 116.779, 123.68)
#: Side for a teacher of color pictures that leaves it open [px].
_COLOR_SIDE = 96
#: Names of the answers that count, FER+ votes and FER2013 labels.
_VOTES, _LABELS = ('logits', 'votes_logits'), ('fer2013_logits',)
_BATCH = 64


@dataclass(frozen=True)
class SoftAnswers:
    """
    What teachers say about V views of N pictures, the mean of their probabilities.

    :param votes: float16 (V, N, 8), order of :data:`~fer_ros.perception.labels.EMOTIONS`.
    :param labels: float16 (V, N, 7), order of :data:`~fer_ros.perception.labels.FER2013`.
    """

    votes: np.ndarray
    labels: np.ndarray


class Teacher:
    """
    A network with an answer for FER+ votes and one for FER2013 labels.

    One input channel: gray, each picture normalized, as our own networks take it. Three: gray
    three times, blue, green and red minus :data:`VGGFACE2_MEANS`.

    :param path: ONNX file.
    :param threads: CPU threads.
    :raises ValueError: if it cannot be read or does not answer both; says why.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        if not path.is_file():
            raise ValueError(f"teacher '{path}' is not there; --teachers takes ONNX files")
        self.path, self._session = path, open_session(path, threads)
        self._input = self._session.get_inputs()[0]
        shape = self._input.shape
        if len(shape) != 4 or shape[1] not in (1, 3):
            raise ValueError(f"teacher '{path}' takes {shape}; it must take (faces, 1 or 3, "
                             'height, width)')
        self._colors = int(shape[1])
        self.side = shape[2] if isinstance(shape[2], int) else _COLOR_SIDE
        self._outputs = [self._named(_VOTES), self._named(_LABELS)]

    def answer(self, images: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """
        Return probabilities of votes (N, 8) and labels (N, 7).

        :param images: float (N, 1, H, W), gray levels 0..255.
        """
        images = resize(images, self.side)
        if self._colors == 1:
            fed = standardize(images)
        else:
            fed = images - torch.tensor(VGGFACE2_MEANS).view(1, 3, 1, 1)
        votes, labels = self._session.run(self._outputs, {self._input.name: fed.numpy()})
        if votes.shape[1] != len(EMOTIONS) or labels.shape[1] != len(FER2013):
            raise ValueError(f"teacher '{self.path}' answers {votes.shape[1]} emotions and "
                             f'{labels.shape[1]} labels, expected {len(EMOTIONS)} and '
                             f'{len(FER2013)}')
        return _softmax(votes), _softmax(labels)

    def _named(self, names: Sequence[str]) -> str:
        there = [output.name for output in self._session.get_outputs()]
        for name in names:
            if name in there:
                return name
        raise ValueError(f"teacher '{self.path}' has no output {' or '.join(names)}; it has "
                         f'{", ".join(there)}')


def ask(teachers: Sequence[Teacher], images: np.ndarray, view: int, seed: int,
        name: str = 'faces') -> tuple[np.ndarray, np.ndarray]:
    """
    Return the teachers' mean answers to one view of every picture.

    :param teachers: one or more.
    :param images: uint8 (N, H, W).
    :param view: number of the view, see :func:`~fer_ros.emotion_training.views.view_transforms`.
    :param seed: of the training.
    :param name: of the pictures, for the progress bar.
    :returns: float16 (N, 8) and (N, 7).
    """
    where = view_transforms(len(images), view, seed)
    votes = np.zeros((len(images), len(EMOTIONS)), np.float16)
    labels = np.zeros((len(images), len(FER2013)), np.float16)
    for start in tqdm(range(0, len(images), _BATCH), desc=f'teachers, {name}, view {view + 1}',
                      mininterval=5, leave=False, disable=None):
        rows = slice(start, start + _BATCH)
        seen = look(torch.from_numpy(images[rows]).float().unsqueeze(1), where[rows])
        answers = [teacher.answer(seen) for teacher in teachers]
        votes[rows] = np.mean([answer[0] for answer in answers], 0)
        labels[rows] = np.mean([answer[1] for answer in answers], 0)
    return votes, labels


def soft_answers(teachers: Sequence[Path], images: np.ndarray, views: int, seed: int,
                 folder: Path, name: str, threads: int = 1) -> SoftAnswers:
    """
    Return the teachers' answers to the views of pictures; each view is asked for only once.

    :param teachers: ONNX files.
    :param images: uint8 (N, H, W).
    :param views: their number.
    :param seed: of the training.
    :param folder: keeps the answers, a file a view.
    :param name: of the pictures.
    :param threads: CPU threads of each teacher.
    :raises ValueError: if a kept file belongs to other pictures; names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened: list[Teacher] = []
    kept = []
    for view in range(views):
        file = folder / f'{name}_view{view}.npz'
        if not file.is_file():
            opened = opened or [Teacher(path, threads) for path in teachers]
            votes, labels = ask(opened, images, view, seed, name)
            temporary = file.with_suffix('.tmp.npz')
            np.savez(temporary, votes=votes, labels=labels)
            temporary.replace(file)
        with np.load(file) as data:
            if len(data['votes']) != len(images):
                raise ValueError(f"'{file}' holds answers for {len(data['votes'])} pictures, not "
                                 f'{len(images)}: give another --output, or delete it')
            kept.append((data['votes'], data['labels']))
    return SoftAnswers(np.stack([v for v, _ in kept]), np.stack([x for _, x in kept]))


def _softmax(logits: np.ndarray) -> np.ndarray:
    return functional.softmax(torch.from_numpy(logits).float(), 1).numpy()
