"""
Tell how far near duplicates between training and public part flatter the accuracy.

``python -m tools.leak_check FER2013_WITH_VOTES.npz``: accuracy on the public pictures with a clear
majority, with and without those that a training picture nearly equals.
"""

from __future__ import annotations

import sys

import numpy as np

from fer_ros.datasets.checks import near_duplicates
from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.emotion.evaluation import probabilities_of
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.resources import resource_path

#: bits of 64, as ``fer_ros dataset`` has it.
DISTANCE = 6


def main() -> None:
    """Print both accuracies."""
    train, public = load_fer2013(sys.argv[1])
    pairs = near_duplicates(np.concatenate([train.images, public.images]), DISTANCE)
    twins = {b - len(train) for a, b in pairs if a < len(train) <= b}
    twin = np.isin(np.arange(len(public)), sorted(twins))
    classifier = EmotionClassifier(resource_path('models/emotion.onnx'))
    right = probabilities_of(classifier, public.images).argmax(1) == public.majority
    print(f'{twin.sum()} of {len(public)} public pictures nearly equal a training picture')
    for name, rows in (('all', public.clear), ('without them', public.clear & ~twin),
                       ('only them', public.clear & twin)):
        print(f'{name:12} {rows.sum():5d} pictures, accuracy {100 * right[rows].mean():.2f} %')


if __name__ == '__main__':
    main()
