"""Detectors side by side as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

#: figure -> label, for the bars of the lower row.
_SIZES = {'recall_12-24': '12-24', 'recall_24-48': '24-48', 'recall_48-96': '48-96',
          'recall_96+': '96+'}


def plot_detectors(rows: Mapping[str, Mapping[str, float]], curves: Mapping[str, np.ndarray],
                   conditions: Mapping[str, str], path: Path) -> None:
    """
    Draw recall against false alarms, recall by size and condition, and time.

    :param rows: detector -> figure -> value.
    :param curves: detector -> :func:`~fer_ros.evaluation.detector.metrics.recall_curve`.
    :param conditions: figure -> label of the bars by condition.
    :param path: the picture to write.
    """
    figure = Figure(figsize=(12, 8), layout='constrained')
    top_left, top_right, low_left, low_right = figure.subplots(2, 2).flat
    for name, curve in curves.items():
        top_left.plot(np.maximum(curve[:, 0], 1e-4), curve[:, 1], label=name)
    top_left.axvline(0.01, color='gray', linewidth=0.8, linestyle=':')
    top_left.set(xscale='log', xlim=(2e-3, 1), ylim=(0, 1), xlabel='false alarms per picture',
                 ylabel='recall', title='Faces of 24 px and more')
    top_left.legend()
    top_left.grid(alpha=0.3)
    _bars(top_right, rows, _SIZES, 'recall at 1 false alarm per 100 pictures', 'by size [px]')
    _bars(low_left, rows, conditions, 'recall, faces of 24 px and more', 'by condition')
    times = {key: key[3:] for key in next(iter(rows.values())) if key.startswith('ms_')}
    _bars(low_right, rows, times, 'ms per frame, one core', 'network alone, by input')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _bars(axes: object, rows: Mapping[str, Mapping[str, float]], keys: Mapping[str, str],
          label: str, title: str) -> None:
    places, width = np.arange(len(keys)), 0.8 / max(len(rows), 1)
    for i, (name, row) in enumerate(rows.items()):
        axes.bar(places + (i - (len(rows) - 1) / 2) * width,  # type: ignore[attr-defined]
                 [row.get(key, np.nan) for key in keys], width, label=name)
    axes.set(ylabel=label, title=title)  # type: ignore[attr-defined]
    axes.set_xticks(places, list(keys.values()), rotation=20)  # type: ignore[attr-defined]
    axes.grid(axis='y', alpha=0.3)  # type: ignore[attr-defined]
