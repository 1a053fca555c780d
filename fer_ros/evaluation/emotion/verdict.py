"""What an evaluation's figures mean, in words, with how sure they are."""

from __future__ import annotations

import numpy as np

from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.evaluation.emotion.metrics import share_interval
from fer_ros.perception.labels import EMOTIONS

#: an interval wider than this [share] is a rough figure only.
_ROUGH = 0.15
#: fewer pictures of an emotion tell nothing of it.
_FEWEST = 5
#: confidence may differ so much from accuracy [share] and still be honest.
_HONEST = 0.05
#: a difference that is no likelier than this by chance is one.
_SIGNIFICANCE = 0.05


def verdict(evaluations: list[Evaluation]) -> list[str]:
    """
    Return sentences for people: the first model, then how each other one compares with it.

    :param evaluations: of the same pictures.
    """
    first = evaluations[0]
    return [*_how_good(first), *(f'{name}: {text}' for name, text in (
        (other.name, compare(first, other)) for other in evaluations[1:]))]


def _how_good(evaluation: Evaluation) -> list[str]:
    right = evaluation.correct
    low, high = share_interval(right.sum(), len(right))
    lines = [f'{evaluation.name} is right on {right.sum()} of {len(right)} pictures: '
             f'{_percent(right.mean())} (95 % interval: {_percent(low)} to {_percent(high)}).']
    if high - low > _ROUGH:
        lines.append(f'So few pictures give a rough figure only; about '
                     f'{_enough(right.mean())} would tell it to 5 points.')
    counts = evaluation.matrix.sum(1)
    most = int(counts.argmax())
    guess = counts[most] / counts.sum()
    if low <= guess and len(evaluation.present) > 1:
        lines.append(f'Whoever always says {EMOTIONS[most]} is right on {_percent(guess)}: that '
                     'it does better is not proven.')
    if evaluation.unknown:
        lines.append(f'It has no answer for {", ".join(evaluation.unknown)}: those pictures '
                     'count as wrong.')
    return [*lines, *_by_emotion(evaluation), _honesty(evaluation), *_weakness(evaluation)]


def _enough(share: float) -> int:
    """Return how many pictures give an interval of 5 points to either side, rounded up."""
    return int(np.ceil(1.96 ** 2 * max(share * (1 - share), 0.09) / 0.05 ** 2 / 50)) * 50


def _by_emotion(evaluation: Evaluation) -> list[str]:
    """Name the emotion that is known best, the one known least, and those nobody can judge."""
    matrix = evaluation.matrix
    counts = matrix.sum(1)
    judged = np.flatnonzero(counts >= _FEWEST)
    recall = np.diag(matrix)[judged] / counts[judged]
    lines = []
    if len(judged) and recall.max() > recall.min():
        best, worst = judged[recall.argmax()], judged[recall.argmin()]
        others = matrix[worst].copy()
        others[worst] = 0
        lines.append(f'It knows {EMOTIONS[best]} best ({_percent(recall.max())} found) and '
                     f'{EMOTIONS[worst]} least ({_percent(recall.min())}, most often taken for '
                     f'{EMOTIONS[others.argmax()]}).')
    rare = [EMOTIONS[i] for i in np.flatnonzero((counts > 0) & (counts < _FEWEST))]
    if rare:
        lines.append(f'Of {", ".join(rare)} there are too few pictures to tell.')
    return lines


def _honesty(evaluation: Evaluation) -> str:
    """Say whether it is as sure as it is right."""
    right = evaluation.correct
    sure = float(evaluation.probabilities.max(1).mean())
    low, high = share_interval(right.sum(), len(right))
    figures = f'(mean confidence {_percent(sure)}, right on {_percent(right.mean())})'
    if abs(sure - right.mean()) < _HONEST:
        return f'Its probabilities are honest on average {figures}.'
    if low <= sure <= high:
        return f'Whether its probabilities are honest so few pictures cannot tell {figures}.'
    if sure > high:
        return f'It is surer than it is right {figures}: do not trust its probabilities here.'
    return f'It is less sure than it is right {figures}: its states come late here.'


def _weakness(evaluation: Evaluation) -> list[str]:
    """Name the disturbance that costs most."""
    if not evaluation.robustness:
        return []
    kind = min(evaluation.robustness, key=lambda name: evaluation.robustness[name])
    lost = 100 * (evaluation.robustness['clean'] - evaluation.robustness[kind])
    return [f'Of the disturbances, {kind} costs most: {lost:.0f} points.'] if lost > 0 else []


def compare(first: Evaluation, other: Evaluation) -> str:
    """
    Say whether another model is better on the same pictures (McNemar's exact test).

    :param first: what the other one is held to.
    :param other: of the same pictures.
    """
    gained = int((other.correct & ~first.correct).sum())
    lost = int((first.correct & ~other.correct).sum())
    change = (gained - lost) / len(first.correct)
    from scipy.stats import binomtest  # takes a second
    if gained + lost == 0:
        return f'right and wrong on the very same pictures as {first.name}.'
    low, high = _change_interval(gained, lost, len(first.correct))
    figures = (f'{_percent(other.correct.mean())} right, {100 * change:+.1f} points against '
               f'{first.name} (95 % interval: {100 * low:+.1f} to {100 * high:+.1f}; {gained} '
               f'pictures better, {lost} worse)')
    if binomtest(gained, gained + lost).pvalue >= _SIGNIFICANCE:
        return f'{figures}: these {len(first.correct)} pictures prove no difference.'
    return f'{figures}: {"better" if change > 0 else "worse"}.'


def _change_interval(gained: int, lost: int, pictures: int,
                     samples: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the change of a share (percentile bootstrap)."""
    drawn = np.random.default_rng(seed).multinomial(
        pictures, np.array([gained, lost, pictures - gained - lost]) / pictures, samples)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / pictures, [2.5, 97.5])
    return float(low), float(high)


def _percent(share: float) -> str:
    return f'{100 * share:.0f} %'
