"""Which data a run learned from, as its checkpoint tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def told_data(path: Path, pictures: int, arrays: Iterable[np.ndarray],
              **more: Any) -> dict[str, Any]:
    """
    Return what a checkpoint says of the data that it was trained on.

    :param path: of the data; :func:`data_name` of it is kept.
    :param pictures: to learn from.
    :param arrays: their content, in an order that is the same every time.
    :param more: what else to tell, for the card of the network.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f'{array.shape} {array.dtype}'.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return {'file': data_name(path), 'sha256': digest.hexdigest(), 'pictures': pictures,
            **more}


def data_name(path: Path) -> str:
    """Return the name of data, not where it lies: of ``dataset.npz`` that of its folder."""
    name = path.parent.name if path.name == 'dataset.npz' else ''
    return name or path.name or str(path)


def named(data: dict[str, Any]) -> str:
    """Return which data a run learned from, for people."""
    return f"'{data['file']}' ({data['pictures']} pictures, sha256 {data['sha256'][:8]})"
