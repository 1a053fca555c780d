"""Judging a model on real portraits: figures, tables, pictures, the one-file report."""

import json
import re

import numpy as np
import pytest

from fer_ros.datasets.emotion_data import NO_LABEL, EmotionData
from fer_ros.evaluation.emotion import evaluate
from fer_ros.evaluation.emotion.evaluation import (
    evaluate_classifier,
    fer2013_answers,
    probabilities_of,
)
from fer_ros.evaluation.emotion.robustness import KINDS, robustness
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS, FER2013
from fer_ros.perception.model_card import ModelCardError
from fer_ros.resources import resource_path


def portraits(astronaut, hopper, count=6):
    """Return crops of a smiling and a serious face with their votes."""
    import cv2
    faces = [astronaut[55:185, 165:295, 1], hopper[95:345, 140:390, 1]]
    images = np.stack([cv2.resize(np.roll(faces[i % 2], i // 2, 1), (48, 48))
                       for i in range(count)])
    majority = np.array([EMOTIONS.index('happy'), EMOTIONS.index('neutral')])[
        np.arange(count) % 2]
    labels = np.array([FER2013.index(EMOTIONS[index]) for index in majority])
    return EmotionData(images, np.eye(8, dtype=np.float32)[majority], majority, labels,
                       np.ones(count, bool))


@pytest.fixture(scope='module')
def data(astronaut, hopper):
    """Return six pictures of two people."""
    return portraits(astronaut, hopper)


@pytest.fixture(scope='module')
def classifier():
    """Open the network that ships."""
    return EmotionClassifier(resource_path('models/emotion.onnx'))


def test_figures(classifier, data):
    """A smile is a smile; every figure is finite and within its range."""
    evaluation = evaluate_classifier(classifier, data)
    summary = evaluation.summary()
    assert summary['pictures'] == summary['fer2013_pictures'] == len(data)
    assert summary['recall']['happy'] == 1.0
    assert summary['accuracy_95_percent'][0] <= summary['accuracy']
    assert list(evaluation.robustness) == ['clean', *KINDS]
    assert evaluation.matrix.sum() == len(data)
    assert summary['cost']['bytes'] > 1e6
    assert summary['cost']['parameters'] < 2.5e6
    assert json.loads(json.dumps(summary)) == summary
    for key, value in summary.items():
        if isinstance(value, float):
            assert np.isfinite(value), key


def test_rows_without_majority_or_label(classifier, data):
    """They count where they can: contempt has no FER2013 label, 'unknown' no majority."""
    labels, majority = data.labels.copy(), data.majority.copy()
    labels[0], majority[1] = NO_LABEL, -1
    partly = EmotionData(data.images, data.votes, majority, labels, data.clear)
    summary = evaluate_classifier(classifier, partly, thorough=False).summary()
    assert (summary['pictures'], summary['fer2013_pictures']) == (5, 5)
    nothing = EmotionData(data.images, data.votes, 0 * majority - 1, labels, data.clear)
    with pytest.raises(ValueError, match='nothing to judge'):
        evaluate_classifier(classifier, nothing)


def test_no_pictures(classifier):
    """The empty batch has the right shapes."""
    empty = np.empty((0, 48, 48), np.uint8)
    assert probabilities_of(classifier, empty).shape == (0, 8)
    assert fer2013_answers(classifier, empty).shape == (0, 7)


@pytest.mark.parametrize('kind', KINDS)
def test_disturbances(kind, data):
    """Each one changes the pictures, keeps their shape and type, and takes none."""
    for test in KINDS[kind]:
        disturbed = test(data.images)
        assert disturbed.shape == data.images.shape
        assert disturbed.dtype == np.uint8
        assert (disturbed != data.images).any(axis=(1, 2)).all()
        assert len(test(data.images[:0])) == 0


def test_robustness_is_the_mean_of_the_tests(data):
    """Whoever needs the left half only gets half of 'left or right half covered'."""
    def accuracy(images):
        return float((images[:, :, :24] != 128).any())
    assert robustness(accuracy, data.images)['left or right half covered'] == 0.5


def save(path, data, **changes):
    """Write the pictures as the npz that training and judging read."""
    votes = np.zeros((len(data), 10), np.uint8)
    votes[np.arange(len(data)), data.majority] = 10
    np.savez(path, images=data.images, labels=data.labels.astype(np.uint8), ferplus_votes=votes,
             split=np.ones(len(data), np.uint8), **changes)
    return path


def test_command(tmp_path, data, capsys):
    """Two models in one table; the report holds all pictures and loads nothing."""
    other = tmp_path / 'other.onnx'
    shipped = resource_path('models/emotion.onnx')
    other.write_bytes(shipped.read_bytes())
    card = shipped.with_suffix('.yaml').read_text(encoding='utf-8')
    other.with_suffix('.yaml').write_text(
        re.sub('^name: .*', 'name: other', card), encoding='utf-8')
    file = save(tmp_path / 'd.npz', data)
    out = tmp_path / 'report'
    assert evaluate.main(
        [str(shipped), str(other), '--data', str(file), '--output', str(out)]) == 0
    printed = capsys.readouterr().out
    assert 'other' in printed and '20 degrees of roll' in printed
    assert 'pictures: 100 % (95 % interval: 61 % to 100 %)' in printed  # six of six
    assert 'right and wrong on the very same pictures' in printed
    html = (out / 'report.html').read_text(encoding='utf-8')
    assert html.count('data:image/png;base64,') == len(list(out.glob('*.png'))) >= 7
    assert not re.search(r'(src|href)="(?!data:)', html)
    figures = json.loads((out / 'evaluation.json').read_text(encoding='utf-8'))
    assert set(figures['models']) == {'fer_ros_emotion', 'other'}
    # Ours and a copy whose card was not renamed: both are there, and which is which is told.
    other.with_suffix('.yaml').write_text(card, encoding='utf-8')
    assert evaluate.main([str(shipped), str(other), str(other), '--data', str(file), '--quick',
                          '--output', str(out)]) == 0
    printed = capsys.readouterr()
    assert "other.onnx' is called fer_ros_emotion_2 here" in printed.out + printed.err
    figures = json.loads((out / 'evaluation.json').read_text(encoding='utf-8'))
    assert list(figures['models']) == [
        'fer_ros_emotion', 'fer_ros_emotion_2', 'fer_ros_emotion_3']


def test_wrong_number_of_labels(tmp_path):
    """A card with seven labels for eight outputs is refused, by name and number."""
    shipped = resource_path('models/emotion.onnx')
    model = tmp_path / 'm.onnx'
    model.write_bytes(shipped.read_bytes())
    card = shipped.with_suffix('.yaml').read_text(encoding='utf-8')
    card = card.replace('- contempt\n', '').replace('  confusion:', '  counts:')
    model.with_suffix('.yaml').write_text(card, encoding='utf-8')
    with pytest.raises(ModelCardError, match='8 outputs, its card 7 labels'):
        EmotionClassifier(model)


def test_unknown_output(classifier, data):
    """The outputs that there are are named."""
    with pytest.raises(ValueError, match='fer2013_logits'):
        classifier.output(data.images, 'features')
