"""Which pictures a training sees, how often, and what each class weighs."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fer_ros.datasets.checks import near_duplicates
from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.perception.labels import EMOTIONS

#: a class is shown at most so many times an epoch.
MOST_REPEATS = 5.0
#: bits of 64 in which the hashes of nearly the same picture may differ, as ``fer_ros dataset``.
_HASH_DISTANCE = 6


def balanced_order(
        data: EmotionData, balance: float, generator: torch.Generator) -> torch.Tensor:
    """
    Return the rows of an epoch in random order: every row once, rows of rare classes again.

    A class of n pictures is shown (median / n) ** balance times as often, at most
    :data:`MOST_REPEATS` times, the median being that of the counts of the classes there are.

    :param data: training part.
    :param balance: 0 shows every row once, 1 lets all classes weigh the same.
    :param generator: the source of all randomness.
    :returns: int64 (M,), M >= N, the same M in every epoch.
    """
    order = torch.randperm(len(data), generator=generator)
    times = _rarity(data, balance).clip(1, MOST_REPEATS)
    extra = np.where(data.majority >= 0, times[data.majority] - 1, 0)
    if extra.sum() < 1:
        return order
    again = torch.multinomial(
        torch.from_numpy(extra), int(extra.sum()), replacement=True, generator=generator)
    order = torch.cat([order, again])
    return order[torch.randperm(len(order), generator=generator)]


def class_weights(data: EmotionData, exponent: float) -> torch.Tensor:
    """
    Return what the loss of each emotion weighs: (median / n) ** exponent, mean 1 over the rows.

    :param data: training part.
    :param exponent: 0 weighs all pictures alike, 1 all classes.
    :returns: float32 (8,).
    """
    weights = _rarity(data, exponent)
    counts = np.bincount(data.majority[data.majority >= 0], minlength=len(EMOTIONS))
    mean = (weights * counts).sum() / max(counts.sum(), 1)
    return torch.tensor(weights / (mean or 1.0), dtype=torch.float32)


def stratified_folds(data: EmotionData, folds: int, seed: int) -> np.ndarray:
    """
    Deal the rows into folds so that every emotion is spread evenly.

    :param data: training part.
    :param folds: 2 or more.
    :param seed: of the shuffling.
    :returns: int64 (N,), the fold of each row.
    :raises ValueError: if there are fewer than two folds, or more folds than rows.
    """
    if not 2 <= folds <= len(data):
        raise ValueError(f'{folds} folds of {len(data)} pictures: give 2 to {len(data)}')
    shuffled = np.random.default_rng(seed).permutation(len(data))
    by_class = shuffled[np.argsort(data.majority[shuffled], kind='stable')]
    fold = np.empty(len(data), np.int64)
    fold[by_class] = np.arange(len(data)) % folds
    return fold


def alike(images: np.ndarray) -> np.ndarray:
    """
    Return which pictures are the same one, or nearly: as if they were one piece of evidence.

    :param images: uint8 (N, H, W).
    :returns: int64 (N,), the same number for pictures that are alike, also by way of a third.
    """
    _, same = np.unique(images.reshape(len(images), -1), axis=0, return_inverse=True)
    first = np.unique(same, return_index=True)[1][same.ravel()]
    pairs = np.concatenate([np.stack([np.arange(len(images)), first], 1),
                            np.array(near_duplicates(images, _HASH_DISTANCE)).reshape(-1, 2)])
    graph = coo_matrix((np.ones(len(pairs)), pairs.astype(int).T), (len(images),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def grouped_folds(data: EmotionData, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """
    Deal the rows into folds as :func:`stratified_folds` does, pictures of a group into one.

    :param groups: int64 (N,), of :func:`alike`.
    :raises ValueError: if there are fewer than two folds, or more folds than groups.
    """
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    return stratified_folds(data.subset(first), folds, seed)[group.ravel()]


def _rarity(data: EmotionData, exponent: float) -> np.ndarray:
    """Return (median / n) ** exponent of every class, 1 for classes that are not there."""
    counts = np.bincount(data.majority[data.majority >= 0], minlength=len(EMOTIONS))
    if exponent <= 0 or not counts.any():
        return np.ones(len(EMOTIONS))
    median = np.median(counts[counts > 0])
    return np.where(counts > 0, (median / counts.clip(1)) ** exponent, 1.0)
