"""Model cards: what is wrong is refused with file, field and value."""

import pytest
import yaml

from fer_ros.perception.model_card import ModelCardError, load_model_card, save_model_card

GOOD = {'name': 'm', 'task': 'emotion_classification', 'labels': ['neutral', 'happy']}


@pytest.fixture
def model(tmp_path):
    """Return a file that stands for a model (its bytes do not matter to the card)."""
    path = tmp_path / 'm.onnx'
    path.write_bytes(b'bytes of a model')
    return path


def test_round_trip(model):
    """What is saved is what is loaded; unknown fields are kept."""
    save_model_card(model, {**GOOD, 'temperature': 1.5, 'note': 'x'})
    card = load_model_card(model, 'emotion_classification')
    assert card.labels == ('neutral', 'happy')
    assert card.temperature == 1.5
    assert card.extra['note'] == 'x'


@pytest.mark.parametrize('change, text', [
    ({'task': 'cooking'}, "task is 'cooking'"),
    ({'labels': ['happy', 'joy']}, 'each once'),
    ({'labels': ['happy']}, '2 or more'),
    ({'labels': ['bored', 'happy']}, "unknown emotion 'bored'"),
    ({'temperature': 0}, 'temperature is 0.0'),
    ({'temperature': 'warm'}, 'warm'),
    ({'color': 'pink'}, "color is 'pink'"),
    ({'input_size': [4, 4]}, 'too small'),
    ({'input_size': 48}, 'not iterable'),
    ({'name': None}, "field 'name' is missing"),
])
def test_bad_fields(model, change, text):
    """Each mistake is named."""
    fields = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    save_model_card(model, fields)
    with pytest.raises(ModelCardError, match=text):
        load_model_card(model, 'emotion_classification')


def test_missing_and_damaged_files(model):
    """No card, no model, no YAML, no mapping, a truncated model, the wrong task."""
    with pytest.raises(ModelCardError, match=r"m\.yaml' is not there"):
        load_model_card(model, 'emotion_classification')
    with pytest.raises(ModelCardError, match='is not there'):
        load_model_card(model.with_name('none.onnx'), 'emotion_classification')
    model.with_suffix('.yaml').write_text('a: [')
    with pytest.raises(ModelCardError, match='is no YAML'):
        load_model_card(model, 'emotion_classification')
    model.with_suffix('.yaml').write_text(yaml.safe_dump([1]))
    with pytest.raises(ModelCardError, match='mapping'):
        load_model_card(model, 'emotion_classification')
    save_model_card(model, GOOD)
    with pytest.raises(ModelCardError, match='not for face_detection'):
        load_model_card(model, 'face_detection')
    model.write_bytes(b'bytes')
    with pytest.raises(ModelCardError, match='sha256 differs'):
        load_model_card(model, 'emotion_classification')
