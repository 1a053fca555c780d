"""Accuracy against each quality measure, with the gates drawn in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fer_ros.perception.quality import QualityConfig

#: At least so many bins, more where each still holds so many faces.
_BINS, _PER_BIN = 8, 150
_LABELS = {'size': 'face size [px]', 'sharpness': 'sharpness', 'brightness': 'mean gray level',
           'visible': 'share inside the frame', 'turn': 'turn of the head [deg]'}


def accuracy_by(values: np.ndarray, right: np.ndarray) -> np.ndarray:
    """
    Return accuracy over bins of equal counts.

    :param values: float (N,), NaN are left out.
    :param right: float (N,), 1 where the answer was right.
    :returns: float (B, 4): median of the bin, accuracy, and its 95 % interval (Wilson 1927).
    """
    known = np.isfinite(values)
    values, right = values[known], right[known]
    rows = []
    for part in np.array_split(np.argsort(values, kind='stable'),
                               max(_BINS, len(values) // _PER_BIN)):
        n = len(part)
        if n == 0:
            continue
        share, z = float(right[part].mean()), 1.96
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        rows.append((float(np.median(values[part])), share, middle - half, middle + half))
    return np.array(rows).reshape(-1, 4)


def plot_measures(measures: Mapping[str, np.ndarray], config: QualityConfig, path: Path) -> None:
    """
    Draw one panel for each measure.

    :param measures: measure -> float (N, 2): value, 1 if the answer was right.
    :param config: its thresholds are the dashed lines.
    :param path: the picture to write.
    """
    gates = {'size': config.min_size, 'sharpness': config.min_sharpness,
             'brightness': config.min_brightness, 'visible': config.min_visible,
             'turn': config.max_turn}
    figure = Figure(figsize=(15, 3.2), layout='constrained')
    for axes, (name, rows) in zip(figure.subplots(1, len(measures), sharey=True),
                                  measures.items()):
        table = accuracy_by(rows[:, 0], rows[:, 1])
        axes.fill_between(table[:, 0], table[:, 2], table[:, 3], alpha=0.2)
        axes.plot(table[:, 0], table[:, 1], marker='o')
        axes.axvline(gates[name], color='tab:red', linestyle='--', linewidth=1)
        axes.set(xlabel=_LABELS[name], ylim=(0, 1), title=f'{len(rows)} faces found')
        if name in ('size', 'sharpness', 'brightness'):
            axes.set_xscale('log')
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel('accuracy of the faces found')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
