"""Pictures of a data set: counts, samples, near duplicates."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from fer_ros.perception.labels import GROUPINGS

_SPLITS = ('train', 'held out', 'sealed')
_COLORS = ('#2a6f97', '#e07a5f', '#6d6875')


def class_counts(emotions: np.ndarray, splits: np.ndarray, group: int) -> dict[str, list[int]]:
    """
    Count the pictures of each class in each split.

    :param emotions: str (N,), '' where there is none.
    :param splits: int (N,), 0..2.
    :param group: a key of GROUPINGS.
    :returns: class -> counts in train, held out and sealed; 'none' for the rest.
    """
    names = np.array([GROUPINGS[group].get(emotion, 'none') for emotion in emotions], dtype=str)
    classes = list(dict.fromkeys(GROUPINGS[group].values())) + ['none'] * ('none' in names)
    return {name: [int(((names == name) & (splits == split)).sum()) for split in range(3)]
            for name in classes}


def plot_counts(counts: dict[str, list[int]]) -> Figure:
    """Draw the counts of each class, one bar a split."""
    figure = Figure(figsize=(max(6.0, 1.2 * len(counts)), 4.2), layout='constrained')
    axes = figure.subplots()
    used = [split for split in range(3) if any(row[split] for row in counts.values())] or [0]
    width = 0.8 / len(used)
    for i, split in enumerate(used):
        values = [row[split] for row in counts.values()]
        bars = axes.bar(np.arange(len(counts)) + (i + 0.5) * width - 0.4, values, width,
                        color=_COLORS[split], label=f'{_SPLITS[split]} ({sum(values)})')
        axes.bar_label(bars, fontsize=7)
    axes.set_xticks(range(len(counts)), list(counts))
    axes.set(ylabel='pictures', title='Pictures per class')
    axes.legend()
    return figure


def plot_samples(images: np.ndarray, emotions: np.ndarray, group: int, per_class: int = 12,
                 seed: int = 0) -> Figure:
    """
    Show random pictures, one row a class.

    :param images: uint8 (N, S, S).
    :param emotions: str (N,).
    """
    generator = np.random.default_rng(seed)
    names = np.array([GROUPINGS[group].get(emotion, 'none') for emotion in emotions], dtype=str)
    classes = [name for name in [*dict.fromkeys(GROUPINGS[group].values()), 'none']
               if (names == name).any()]
    figure = Figure(figsize=(per_class + 1.2, 1.02 * max(len(classes), 1) + 0.4))
    for row, name in zip(figure.subplots(max(len(classes), 1), per_class, squeeze=False), classes):
        chosen = generator.permutation(np.flatnonzero(names == name))[:per_class]
        _fill(row, [images[index] for index in chosen])
        row[0].text(-0.12, 0.5, f'{name}\n{(names == name).sum()}', ha='right', va='center',
                    transform=row[0].transAxes, fontsize=9)
    figure.subplots_adjust(left=0.09, right=0.995, top=0.97, bottom=0.02, wspace=0.05, hspace=0.05)
    return figure


def plot_pairs(images: np.ndarray, names: list[str], pairs: list[tuple[int, int]],
               most: int = 48) -> Figure:
    """
    Show pairs of near duplicates, side by side; those with two labels first, in red.

    :param images: uint8 (N, S, S).
    :param names: label of each of the N, for people.
    """
    shown = sorted(pairs, key=lambda pair: names[pair[0]] == names[pair[1]])[:most]
    columns = min(8, max(len(shown), 3))  # room for the title
    rows = max(1, -(-len(shown) // columns))
    height = rows * 1.3 + 0.5
    figure = Figure(figsize=(columns * 2.1, height))
    all_axes = figure.subplots(rows, columns, squeeze=False)
    for row, start in zip(all_axes, range(0, rows * columns, columns)):
        _fill(row, [np.hstack([images[a], images[b]]) for a, b in shown[start:start + columns]])
    for axes, (a, b) in zip(all_axes.flat, shown):
        agree = names[a] == names[b]
        axes.set_title(names[a] if agree else f'{names[a]} | {names[b]}', fontsize=8, pad=2,
                       color='black' if agree else '#b2182b')
    figure.suptitle(f'near duplicates: {len(shown)} of {len(pairs)} pairs', fontsize=10)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, wspace=0.08, hspace=0.25,
                           top=1 - 0.55 / height)
    return figure


def _fill(row: np.ndarray, pictures: list[np.ndarray]) -> None:
    for axes in row:
        axes.axis('off')
    for axes, picture in zip(row, pictures):
        axes.imshow(picture, cmap='gray', vmin=0, vmax=255)
