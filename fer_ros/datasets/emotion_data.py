"""Face pictures with emotion votes and labels, ready for training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_ros.perception.labels import EMOTIONS, FER2013, FERPLUS_VOTES

TRAIN, PUBLIC_TEST = 0, 1
#: stands for 'no FER2013 label': in the file (uint8) and in :class:`EmotionData`, where losses
#: and measures leave it out.
NO_LABEL_IN_FILE, NO_LABEL = 255, -100
_FIELDS = ('images', 'labels', 'split', 'ferplus_votes')


@dataclass(frozen=True)
class EmotionData:
    """
    A set of face pictures.

    :param images: uint8 (N, 48, 48).
    :param votes: float32 (N, 8), the share of FER+ votes for each of
        :data:`~fer_ros.perception.labels.EMOTIONS`; rows of zeros carry no votes.
    :param majority: int64 (N,), the emotion with most votes; -1 where none of the eight is
        first (unknown, not a face, or votes not known).
    :param labels: int64 (N,), index in :data:`~fer_ros.perception.labels.FER2013`;
        :data:`NO_LABEL` where there is none (contempt, for one).
    :param clear: bool (N,), where the majority holds more than half of all ten votes (lone
        ones dropped): the pictures that Barsoum et al. 2016 judge by.
    """

    images: np.ndarray
    votes: np.ndarray
    majority: np.ndarray
    labels: np.ndarray
    clear: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, index: np.ndarray) -> EmotionData:
        """Return the rows that an index or mask selects."""
        return EmotionData(self.images[index], self.votes[index], self.majority[index],
                           self.labels[index], self.clear[index])


def load_fer2013(path: str | Path) -> tuple[EmotionData, EmotionData]:
    """
    Read FER2013 with FER+ votes from an npz file.

    The file holds ``images`` uint8 (N, 48, 48), ``labels`` (N,) in FER2013's order, ``split``
    (N,) 0 train or 1 public test (other rows are left alone), ``ferplus_votes`` (N, 10) and,
    optionally, ``same_as_public`` and ``row_known`` (N,).

    Left out of the training part: images equal to a public one, constant images, images
    whose most frequent vote is 'not a face'. The public part is left whole.

    :param path: the npz file.
    :returns: training part and public test part.
    :raises ValueError: if the file is missing, damaged or lacks a field; names the field.
    """
    data = read_fields(Path(path))
    images, split = data['images'], data['split']
    votes, majority, clear = _shares(data['ferplus_votes'], data.get('row_known'))
    labels = data['labels'].astype(np.int64)
    labels[labels == NO_LABEL_IN_FILE] = NO_LABEL
    if labels.max(initial=0) >= len(FER2013):
        row = int(np.argmax(labels >= len(FER2013)))
        raise ValueError(f"'{path}': labels[{row}] is {labels[row]}, allowed 0..6 and 255 (none)")
    everything = EmotionData(images, votes, majority, labels, clear)
    not_a_face = data['ferplus_votes'].argmax(1) == FERPLUS_VOTES.index('not_a_face')
    constant = images.reshape(len(images), -1).std(1) < 1
    leave_out = not_a_face | constant | (data.get('same_as_public', 0 * split) > 0)
    return (everything.subset((split == TRAIN) & ~leave_out),
            everything.subset(split == PUBLIC_TEST))


def read_fields(path: Path) -> dict[str, np.ndarray]:
    """
    Return all arrays of an npz file of faces.

    :raises ValueError: if it is missing, damaged, or lacks or mismatches a field; names it.
    """
    if not path.is_file():
        raise ValueError(f"'{path}' is not there; give an npz file with {', '.join(_FIELDS)}")
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {key: file[key] for key in file.files}
    except Exception as error:  # zip, lzma and format errors of a damaged file
        raise ValueError(f"'{path}' cannot be read as npz: {error}") from error
    for name in _FIELDS:
        if name not in data:
            raise ValueError(f"'{path}' lacks '{name}'; it has {', '.join(data)}")
        if len(data[name]) != len(data['images']):
            raise ValueError(f"'{path}': {len(data[name])} {name} for "
                             f"{len(data['images'])} images")
    return data


def _shares(
        votes: np.ndarray,
        known: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return vote shares of the eight emotions, the majority, and where it is a clear one; all
    as Barsoum et al. count them.
    """
    counts = votes.astype(np.float32)
    if known is not None:
        counts[known == 0] = 0
    # One lone vote among ten is noise (FER+ drops it as an outlier too).
    counts[(counts <= 1) & (counts.max(1, keepdims=True, initial=0) > 1)] = 0
    first = counts.argmax(1)
    emotion_counts = counts[:, :len(EMOTIONS)]
    total = emotion_counts.sum(1, keepdims=True)
    shares = np.divide(emotion_counts, total, out=np.zeros_like(emotion_counts), where=total > 0)
    is_emotion = (first < len(EMOTIONS)) & (total[:, 0] > 0)
    clear = is_emotion & (counts.max(1, initial=0) > 0.5 * counts.sum(1))
    return shares, np.where(is_emotion, first, -1).astype(np.int64), clear
