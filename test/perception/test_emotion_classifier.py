"""The shipped emotion network, and models that do not fit their cards."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import yaml
from small_networks import network

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS, valence_arousal
from fer_ros.perception.model_card import ModelCardError, sha256_of
from fer_ros.perception.pipeline import build_pipeline


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


#: HSEmotion's order, and a face of 8 labels, valence and arousal that are not in the circumplex
#: model's places.
ORDER = ['Anger', 'Contempt', 'Disgust', 'Fear', 'Happiness', 'Neutral', 'Sadness', 'Surprise']
TOLD = np.array([[0, 0, 0, 0, 4, 0, 0, 0, -0.5, 1.75]], np.float32)


def told(folder, form, fields=(), kinds=(), **tweaks):
    """Return a network that answers :data:`TOLD` to a gray picture of 128, more to others."""
    shape = ('n', 3, 32, 32)
    nodes = [('ReduceMean', ['x'], 'm', {'axes': [1, 2, 3], 'keepdims': 0}),
             ('Unsqueeze', ['m', 'axis'], 'column'), ('Mul', ['column', 'none'], 'zero')]
    constants = {'axis': np.array([1]), 'none': [[0.0]], 'all': TOLD, 'eight': TOLD[:, :8],
                 'two': TOLD[:, 8:]}
    if form == 'after_labels':
        nodes += [('Add', ['zero', 'all'], 'scores')]
        outputs = {'scores': ('n', 10)}
    else:  # another output, the labels not in the first one
        nodes += [('Add', ['zero', 'eight'], 'scores'), ('Add', ['zero', 'two'], 'va')]
        outputs = {'va': ('n', 2), 'scores': ('n', 8)}
    used = {name for _, taken, *_ in nodes for name in taken}
    model = folder / f'{form}.onnx'
    model.write_bytes(network(
        nodes, {'x': shape}, outputs, {k: v for k, v in constants.items() if k in used}, kinds))
    model.with_suffix('.yaml').write_text(yaml.safe_dump({
        'name': 'm', 'task': 'emotion_classification', 'labels': ORDER, 'input_size': [32, 32],
        'color': 'rgb', 'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375],
        'valence_arousal': form, **dict(fields)}))
    return model


@pytest.mark.parametrize('form, fields', [
    ('after_labels', {}), ('va', {'emotion_output': 'scores'})])
def test_a_network_tells_valence_and_arousal(tmp_path, pipeline_config, astronaut, form, fields):
    """In both forms; within -1..1; through the pipeline, where the probabilities say otherwise."""
    model = told(tmp_path, form, fields)
    classifier = EmotionClassifier(model)
    answers = classifier.answers(np.full((3, 32, 32, 3), 128, np.uint8))
    assert answers.probabilities.shape == (3, 8) and answers.maps is None
    assert {classifier.labels[i] for i in answers.probabilities.argmax(1)} == {'happy'}
    np.testing.assert_array_equal(answers.valence_arousal, [[-0.5, 1.0]] * 3)
    pipeline = build_pipeline(replace(pipeline_config, emotion_model=model))
    for i in range(5):
        faces = pipeline.process(astronaut, i / 10).faces
    for face in (*faces, *pipeline.analyze(astronaut)):
        assert face.emotion.label == 'happy'
        assert (face.emotion.valence, face.emotion.arousal) == pytest.approx((-0.5, 1.0))


def test_from_probabilities_where_the_network_tells_none(pipeline_config, astronaut):
    """As ever: the circumplex model."""
    pipeline = build_pipeline(pipeline_config)
    assert EmotionClassifier(pipeline_config.emotion_model).answers(
        np.zeros((1, 48, 48), np.uint8)).valence_arousal is None
    for i in range(3):
        faces = pipeline.process(astronaut, i / 10).faces
    emotion = faces[0].emotion
    assert (emotion.valence, emotion.arousal) == valence_arousal(
        emotion.probabilities, pipeline.labels)


@pytest.mark.parametrize('form, fields, text', [
    ('after_labels', {'valence_arousal': 'scores'}, '10 values for a face'),
    ('after_labels', {'valence_arousal': 'va'}, "no output 'va'; it has scores"),
    ('after_labels', {'labels': ORDER[:7]}, '10 outputs, its card 7 labels, and valence'),
    ('va', {}, '2 outputs, its card 8 labels'),
    ('va', {'emotion_output': 'logits'}, "no output 'logits'; it has va, scores"),
    ('va', {'emotion_output': 'scores', 'valence_arousal': 'after_labels'},
     '8 outputs, its card 8 labels, and valence')])
def test_cards_that_lie_about_outputs(tmp_path, form, fields, text):
    model = told(tmp_path, form, fields)
    with pytest.raises(ModelCardError, match=text) as caught:
        EmotionClassifier(model)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize('kind, mean', [('FLOAT16', 127.5), ('DOUBLE', 127.5), ('UINT8', 99.0)])
@pytest.mark.parametrize('layout', ['NCHW', 'NHWC'])
def test_inputs_of_other_types(tmp_path, kind, mean, layout):
    """Half and double precision; bytes, which a network normalizes itself, in both layouts."""
    shape = ('n', 3, 16, 8) if layout == 'NCHW' else ('n', 16, 8, 3)
    axis = 1 if layout == 'NCHW' else 3
    axes = [a for a in (1, 2, 3) if a != axis]
    (tmp_path / 'm.onnx').write_bytes(network(
        [('Cast', ['x'], 'f', {'to': 1}), ('ReduceMean', ['f'], 'y', {
            'axes': axes, 'keepdims': 0})], {'x': shape}, {'y': ('n', 3)}, kinds={'x': kind}))
    (tmp_path / 'm.yaml').write_text(yaml.safe_dump({
        'name': 'm', 'task': 'emotion_classification', 'labels': ['happy', 'sad', 'angry'],
        'input_size': [8, 16], 'layout': layout, 'color': 'bgr', 'mean': mean, 'std': 127.5}))
    picture = np.full((2, 16, 8, 3), (255, 0, 0), np.uint8)
    picture[:, :8] = 0
    values = EmotionClassifier(tmp_path / 'm.onnx').output(picture, 'y')
    np.testing.assert_allclose(
        values, [[127.5, 0, 0] if kind == 'UINT8' else [0, -1, -1]] * 2, atol=1e-3)


@pytest.mark.parametrize('size', [1, 2, 3])
def test_networks_that_take_just_so_many_faces(tmp_path, size):
    """Exported without a free axis: any number of faces all the same, each with its own answer."""
    (tmp_path / 'm.onnx').write_bytes(network(
        [('ReduceMean', ['x'], 'y', {'axes': [1, 2], 'keepdims': 0})], {'x': (size, 1, 8, 8)},
        {'y': (size, 8)}))
    (tmp_path / 'm.yaml').write_text(yaml.safe_dump({
        'name': 'm', 'task': 'emotion_classification', 'labels': list(EMOTIONS),
        'input_size': [8, 8]}))
    classifier = EmotionClassifier(tmp_path / 'm.onnx')
    crops = np.random.default_rng(0).integers(0, 256, (7, 8, 8), np.uint8)
    for count in range(1, 8):
        values = classifier.output(crops[:count], 'y')
        np.testing.assert_allclose(values, crops[:count].mean(1) / 255, rtol=1e-5)
