"""Pictures of an evaluation: each function returns one matplotlib figure."""

from __future__ import annotations

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

_COLORS = ('#2a6f97', '#e07a5f', '#81b29a', '#b08ea2', '#e9c46a', '#6d6875', '#457b9d')


def confusion(evaluation: Evaluation) -> Figure:
    """Draw the confusion matrix twice: pictures, and shares of the truth [%]."""
    matrix = evaluation.matrix
    shares = 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(12.5, 5.8), layout='constrained')
    for axes, values, title in zip(figure.subplots(1, 2), (matrix, shares), (
            'pictures', 'share of each row [%]')):
        axes.imshow(shares, cmap='Blues', vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(values):
            axes.text(column, row, f'{value:.0f}', ha='center', va='center',
                      color='white' if shares[row, column] > 50 else 'black')
        axes.set_xticks(range(len(EMOTIONS)), EMOTIONS, rotation=45, ha='right')
        axes.set_yticks(range(len(EMOTIONS)), [
            f'{label} ({count})' for label, count in zip(EMOTIONS, matrix.sum(1))])
        axes.set(xlabel='predicted', ylabel='majority vote (pictures)', title=title)
    figure.suptitle(f'{evaluation.name}: confusion matrix')
    return figure


def reliability(evaluations: list[Evaluation]) -> Figure:
    """Draw how often answers of a given confidence are right, and how frequent they are."""
    figure = Figure(figsize=(6.4, 6.4), layout='constrained')
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={'height_ratios': (3, 1)})
    top.plot([0, 1], [0, 1], color='gray', linestyle=':', label='calibrated')
    for evaluation, color in zip(evaluations, _cycle(len(evaluations))):
        confidence = evaluation.probabilities.max(1)
        bins = reliability_bins(confidence, evaluation.correct)
        filled = bins['count'] > 0
        error = expected_calibration_error(evaluation.probabilities, evaluation.data.majority)
        top.plot(bins['confidence'][filled], bins['accuracy'][filled], 'o-', color=color,
                 label=f'{evaluation.name} (ECE {error:.3f})')
        bottom.hist(confidence, bins=15, range=(0, 1), histtype='step', color=color)
    top.set(ylabel='accuracy', title='Reliability', xlim=(0, 1), ylim=(0, 1))
    top.legend()
    bottom.set(xlabel='confidence (probability of the first answer)', ylabel='pictures')
    return figure


def class_calibration(evaluation: Evaluation) -> Figure:
    """Draw the reliability of each emotion's own probability."""
    figure = Figure(figsize=(11, 5.6), layout='constrained')
    for index, axes in enumerate(figure.subplots(2, 4, sharex=True, sharey=True).flat):
        truth = evaluation.data.majority == index
        bins = reliability_bins(evaluation.probabilities[:, index], truth, 10)
        filled = bins['count'] >= 5  # fewer pictures tell nothing
        axes.plot([0, 1], [0, 1], color='gray', linestyle=':')
        axes.plot(bins['confidence'][filled], bins['accuracy'][filled], 'o-', color=_COLORS[0])
        axes.set_title(f'{EMOTIONS[index]} ({truth.sum()})', fontsize=10)
    figure.suptitle(f'{evaluation.name}: calibration per class (bins of 5 pictures or more)')
    figure.supxlabel('probability')
    figure.supylabel('share of pictures with this majority')
    return figure


def class_f1(evaluations: list[Evaluation]) -> Figure:
    """Draw the F1 of every emotion, one bar a model."""
    scores = [class_scores(evaluation.matrix)['f1'] for evaluation in evaluations]
    support = evaluations[0].matrix.sum(1)
    names = [f'{label}\n({count})' for label, count in zip(EMOTIONS, support)]
    return _bars(names, scores, evaluations, 'F1', 'F1 per emotion (pictures)')


def robustness(evaluations: list[Evaluation]) -> Figure:
    """Draw the accuracy under each disturbance, one bar a model."""
    kinds = list(evaluations[0].robustness)
    values = [np.array([evaluation.robustness[kind] for kind in kinds])
              for evaluation in evaluations]
    names = [kind.split(' (')[0].replace(' ', '\n', 1) for kind in kinds]
    return _bars(names, values, evaluations, 'accuracy',
                 'Robustness (pictures with a clear majority)')


def grid(evaluation: Evaluation, right: bool, per_class: int = 12, seed: int = 0) -> Figure:
    """Show right or wrong answers: one row an emotion (the majority vote)."""
    answers = evaluation.probabilities.argmax(1)
    generator = np.random.default_rng(seed)
    figure = Figure(figsize=(1.05 * per_class + 1, 10.4))
    all_axes = figure.subplots(len(EMOTIONS), per_class, squeeze=False)
    for index, row_axes in enumerate(all_axes):
        rows = np.flatnonzero(
            (evaluation.data.majority == index) & (evaluation.correct == right))
        rows = generator.permutation(rows)[:per_class]
        for axes in row_axes:
            axes.axis('off')
        for axes, row in zip(row_axes, rows):
            axes.imshow(evaluation.data.images[row], cmap='gray', vmin=0, vmax=255)
            answer = answers[row]
            axes.set_title(f'{EMOTIONS[answer]} {evaluation.probabilities[row, answer]:.2f}',
                           fontsize=7, pad=2, color='#1b7837' if right else '#b2182b')
        row_axes[0].text(-0.15, 0.5, EMOTIONS[index], transform=row_axes[0].transAxes,
                         ha='right', va='center', fontsize=9)
    kind = 'right' if right else 'wrong'
    figure.suptitle(f'{evaluation.name}: {kind} answers; a row is a majority vote, '
                    'a title the answer and its probability', fontsize=10)
    figure.subplots_adjust(left=0.09, right=0.99, top=0.93, bottom=0.01, wspace=0.06)
    return figure


def _bars(names: list[str], values: list[np.ndarray], evaluations: list[Evaluation],
          label: str, title: str) -> Figure:
    figure = Figure(figsize=(max(7.0, 1.15 * len(names)), 4.2), layout='constrained')
    axes: Axes = figure.subplots()
    width = 0.8 / len(values)
    for i, (value, color) in enumerate(zip(values, _cycle(len(values)))):
        axes.bar(np.arange(len(names)) + (i + 0.5) * width - 0.4, value, width, color=color,
                 label=evaluations[i].name)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set(ylabel=label, title=title, ylim=(0, 1))
    axes.grid(axis='y', alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def _cycle(count: int) -> list[str]:
    return [_COLORS[i % len(_COLORS)] for i in range(count)]
