"""What is known of a classifier's errors: how common emotions are, and what they are taken for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: pictures that every cell of the confusion matrix is given beforehand (Laplace).
_PSEUDO_COUNT = 1.0
#: accuracy assumed of a model whose card has no confusion matrix.
_ASSUMED_ACCURACY = 0.7


@dataclass(frozen=True)
class ErrorModel:
    """
    :param prior: (L,), how common each emotion is, sums to 1.
    :param answers: (L, L), P(answer j | truth k) in row k; rows sum to 1.
    """

    prior: np.ndarray
    answers: np.ndarray


def error_model(metrics: dict[str, Any], count: int) -> ErrorModel:
    """
    Read the error model from the metrics of a model card.

    :param metrics: of a loaded card, which has checked them: with ``confusion``, the (L, L)
        matrix of counts, truth in rows; without it all emotions are equally common and equally
        often mistaken.
    :param count: L, number of labels.
    """
    if 'confusion' not in metrics:
        wrong = (1 - _ASSUMED_ACCURACY) / max(count - 1, 1)
        answers = np.full((count, count), wrong)
        np.fill_diagonal(answers, _ASSUMED_ACCURACY)
        return ErrorModel(np.full(count, 1 / count), answers)
    matrix = np.asarray(metrics['confusion'], float) + _PSEUDO_COUNT
    return ErrorModel(matrix.sum(1) / matrix.sum(), matrix / matrix.sum(1, keepdims=True))
