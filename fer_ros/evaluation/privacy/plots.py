"""The share of faces left in clear as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure


def plot_in_clear(ways: Mapping[str, Mapping[str, Mapping[str, float]]], path: Path) -> None:
    """
    Draw shares by condition, one row of bars a way.

    :param ways: way -> condition -> ``in_clear`` and so on, 0..1.
    :param path: the picture to write.
    """
    figure = Figure(figsize=(11, 5), layout='constrained')
    axes = figure.subplots()
    conditions = list(next(iter(ways.values())))
    places, width = np.arange(len(conditions)), 0.8 / len(ways)
    for i, (way, rows) in enumerate(ways.items()):
        axes.bar(places + (i - (len(ways) - 1) / 2) * width,
                 [100 * rows[condition]['in_clear'] for condition in conditions], width, label=way)
    axes.set_xticks(places, [name.replace('_', ' ') for name in conditions], rotation=40,
                    ha='right')
    axes.set(ylabel='faces in clear [%]', title='Faces of 24 px and more left in clear')
    axes.grid(axis='y', alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
