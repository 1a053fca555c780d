"""Which pictures are shown, how often, and what classes weigh."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from fer_ros.datasets.emotion_data import EmotionData  # noqa: E402
from fer_ros.emotion_training.sampling import (  # noqa: E402
    alike,
    balanced_order,
    class_weights,
    grouped_folds,
    stratified_folds,
)


def data_of(*counts, unknown=0):
    """Return tiny pictures, so many of each emotion, and some without a majority."""
    majority = np.concatenate([np.repeat(np.arange(len(counts)), counts),
                               np.full(unknown, -1)]).astype(np.int64)
    n = len(majority)
    return EmotionData(np.zeros((n, 2, 2), np.uint8), np.zeros((n, 8), np.float32), majority,
                       np.zeros(n, np.int64), np.ones(n, bool))


@pytest.mark.parametrize('balance, expected', [
    (0, [90, 30, 10]),      # as they are
    (1, [90, 30, 30]),      # rare ones as often as the median
    (0.5, [90, 30, 17])])   # 10 * sqrt(3), rounded down
def test_balanced_order(balance, expected):
    """Every row once, rare ones again; the length is the same in every epoch."""
    data = data_of(90, 30, 10, unknown=5)
    for seed in range(3):
        order = balanced_order(data, balance, torch.Generator().manual_seed(seed)).numpy()
        assert set(order) == set(range(len(data)))
        shown = np.bincount(data.majority[order][data.majority[order] >= 0])
        assert shown.tolist() == expected


def test_a_single_picture_is_not_shown_a_hundred_times():
    """The repetition has an end."""
    order = balanced_order(data_of(100, 100, 1), 1, torch.Generator().manual_seed(0))
    assert (order == 200).sum() == 5


def test_order_of_nothing():
    """No rows, no order."""
    assert len(balanced_order(data_of(), 1, torch.Generator())) == 0


def test_class_weights():
    """All ones, or all classes alike with mean 1 over the pictures; absent ones do no harm."""
    data = data_of(60, 30, 10)
    assert class_weights(data, 0).tolist() == [1] * 8
    weights = class_weights(data, 1).numpy()
    np.testing.assert_allclose(weights[:3] * [60, 30, 10], 100 / 3, rtol=1e-5)
    assert np.isfinite(class_weights(data_of(unknown=3), 1)).all()


def test_folds():
    """Every class is spread evenly; the seed decides."""
    data = data_of(50, 11, 5)
    folds = stratified_folds(data, 5, seed=1)
    for emotion in range(3):
        counts = np.bincount(folds[data.majority == emotion], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert (folds == stratified_folds(data, 5, seed=1)).all()
    assert (folds != stratified_folds(data, 5, seed=2)).any()


@pytest.mark.parametrize('folds', [0, 1, 67])
def test_impossible_folds(folds):
    """The number is named."""
    with pytest.raises(ValueError, match=f'{folds} folds of 66'):
        stratified_folds(data_of(50, 11, 5), folds, 1)


def test_pictures_that_are_alike_are_in_one_fold(astronaut):
    """The same one, the same with noise, and by way of a third; another one is another."""
    face = astronaut[55:185:2, 165:295:2, 1][:48, :48].copy()
    noisy = np.clip(face + np.random.default_rng(0).normal(0, 4, face.shape), 0, 255)
    other = np.ascontiguousarray(face[::-1])
    images = np.stack([face, other, noisy, face, np.rot90(face)]).astype(np.uint8)
    groups = alike(images)
    assert groups[0] == groups[2] == groups[3] and len(set(groups)) == 3
    data = EmotionData(images, np.eye(8, dtype=np.float32)[[0] * 5], np.zeros(5, np.int64),
                       np.zeros(5, np.int64), np.ones(5, bool))
    folds = grouped_folds(data, groups, 3, seed=1)
    assert folds[0] == folds[2] == folds[3] and sorted(set(folds)) == [0, 1, 2]
