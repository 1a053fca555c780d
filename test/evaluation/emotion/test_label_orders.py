"""Every model's label order, proven by pictures: a wrong order is the oldest bug of the trade."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.emotion.evaluation import fer2013_answers, probabilities_of
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS, FER2013
from fer_ros.resources import resource_path

PEERS = ('fer2013_mini_XCEPTION.102-0.66', 'fer2013_big_XCEPTION.54-0.66')


@pytest.fixture(scope='module')
def known(data_folder):
    """Return public pictures on whose emotion votes and FER2013 label agree, 80 a class."""
    _, public = load_fer2013(data_folder / 'fer2013' / 'fer2013_train_public.npz')
    in_our_order = np.array([EMOTIONS.index(label) for label in FER2013])
    agreed = public.subset(public.clear & (in_our_order[public.labels] == public.majority))
    rows = [np.flatnonzero(agreed.labels == label)[:80] for label in range(len(FER2013))]
    return agreed.subset(np.concatenate(rows))


def assert_order(scores, truth, name):
    """Each score is, on the mean, highest on the pictures of its own label."""
    means = np.array([scores[truth == label].mean(0) for label in range(len(FER2013))])
    for column, label in enumerate(FER2013):
        highest = FER2013[means[:, column].argmax()]
        assert highest == label, f'{name}: output {column} is highest on {highest}, not {label}'


@pytest.mark.parametrize('peer', PEERS)
def test_peers(peer, known, data_folder, tmp_path):
    """The cards that ship for peers have the right order."""
    model = data_folder / 'peers' / f'{peer}.onnx'
    if not model.exists():
        pytest.skip(f'needs {model.name}')
    shutil.copy(model, tmp_path)
    shutil.copy(resource_path(f'config/model_cards/{peer}.yaml'), tmp_path)
    classifier = EmotionClassifier(Path(tmp_path) / model.name)
    assert_order(fer2013_answers(classifier, known.images), known.labels, peer)


@pytest.mark.parametrize('model', ['models/emotion.onnx', 'models/emotion_int8.onnx'])
def test_ours(model, known):
    """Both heads, both files."""
    classifier = EmotionClassifier(resource_path(model))
    assert_order(fer2013_answers(classifier, known.images), known.labels, model)
    columns = [EMOTIONS.index(label) for label in FER2013]
    votes_head = probabilities_of(classifier, known.images)[:, columns]
    assert_order(votes_head, known.labels, model)
