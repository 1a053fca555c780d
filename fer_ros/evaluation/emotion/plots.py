"""Pictures of an evaluation: each function returns one matplotlib figure."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.evaluation.emotion.metrics import (
    class_scores,
    expected_calibration_error,
    reliability_bins,
)
from fer_ros.perception.labels import EMOTIONS

#: fewer pictures of an emotion leave no bin that tells anything.
_CALIBRATED = 20
_COLORS = ('#2a6f97', '#e07a5f', '#81b29a', '#b08ea2', '#e9c46a', '#6d6875', '#457b9d')


def confusion(evaluation: Evaluation) -> Figure:
    """Draw the confusion matrix twice: pictures, and shares of the truth [%]; no empty rows."""
    rows = np.flatnonzero(evaluation.matrix.any(1))
    columns = np.flatnonzero((evaluation.matrix + evaluation.matrix.T).any(1))
    matrix = evaluation.matrix[np.ix_(rows, columns)]
    shares = 100 * matrix / matrix.sum(1, keepdims=True)
    truth = 'majority vote' if evaluation.voted else 'label'
    figure = Figure(figsize=(12, 2.2 + 0.45 * len(rows)), layout='constrained')
    for axes, values, title in zip(figure.subplots(1, 2), (matrix, shares), (
            'pictures', 'share of each row [%]')):
        axes.imshow(shares, cmap='Blues', vmin=0, vmax=100, aspect='auto')
        for (row, column), value in np.ndenumerate(values):
            axes.text(column, row, f'{value:.0f}', ha='center', va='center',
                      color='white' if shares[row, column] > 50 else 'black')
        axes.set_xticks(range(len(columns)), [EMOTIONS[i] for i in columns], rotation=45,
                        ha='right')
        axes.set_yticks(range(len(rows)), [
            f'{EMOTIONS[row]} ({count})' for row, count in zip(rows, matrix.sum(1))])
        axes.set(xlabel='answer', ylabel=f'{truth} (pictures)', title=title)
    figure.suptitle(f'{evaluation.name}: confusion matrix')
    return figure


def reliability(evaluations: list[Evaluation]) -> Figure:
    """Draw how often answers of a given confidence are right, and how frequent they are."""
    figure = Figure(figsize=(6.4, 6.4), layout='constrained')
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={'height_ratios': (3, 1)})
    top.plot([0, 1], [0, 1], color='gray', linestyle=':', label='calibrated')
    for evaluation, color in zip(evaluations, _cycle(len(evaluations))):
        confidence = evaluation.probabilities.max(1)
        # A bin of few pictures tells nothing.
        bins = reliability_bins(confidence, evaluation.correct,
                                int(np.clip(len(confidence) // 20, 4, 15)))
        filled = bins['count'] >= 3
        error = expected_calibration_error(evaluation.probabilities, evaluation.data.majority)
        top.plot(bins['confidence'][filled], bins['accuracy'][filled], 'o-', color=color,
                 label=f'{evaluation.name} (ECE {error:.3f})')
        bottom.hist(confidence, bins=15, range=(0, 1), histtype='step', color=color)
    top.set(ylabel='accuracy', title='Reliability', xlim=(0, 1), ylim=(0, 1))
    top.legend()
    bottom.set(xlabel='confidence (probability of the first answer)', ylabel='pictures')
    return figure


def class_calibration(evaluation: Evaluation) -> Figure | None:
    """
    Draw the reliability of each emotion's own probability.

    :returns: None if there are too few pictures of every emotion.
    """
    shown = np.flatnonzero(evaluation.matrix.sum(1) >= _CALIBRATED)
    if len(shown) == 0:
        return None
    columns = min(len(shown), 4)
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(11, 2.8 * rows), layout='constrained')
    all_axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for axes in list(all_axes)[len(shown):]:
        axes.axis('off')
    for index, axes in zip(shown, all_axes):
        truth = evaluation.data.majority == index
        bins = reliability_bins(evaluation.probabilities[:, index], truth, 10)
        filled = bins['count'] >= 5  # fewer pictures tell nothing
        axes.plot([0, 1], [0, 1], color='gray', linestyle=':')
        axes.plot(bins['confidence'][filled], bins['accuracy'][filled], 'o-', color=_COLORS[0])
        axes.set_title(f'{EMOTIONS[index]} ({truth.sum()})', fontsize=10)
    figure.suptitle(f'{evaluation.name}: calibration per class (bins of 5 pictures or more)')
    figure.supxlabel('probability')
    figure.supylabel('share that shows it')
    return figure


def class_f1(evaluations: list[Evaluation]) -> Figure:
    """Draw the F1 of every emotion in the pictures with its 95 % interval, one bar a model."""
    present = evaluations[0].present
    rows = [EMOTIONS.index(label) for label in present]
    scores = [class_scores(evaluation.matrix)['f1'][rows] for evaluation in evaluations]
    intervals = [np.array([evaluation.intervals()['f1_95_percent'][label] for label in present])
                 for evaluation in evaluations]
    support = evaluations[0].matrix.sum(1)
    names = [f'{EMOTIONS[row]}\n({support[row]})' for row in rows]
    return _bars(names, scores, evaluations, 'F1',
                 'F1 per emotion (pictures), with 95 % intervals', intervals)


def robustness(evaluations: list[Evaluation]) -> Figure:
    """Draw the accuracy under each disturbance, one bar a model."""
    kinds = list(evaluations[0].robustness)
    values = [np.array([evaluation.robustness[kind] for kind in kinds])
              for evaluation in evaluations]
    names = [textwrap.fill(kind.split(' (')[0], 11) for kind in kinds]
    judged = 'pictures with a clear majority' if evaluations[0].voted else 'all pictures'
    return _bars(names, values, evaluations, 'share that is right', f'Robustness ({judged})')


def grid(evaluation: Evaluation, right: bool, per_class: int = 12, seed: int = 0) -> Figure:
    """Show right or wrong answers: one row an emotion (the truth) that has some."""
    answers = evaluation.probabilities.argmax(1)
    generator = np.random.default_rng(seed)
    of_kind = evaluation.correct == right
    shown = np.unique(evaluation.data.majority[of_kind])
    height = 1.22 * len(shown) + 0.55
    figure = Figure(figsize=(per_class + 1, height))
    for index, row_axes in zip(shown, figure.subplots(len(shown), per_class, squeeze=False)):
        rows = np.flatnonzero((evaluation.data.majority == index) & of_kind)
        count = len(rows)
        rows = generator.permutation(rows)[:per_class]
        for axes in row_axes:
            axes.axis('off')
        for axes, row in zip(row_axes, rows):
            axes.imshow(evaluation.data.images[row], cmap='gray', vmin=0, vmax=255)
            answer = answers[row]
            axes.set_title(f'{EMOTIONS[answer]} {evaluation.probabilities[row, answer]:.2f}',
                           fontsize=7, pad=2, color='#1b7837' if right else '#b2182b')
        row_axes[0].text(-0.15, 0.5, f'{EMOTIONS[index]}\n{count}', ha='right', va='center',
                         transform=row_axes[0].transAxes, fontsize=9)
    truth = 'majority vote' if evaluation.voted else 'label'
    figure.suptitle(f'{evaluation.name}: {"right" if right else "wrong"} answers; a row is a '
                    f'{truth}, a title the answer and its probability', fontsize=10,
                    y=1 - 0.1 / height, va='top')
    figure.subplots_adjust(left=0.09, right=0.99, top=1 - 0.55 / height, bottom=0.02 / height,
                           wspace=0.06, hspace=0.2)
    return figure


def _bars(names: list[str], values: list[np.ndarray], evaluations: list[Evaluation],
          label: str, title: str, intervals: list[np.ndarray] | None = None) -> Figure:
    figure = Figure(figsize=(max(7.0, 1.15 * len(names)), 4.2), layout='constrained')
    axes: Axes = figure.subplots()
    width = 0.8 / len(values)
    for i, (value, color) in enumerate(zip(values, _cycle(len(values)))):
        errors = None if intervals is None else np.abs(intervals[i].T - value)
        axes.bar(np.arange(len(names)) + (i + 0.5) * width - 0.4, value, width, color=color,
                 label=evaluations[i].name, yerr=errors, ecolor='#555', capsize=2)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set(ylabel=label, title=title, ylim=(0, 1))
    axes.grid(axis='y', alpha=0.3)
    figure.legend(fontsize=8, loc='outside lower center', ncols=4)
    return figure


def _cycle(count: int) -> list[str]:
    return [_COLORS[i % len(_COLORS)] for i in range(count)]
