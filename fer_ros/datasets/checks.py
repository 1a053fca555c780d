"""What is wrong with a set of faces: constant ones, no faces, duplicates and near duplicates."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from fer_ros.datasets.emotion_data import TRAIN
from fer_ros.datasets.readers import Face, Problem
from fer_ros.perception.labels import EMOTIONS, FERPLUS_VOTES

#: two faces whose hashes are near are the same picture if their pixels correlate so much.
CORRELATION = 0.97
#: kinds of problems: one picture under two labels, its very pixels or nearly.
WRONG_LABEL = 'wrong label: the same picture is in another class'
WRONG_LABEL_NEAR = 'wrong label? nearly the same picture is in another class'
_NOT_A_FACE = FERPLUS_VOTES.index('not_a_face')


class Findings:
    """Problems of N faces, and which of them are left out: bool (N,)."""

    def __init__(self, faces: list[Face]) -> None:
        self.faces = faces
        self.left_out = np.zeros(len(faces), bool)
        self.problems: list[Problem] = []

    def add(self, index: int, kind: str, detail: str, leave_out: bool) -> None:
        """List a problem of a face."""
        self.left_out[index] |= leave_out
        self.problems.append(Problem(self.faces[index].source, kind, detail,
                                     'left out' if leave_out else 'kept'))


def check(faces: list[Face], images: np.ndarray, near_distance: int) -> tuple[
        Findings, list[tuple[int, int]]]:
    """
    Look for everything that should not be learned from. What is held out is listed, and kept.

    :param faces: N faces.
    :param images: uint8 (N, S, S), as they will be written.
    :param near_distance: bits in which hashes of near duplicates may differ; below 0: not sought.
    :returns: the findings, and the pairs of near duplicates.
    """
    findings = Findings(faces)
    spread = images.reshape(len(images), -1).std(1) if len(images) else np.empty(0)
    for index, face in enumerate(faces):
        train = face.split == TRAIN
        if spread[index] < 1:
            findings.add(index, 'constant', 'all pixels are alike', train)
        if face.majority == _NOT_A_FACE:
            findings.add(index, 'not a face', 'by the majority of votes', train)
    _exact(findings, images)
    pairs = near_duplicates(images, near_distance) if near_distance >= 0 else []
    for a, b in pairs:
        _near(findings, a, b)
    return findings, pairs


def near_duplicates(images: np.ndarray, distance: int) -> list[tuple[int, int]]:
    """
    Return pairs (a < b) of pictures that are nearly, but not exactly, the same.

    Candidates are found by hash, confirmed by the correlation of their pixels.

    :param images: uint8 (N, S, S).
    :param distance: bits in which the hashes may differ.
    """
    if len(images) < 2:
        return []
    flat = images.reshape(len(images), -1)
    pairs = []
    for a, b in hash_pairs(perceptual_hash(images), distance):
        x, y = flat[a].astype(np.float32), flat[b].astype(np.float32)
        if (x == y).all() or min(x.std(), y.std()) < 1:
            continue
        if np.corrcoef(x, y)[0, 1] >= CORRELATION:
            pairs.append((int(a), int(b)))
    return pairs


def perceptual_hash(images: np.ndarray) -> np.ndarray:
    """
    Return 64-bit hashes: signs of the low frequencies against their median (pHash, Zauner 2010,
    Implementation and benchmarking of perceptual image hash functions).

    :param images: uint8 (N, S, S), S >= 8.
    :returns: bool (N, 64).
    """
    side = images.shape[-1]
    k, n = np.arange(9)[:, None], np.arange(side)[None, :]
    cosine = np.cos(np.pi * (n + 0.5) * k / side).astype(np.float32)  # first rows of a DCT-II
    low = np.einsum('ki,nij,lj->nkl', cosine, images.astype(np.float32), cosine, optimize=True)
    bits = low[:, 1:, 1:].reshape(len(images), 64)
    return bits > np.median(bits, axis=1, keepdims=True)


def hash_pairs(hashes: np.ndarray, distance: int) -> np.ndarray:
    """
    Return all pairs of hashes that differ in at most so many bits.

    They share at least one of distance + 1 bands exactly: only those are compared.

    :param hashes: bool (N, 64).
    :param distance: 0..20.
    :returns: int64 (M, 2), a < b, sorted.
    :raises ValueError: if the distance is out of range.
    """
    if not 0 <= distance <= 20:
        raise ValueError(f'distance of near duplicates is {distance}, allowed 0..20')
    found = set()
    for band in np.array_split(np.arange(hashes.shape[1]), distance + 1):
        keys = np.packbits(hashes[:, band], axis=1)
        _, group = np.unique(keys, axis=0, return_inverse=True)
        order = np.argsort(group.ravel(), kind='stable')
        starts = np.flatnonzero(np.diff(group.ravel()[order], prepend=-1))
        for rows in np.split(order, starts[1:]):
            if len(rows) > 1:
                found.update(_close(hashes, np.sort(rows), distance))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def _close(hashes: np.ndarray, rows: np.ndarray, distance: int) -> list[tuple[int, int]]:
    """Compare all pairs of a bucket by one product of +-1 vectors."""
    signs = hashes[rows].astype(np.float32) * 2 - 1
    differing = (hashes.shape[1] - signs @ signs.T) / 2
    a, b = np.nonzero(np.triu(differing <= distance, 1))
    return list(zip(rows[a].tolist(), rows[b].tolist()))


def _exact(findings: Findings, images: np.ndarray) -> None:
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        groups[image.tobytes()].append(index)
    for rows in groups.values():
        if len(rows) > 1:
            _same(findings, rows)


def _same(findings: Findings, rows: list[int]) -> None:
    """List pictures with the very same pixels: all that contradict, else all but one."""
    faces = findings.faces
    held_out = [row for row in rows if faces[row].split != TRAIN]
    kept = (held_out or rows)[0]
    for row in rows:
        train = faces[row].split == TRAIN
        other = next((r for r in rows if faces[r].majority != faces[row].majority), None)
        if other is not None:
            findings.add(row, WRONG_LABEL, _labels(faces, row, other), train)
        elif row != kept:
            kind = 'duplicate across splits' if train and held_out else 'duplicate'
            findings.add(row, kind, f'= {faces[kept].source}', train)


def _near(findings: Findings, a: int, b: int) -> None:
    """List a pair; of a pair across splits the training picture is left out."""
    faces = findings.faces
    if faces[a].split == TRAIN != faces[b].split:
        a, b = b, a
    across = faces[b].split == TRAIN != faces[a].split
    if faces[a].majority != faces[b].majority:
        findings.add(b, WRONG_LABEL_NEAR, _labels(faces, b, a), across)
    elif across:
        findings.add(b, 'near duplicate across splits', f'~ {faces[a].source}', True)
    else:
        findings.add(b, 'near duplicate', f'~ {faces[a].source}', False)


def label_name(face: Face) -> str:
    """Return the majority of a face's votes for people."""
    return (EMOTIONS + FERPLUS_VOTES[8:])[face.majority] if face.majority >= 0 else 'no votes'


def _labels(faces: list[Face], row: int, twin: int) -> str:
    return f'{label_name(faces[row])}, but {faces[twin].source} is {label_name(faces[twin])}'
