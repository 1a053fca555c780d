"""Face pictures from a Kaggle csv, a tree of folders or an npz file, with all that is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isqrt
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fer_ros.datasets.emotion_data import PUBLIC_TEST, TRAIN, read_fields
from fer_ros.media.frame_source import PICTURES
from fer_ros.media.picture_decoder import PictureError, read_picture
from fer_ros.perception.labels import EMOTIONS, FER2013, FERPLUS_VOTES, canonical

#: split that is neither trained on nor looked at (FER2013's private test part).
SEALED = 2
_USAGE = {'training': TRAIN, 'publictest': PUBLIC_TEST, 'privatetest': SEALED}
_SPLIT_FOLDERS = {'train': TRAIN, 'training': TRAIN, 'validation': PUBLIC_TEST,
                  'val': PUBLIC_TEST, 'valid': PUBLIC_TEST, 'test': PUBLIC_TEST}
#: what FER+ calls its columns.
_VOTE_COLUMNS = ('neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear',
                 'contempt', 'unknown', 'NF')
#: tagger votes that a hard label counts for, as many as FER+ has.
HARD_VOTES = 10


@dataclass
class Face:
    """
    One picture of a data set.

    :param source: its row or file, for people.
    :param image: uint8 (H, W), or (H, W, 3) BGR.
    :param votes: uint8 (10,), order of FERPLUS_VOTES; all zeros where they are not known.
    :param label: index in FER2013, None where there is none.
    :param split: 0 train, 1 held out, 2 sealed.
    """

    source: str
    image: np.ndarray
    votes: np.ndarray
    label: int | None
    split: int

    @property
    def majority(self) -> int:
        """The column with most votes; -1 without votes."""
        return int(self.votes.argmax()) if self.votes.any() else -1


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row or file, and what was done about it."""

    source: str
    kind: str
    detail: str
    action: str


@dataclass
class Source:
    """What was read: faces, problems, and whether a split came with them."""

    faces: list[Face] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    has_split: bool = True


def read_source(path: Path, votes: Path | None, mapping: dict[str, str],
                skip_bad_rows: bool) -> Source:
    """
    Read a data set, whatever it is.

    :param path: csv or npz file, or folder.
    :param votes: FER+ votes of the csv's rows, if there are any.
    :param mapping: class folder -> emotion; 'ignore' leaves a folder out.
    :param skip_bad_rows: list damaged rows of a csv and go on.
    :raises ValueError: if it is missing, empty, of another kind or damaged; names file and row.
    """
    if path.is_dir():
        source = read_folders(path, mapping)
    elif not path.is_file():
        raise ValueError(f"'{path}' is not there")
    elif path.suffix == '.csv':
        source = read_csv(path, votes, skip_bad_rows)
    elif path.suffix == '.npz':
        source = read_npz(path)
    else:
        raise ValueError(f"'{path}' is no folder, .csv or .npz file")
    if not source.faces:
        raise ValueError(f"'{path}' holds no picture that can be used")
    return source


def read_csv(path: Path, votes: Path | None, skip_bad_rows: bool) -> Source:
    """Read FER2013's csv: columns emotion, pixels and, optionally, Usage."""
    source = Source()
    with path.open(newline='', encoding='utf-8') as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        if not {'emotion', 'pixels'} <= set(columns):
            raise ValueError(f"'{path}' lacks the column 'emotion' or 'pixels'; it has "
                             f'{", ".join(columns) or "nothing"}')
        source.has_split = 'Usage' in columns
        tagged = _read_votes(votes) if votes else None
        side = None
        for number, row in enumerate(tqdm(reader, desc=path.name, unit=' rows', disable=None), 2):
            try:
                face = _csv_face(row, f'{path.name}:{number}', side)
                if tagged is not None:
                    face.votes = _next_votes(tagged, votes, number)
            except ValueError as error:
                if not skip_bad_rows:
                    raise ValueError(f"'{path}' row {number}: {error}; --skip-bad-rows lists "
                                     'such rows and goes on') from error
                source.problems.append(
                    Problem(f'{path.name}:{number}', 'damaged row', str(error), 'left out'))
                continue
            side = face.image.shape[0]
            source.faces.append(face)
    if tagged is not None and next(tagged, None) is not None:
        raise ValueError(f"'{votes}' has more rows than '{path}': they do not belong together")
    return source


def read_folders(root: Path, mapping: dict[str, str]) -> Source:
    """Read a tree of folders: one a class, all below train/, validation/ or test/, or not."""
    splits = {_SPLIT_FOLDERS[folder.name.lower()]: folder for folder in _folders(root)
              if folder.name.lower() in _SPLIT_FOLDERS}
    source = Source(has_split=bool(splits))
    parents = sorted(splits.items()) or [(TRAIN, root)]
    classes = {parent: _folders(parent) for _, parent in parents}
    for parent, folders in classes.items():
        if not folders:
            raise ValueError(f"'{parent}' holds no folders; make one for each emotion")
    emotions = _emotions_of([folder for folders in classes.values() for folder in folders],
                            mapping)
    for split, parent in parents:
        for folder in classes[parent]:
            emotion = emotions[folder]
            if emotion is None:
                source.problems.append(Problem(
                    str(folder.relative_to(root)), 'ignored class', 'by the mapping', 'left out'))
            else:
                _read_class(folder, root, emotion, split, source)
    return source


def read_npz(path: Path) -> Source:
    """Read what training reads, see :func:`~fer_ros.datasets.emotion_data.load_fer2013`."""
    data = read_fields(path)
    known = data.get('row_known', np.ones(len(data['images'])))
    names = data.get('source')
    source = Source()
    for i, image in enumerate(tqdm(data['images'], desc=path.name, disable=None)):
        label = int(data['labels'][i])
        votes = data['ferplus_votes'][i].astype(np.uint8) * bool(known[i])
        source.faces.append(Face(
            f'{path.name}[{i}]' if names is None else str(names[i]), image, votes,
            label if label < len(FER2013) else None, int(data['split'][i])))
    return source


def hard_votes(emotion: str) -> np.ndarray:
    """Return the votes that a label without votes stands for."""
    votes = np.zeros(len(FERPLUS_VOTES), np.uint8)
    votes[EMOTIONS.index(emotion)] = HARD_VOTES
    return votes


def _csv_face(row: dict[str, str | None], name: str, side: int | None) -> Face:
    text = (row['emotion'] or '').strip()
    if not text.isdigit() or int(text) >= len(FER2013):
        raise ValueError(f"emotion is '{text}', allowed 0..{len(FER2013) - 1}")
    words = (row['pixels'] or '').split()
    if not all(word.isdigit() and int(word) <= 255 for word in words):
        wrong = next(word for word in words if not (word.isdigit() and int(word) <= 255))
        raise ValueError(f"pixel '{wrong}' is no number of 0..255")
    found = isqrt(len(words))
    if found < 8 or found * found != len(words) or side not in (None, found):
        raise ValueError(f'{len(words)} pixels, expected {(side or 48) ** 2}: cut or damaged')
    usage = (row.get('Usage') or 'Training').strip().lower()
    if usage not in _USAGE:
        raise ValueError(f"Usage is '{row['Usage']}', allowed Training, PublicTest, PrivateTest")
    label = int(text)
    image = np.array(words, np.uint8).reshape(found, found)
    return Face(name, image, hard_votes(FER2013[label]), label, _USAGE[usage])


def _read_votes(path: Path) -> Iterator[np.ndarray]:
    """Yield the votes of each row of FER+'s fer2013new.csv."""
    with path.open(newline='', encoding='utf-8') as file:
        reader = csv.DictReader(file)
        missing = [name for name in _VOTE_COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise ValueError(f"'{path}' lacks the columns {', '.join(missing)}")
        for number, row in enumerate(reader, 2):
            try:
                yield np.array([int(row[name]) for name in _VOTE_COLUMNS], np.uint8)
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"'{path}' row {number} is cut or damaged: {error}") from error


def _next_votes(tagged: Iterator[np.ndarray], path: Path | None, number: int) -> np.ndarray:
    votes = next(tagged, None)
    if votes is None:
        raise ValueError(f"'{path}' ends before row {number}: cut, or of other pictures")
    return votes


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith('.'))


def _emotions_of(folders: list[Path], mapping: dict[str, str]) -> dict[Path, str | None]:
    """
    Return class folder -> emotion, None where the mapping says 'ignore'.

    :raises ValueError: names every folder that stands for no emotion, and the remedy.
    """
    emotions: dict[Path, str | None] = {}
    unknown: dict[str, None] = {}  # a set that keeps the order: splits repeat the names
    for folder in folders:
        name = mapping.get(folder.name.lower(), folder.name)
        try:
            emotions[folder] = None if name.lower() == 'ignore' else canonical(name)
        except ValueError:
            unknown[f"'{folder.name}'" + f" (mapped to '{name}')" * (name != folder.name)] = None
    if unknown:
        first = next(folder.name for folder in folders if folder not in emotions)
        raise ValueError(
            f'{len(unknown)} class folder{"s" * (len(unknown) > 1)} in '
            f"'{folders[0].parent}' {'stand' if len(unknown) > 1 else 'stands'} for no emotion: "
            f'{", ".join(unknown)}; known are {", ".join(EMOTIONS)}. Give --mapping a YAML file '
            f"with a line for each, such as '{first}: happy' or '{first}: ignore'")
    return emotions


def _read_class(folder: Path, root: Path, emotion: str, split: int, source: Source) -> None:
    label = FER2013.index(emotion) if emotion in FER2013 else None
    before = len(source.faces)
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    for path in tqdm(files, desc=folder.name, disable=None, leave=False):
        name = str(path.relative_to(root))
        if path.suffix.lower() not in PICTURES:
            source.problems.append(Problem(name, 'no picture', 'by its name', 'left out'))
            continue
        try:
            image = read_picture(path)
        except PictureError as error:
            source.problems.append(Problem(name, 'unreadable', str(error), 'left out'))
            continue
        source.faces.append(Face(name, image, hard_votes(emotion), label, split))
    if len(source.faces) == before:
        source.problems.append(Problem(
            str(folder.relative_to(root)), 'empty class', f'no picture of {emotion}', 'none'))
