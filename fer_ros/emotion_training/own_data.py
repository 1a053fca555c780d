"""Pictures of people's own: what tells them from FER2013, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.perception.labels import EMOTIONS, GROUPINGS
from fer_ros.training.told_data import told_data


def has_votes(data: EmotionData) -> bool:
    """Tell pictures that several people voted on (FER+) from those with one label each."""
    return bool(((data.votes > 0) & (data.votes < 1)).any())


def data_of(path: Path, train: EmotionData) -> dict[str, Any]:
    """Return what a checkpoint tells of the training pictures, for its card too."""
    counts = np.bincount(train.majority[train.majority >= 0], minlength=len(EMOTIONS))
    return told_data(
        path, len(train), (train.images, train.votes, train.labels), votes=has_votes(train),
        emotions={name: int(n) for name, n in zip(EMOTIONS, counts) if n})


def dataset_file(path: Path) -> Path:
    """Return the npz file: as named, or what ``fer_ros dataset`` wrote to a folder."""
    return path / 'dataset.npz' if path.is_dir() else path


def groups_of(path: Path) -> int:
    """Return the number of classes that ``fer_ros dataset --groups`` kept; 8 if it is not told."""
    try:
        facts = json.loads(path.with_name('dataset.json').read_text(encoding='utf-8'))
        groups = int(facts['options']['groups'])
    except (OSError, ValueError, KeyError, TypeError):
        return 8
    return groups if groups in GROUPINGS else 8
