"""Judging a face: what is not good enough is told and not classified, what is gets its map."""

import numpy as np
import pytest

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_judge import FaceJudge
from fer_ros.perception.quality import QualityConfig
from fer_ros.perception.types import BoundingBox, Detection

#: the astronaut's face, by eye [px].
FACE = Detection(BoundingBox(180, 66, 92, 112), 0.9)


@pytest.fixture(scope='module')
def classifier(pipeline_config):
    """Return the shipped emotion network."""
    return EmotionClassifier(pipeline_config.emotion_model)


def test_each_face_gets_its_own_judgment_in_order(classifier, astronaut):
    """Good, too small, cut off, good: answers do not slip by one."""
    small = Detection(BoundingBox(200, 100, 10, 10), 0.9)
    outside = Detection(BoundingBox(-60, 66, 92, 112), 0.9)
    judge = FaceJudge(classifier, QualityConfig(), maps=True)
    judged = judge.judge(astronaut, [FACE, small, outside, FACE])
    assert [one.quality for one in judged] == ['ok', 'too_small', 'cut_off', 'ok']
    first, *bad, last = judged
    np.testing.assert_allclose(first.probabilities, last.probabilities, atol=1e-5)
    assert classifier.labels[first.probabilities.argmax()] == 'happy'
    assert first.activation.ndim == 2 and 0.5 <= first.weight <= 1
    assert all(len(one.probabilities) == 0 and one.activation is None for one in bad)


def test_dark_and_flat_pictures_are_not_classified(classifier, astronaut):
    """The look of the crop counts too."""
    judge = FaceJudge(classifier, QualityConfig())
    assert judge.judge(astronaut // 64, [FACE])[0].quality == 'too_dark'
    assert judge.judge(np.full_like(astronaut, 128), [FACE])[0].quality == 'blurred'


def test_no_faces(classifier, astronaut):
    """The empty list."""
    assert FaceJudge(classifier, QualityConfig()).judge(astronaut, []) == []
