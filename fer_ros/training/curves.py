"""The course of a training run as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure


def plot_history(history: list[dict[str, float]], path: Path) -> None:
    """
    Draw the loss and every other column of a run's history.

    :param history: rows; the first column counts epochs or steps, columns whose name begins
        with 'loss' share the upper axes, the rest the lower one.
    :param path: PNG file.
    """
    if not history:
        return
    count, *columns = history[0]
    losses = [name for name in columns if name.startswith('loss')]
    others = [name for name in columns if name not in losses]
    figure = Figure(figsize=(7, 6 if others else 3.4), layout='constrained')
    all_axes = figure.subplots(1 + bool(others), 1, sharex=True, squeeze=False)[:, 0]
    for axes, names in zip(all_axes, (losses, others)):
        for name in names:
            axes.plot([row[count] for row in history], [row.get(name) for row in history],
                      marker='.' if len(history) < 50 else None, label=name)
        axes.grid(alpha=0.3)
        if names:
            axes.legend()
    all_axes[-1].set_xlabel(count)
    figure.savefig(path, dpi=100)
