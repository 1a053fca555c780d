"""The shipped emotion network, and models that do not fit their cards."""

import shutil

import numpy as np
import pytest
import yaml

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.model_card import ModelCardError, sha256_of


@pytest.fixture(scope='module')
def classifier(pipeline_config):
    """Return the shipped network."""
    return EmotionClassifier(pipeline_config.emotion_model)


def test_a_smile_is_happy_in_color_and_gray(classifier, pipeline_config, astronaut, hopper):
    """Two real portraits; their mirror images get the same answer."""
    detector = load_face_detector(pipeline_config.detector_model)
    for picture, label in ((astronaut, 'happy'), (hopper, 'neutral')):
        for version in (picture, np.ascontiguousarray(picture[:, ::-1]),
                        picture.mean(2).astype(np.uint8)):
            crops = classifier.crops(version, detector.detect(version)[:1])
            probabilities, _ = classifier.classify(crops)
            assert EMOTIONS[int(probabilities[0].argmax())] == label


@pytest.mark.parametrize('count', [0, 1, 2, 33])
def test_batches(classifier, count):
    """Any number of faces; each row sums to 1 and does not depend on the others."""
    crops = np.random.default_rng(0).integers(0, 255, (count, 48, 48), np.uint8)
    probabilities, maps = classifier.classify(crops, maps=True)
    assert probabilities.shape == (count, 8)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    if count:
        assert maps.shape[:2] == (count, 8)
        alone, _ = classifier.classify(crops[-1:])
        np.testing.assert_allclose(alone[0], probabilities[-1], atol=1e-4)


def test_the_activation_map_is_exact(classifier):
    """The mean of a map is its logit: the softmax of the means gives the probabilities."""
    crops = np.random.default_rng(1).integers(0, 255, (3, 48, 48), np.uint8)
    probabilities, maps = classifier.classify(crops, maps=True)
    logits = maps.mean((2, 3)) / classifier.card.temperature
    expected = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(probabilities, expected / expected.sum(1, keepdims=True),
                               atol=1e-4)


def test_light_and_contrast_do_not_matter(classifier):
    """Half the light gives the same answer (each crop is standardized)."""
    crop = np.random.default_rng(2).integers(40, 200, (1, 48, 48)).astype(np.float32)
    bright, _ = classifier.classify(crop)
    dark, _ = classifier.classify(crop * 0.5)
    np.testing.assert_allclose(bright, dark, atol=1e-3)


@pytest.mark.parametrize('change, text', [
    ({'labels': list(EMOTIONS[:7])}, 'must be 7 rows of 7'),
    ({'labels': list(EMOTIONS[:7]), 'metrics': {}}, '8 outputs, its card 7 labels'),
    ({'input_size': [40, 64], 'color': 'bgr'}, 'does not take the input')])
def test_cards_that_lie(pipeline_config, tmp_path, change, text):
    """The peers' defect: 7 labels for an 8-class model must be refused at load."""
    model = tmp_path / 'm.onnx'
    shutil.copy(pipeline_config.emotion_model, model)
    card = yaml.safe_load(pipeline_config.emotion_model.with_suffix('.yaml').read_text())
    card = {**card, **change, 'sha256': sha256_of(model)}
    model.with_suffix('.yaml').write_text(yaml.safe_dump(card))
    with pytest.raises(ModelCardError, match=text):
        EmotionClassifier(model)


def test_a_file_that_is_no_onnx(pipeline_config, tmp_path):
    """Its name is told."""
    model = tmp_path / 'm.onnx'
    model.write_bytes(b'no model')
    card = yaml.safe_load(pipeline_config.emotion_model.with_suffix('.yaml').read_text())
    model.with_suffix('.yaml').write_text(yaml.safe_dump({**card, 'sha256': sha256_of(model)}))
    with pytest.raises(ModelCardError, match=r'm\.onnx'):
        EmotionClassifier(model)


def test_the_published_accuracy(classifier, data_folder):
    """The model card's figure, measured again."""
    pytest.importorskip('torch')
    from fer_ros.datasets.emotion_data import load_fer2013
    from fer_ros.evaluation.emotion.evaluate import evaluate_classifier
    _, public = load_fer2013(data_folder / 'fer2013/fer2013_train_public.npz')
    summary = evaluate_classifier(classifier, public, thorough=False).summary()
    assert summary['accuracy'] == pytest.approx(classifier.card.metrics['accuracy'], abs=0.001)
    assert summary['accuracy'] > 0.82
    assert summary['ece_15_bins'] < 0.03


def test_peers_through_the_same_class(data_folder, tmp_path, astronaut, pipeline_config):
    """mini_XCEPTION with its own card: NHWC, 64 px, softmax inside, 7 labels."""
    model = tmp_path / 'mini.onnx'
    shutil.copy(data_folder / 'peers/fer2013_mini_XCEPTION.102-0.66.onnx', model)
    model.with_suffix('.yaml').write_text(yaml.safe_dump({
        'name': 'mini_XCEPTION', 'task': 'emotion_classification', 'input_size': [64, 64],
        'color': 'gray', 'layout': 'NHWC', 'normalization': 'fixed', 'mean': 127.5,
        'std': 127.5, 'output_is_probability': True,
        'labels': ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral']}))
    peer = EmotionClassifier(model)
    detector = load_face_detector(pipeline_config.detector_model)
    probabilities, maps = peer.classify(
        peer.crops(astronaut, detector.detect(astronaut)[:1]), maps=True)
    assert peer.labels[int(probabilities[0].argmax())] == 'happy'
    assert maps is None
