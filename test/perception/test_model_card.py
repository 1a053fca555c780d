"""Model cards: what is wrong is refused with file, field and value."""

import os
from pathlib import Path

import pytest
import yaml

from fer_ros.perception.card_schema import wrong_field
from fer_ros.perception.model_card import (
    ModelCardError,
    load_model_card,
    save_model_card,
    sha256_of,
)
from fer_ros.perception.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parents[2]

GOOD = {'name': 'm', 'task': 'emotion_classification', 'labels': ['neutral', 'happy']}


@pytest.fixture
def model(tmp_path):
    """Return a file that stands for a model (its bytes do not matter to the card)."""
    path = tmp_path / 'm.onnx'
    path.write_bytes(b'bytes of a model')
    return path


def write_card(model, fields):
    model.with_suffix('.yaml').write_text(yaml.safe_dump(fields), encoding='utf-8')


def refusal(model, task='emotion_classification'):
    """Return the one line with which a model is refused."""
    with pytest.raises(ModelCardError) as caught:
        load_model_card(model, task)
    line = str(caught.value)
    assert line.isprintable() and len(line) < 800
    return line


def test_round_trip(model):
    """What is saved is what is loaded; unknown fields are kept."""
    save_model_card(model, {**GOOD, 'temperature': 1.5, 'note': 'x'})
    card = load_model_card(model, 'emotion_classification')
    assert card.labels == ('neutral', 'happy')
    assert card.temperature == 1.5
    assert card.extra['note'] == 'x'


#: A field, a value it may not have, and what the refusal says beside file and field.
WRONG = [
    *(('name', value, 'printable') for value in (
        2024, 1.5, True, None, [], ['m'], {}, '', 'x' * 10_000, 'a\x1b[31mb', 'a\nb', 'a\n',
        '\x85', '\u2028')),
    *(('task', value, 'one of') for value in ('cooking', None, 1, ['face_detection'], '')),
    *(('labels', value, '2 or more') for value in (
        None, 'happy', 3, [], ['happy'], {'happy': 1}, True)),
    *(('labels', value, 'text of up to') for value in (
        [1, 2], ['happy', None], ['happy', ['sad']], ['happy', 'x' * 10_000], ['happy', True])),
    ('labels', ['happy', 'joy'], 'each once'),
    ('labels', ['happy', 'sad'] * 500, 'each once'),
    ('labels', ['bored', 'happy'], "unknown emotion 'bored'"),
    ('labels', ['\x1b[2J', 'happy'], 'unknown emotion'),
    *(('input_size', value, 'two whole numbers') for value in (
        48, None, '48x48', [], [48], [48, 48, 1], [4, 4], [-48, 48], [48.5, 48], ['48', '48'],
        [True, 48], [float('nan'), 48], [float('inf'), 48], [1e9, 48], [10 ** 30, 48], {})),
    *((field, value, 'one of') for field in ('color', 'layout', 'normalization', 'decoder')
      for value in ('pink', None, 1, [], '')),
    *((field, value, 'a number from') for field in ('mean', 'std', 'temperature')
      for value in (float('nan'), float('inf'), float('-inf'), 1e308, -1e9, '0.5', 'warm', None,
                    True, [], {})),
    ('temperature', [1.0, 1.0, 1.0], 'a number from'),
    *((field, value, 'must be a number from') for field in ('mean', 'std') for value in (
        [1.0, 'x', 1.0], [1.0, float('nan'), 1.0], [1.0, None, 1.0], [[1.0], 1.0, 1.0])),
    *((field, value, 'or a list of three') for field in ('mean', 'std') for value in (
        [1.0], [1.0, 1.0], [1.0] * 4)),
    *((field, [1.0] * 3, 'three numbers, but color is gray') for field in ('mean', 'std')),
    *(('framing', value, 'one of') for value in ('tight', None, 1, [])),
    *(('emotion_output', value, 'the name of an output') for value in (
        '', None, 1, [], 'x' * 201)),
    *(('valence_arousal', value, 'name of an output') for value in ('', None, True, [])),
    *((field, value, 'a number from') for field in ('std', 'temperature')
      for value in (0, 0.0, -0.5, 1e-320)),
    *(('smallest_face', value, 'a number from 1') for value in (
        0, -1, 0.5, float('nan'), 'small', None, True)),
    *(('score_threshold', value, 'a number from 0') for value in (
        -0.1, 1.1, float('nan'), '0.5', None, False)),
    *(('output_is_probability', value, 'true or false') for value in (
        1, 'yes', None, [])),
    *(('sha256', value, '64 hexadecimal digits') for value in (
        '', None, 'ab', 'g' * 64, 'a' * 63, 'a' * 65, 'a' * 64 + '\n', 1, [])),
    *(('file', value, 'a text') for value in (1, None, [], 'x' * 10_000)),
    *(('metrics', value, 'a mapping') for value in (None, 1, 'good', [], True)),
    *(('metrics', {'confusion': value}, 'square matrix') for value in (
        None, 1, 'x', {}, [1, 2], [[1, 2], 3], ['ab', 'cd'])),
    *(('metrics', {'confusion': value}, 'a number from 0') for value in (
        [[1, -1], [0, 1]], [[1, float('nan')], [0, 1]], [[1, float('inf')], [0, 1]],
        [[1, '2'], [0, 1]], [[1, None], [0, 1]], [[1, True], [0, 1]], [[1, [2]], [0, 1]])),
    *(('metrics', {'confusion': value}, 'must be 2 rows of 2') for value in (
        [], [[1, 2]], [[1, 2, 3], [1, 2, 3]], [[1, 2], [1]], [[1]], [[]], [[], []],
        [[1] * 3] * 3)),
]


@pytest.mark.parametrize('field, value, text', WRONG)
def test_a_wrong_value_is_one_line_with_file_and_field(model, field, value, text):
    """Whatever YAML can hold, in every field that the code reads."""
    write_card(model, {**GOOD, field: value})
    line = refusal(model)
    assert f"m.yaml': {field}" in line and text in line


@pytest.mark.parametrize('value', [[0, 48], [48, 0], [-32, -32]])
def test_a_detector_has_a_size_or_takes_any(model, value):
    write_card(model, {'name': 'm', 'task': 'face_detection', 'decoder': 'maps',
                       'input_size': value})
    assert 'input_size' in refusal(model, 'face_detection')


@pytest.mark.parametrize('task, field', [
    ('emotion_classification', 'name'), ('emotion_classification', 'task'),
    ('emotion_classification', 'labels'), ('face_detection', 'decoder'),
    ('face_detection', 'input_size')])
def test_a_field_that_is_missing(model, task, field):
    fields = {**GOOD, 'task': task, 'decoder': 'maps', 'input_size': [48, 48]}
    del fields[field]
    write_card(model, fields)
    assert f"field '{field}' is missing" in refusal(model, task)


@pytest.mark.parametrize('wrong, meant', [
    ('temprature', 'temperature'), ('Temperature', 'temperature'), ('label', 'labels'),
    ('lables', 'labels'), ('input-size', 'input_size'), ('inputsize', 'input_size'),
    ('colour', 'color'), ('normalisation', 'normalization'), ('means', 'mean'),
    ('sha_256', 'sha256'), ('metric', 'metrics'), ('smallest_faces', 'smallest_face'),
    ('output_is_probabilities', 'output_is_probability')])
def test_a_misspelled_field_is_refused(model, wrong, meant):
    """It would be ignored in silence, and the model be read wrongly."""
    write_card(model, {**GOOD, wrong: 1.5})
    assert f"did you mean '{meant}'?" in refusal(model)


def test_notes_are_free(model):
    """Any other name may hold anything, also fields of the class that are not the card's."""
    notes = {'architecture': 'x', 'parameters': 3, 'date': '2026-11-21', 'data': None,
             'outputs': {'a': [1, {'b': 2}]}, 'training': [], 'license': 'MIT', 'path': 'x',
             'extra': 1, 'x' * 5000: 1, 'notes': float('nan')}
    write_card(model, {**GOOD, **notes})
    card = load_model_card(model, 'emotion_classification')
    assert card.path == model and card.extra['architecture'] == 'x'
    write_card(model, {**GOOD, 1: 'x'})
    assert 'field 1 must have a text' in refusal(model)


def test_a_number_for_each_color(model):
    """As the makers of most color networks state them."""
    write_card(model, {**GOOD, 'color': 'rgb', 'mean': [123.675, 116.28, 104], 'std': 58})
    card = load_model_card(model, 'emotion_classification')
    assert card.mean == (123.675, 116.28, 104.0) and card.std == 58.0


def test_the_digest_may_be_in_capitals(model):
    """As some programs print it."""
    write_card(model, {**GOOD, 'sha256': sha256_of(model).upper()})
    assert load_model_card(model, 'emotion_classification').name == 'm'


@pytest.mark.parametrize('text, reason', [
    ('', 'mapping'), ('# nothing', 'mapping'), ('null', 'mapping'), ('- 1', 'mapping'),
    ('name', 'mapping'), ('a: [', 'line'), ('\x01', 'not allowed'), ('\t', 'line'),
    ('name: m\nname: n\ntask: face_detection', 'twice'),
    ('name: !!python/object/apply:os.system [ls]', 'not allowed'),
    ('name: !mine m', 'not allowed'), (r'name: "\ud800"', 'not allowed'),
    (r'name: "a\0b"', 'not allowed'), ('name: *nothing', 'nothing'),
    ('&a [*a]', 'inside'), ('? [1, 2]\n: 3', 'line'),
    ('a: &a [x, x, x, x, x, x, x, x, x, x]\n' + ''.join(
        f'{chr(98 + i)}: &{chr(98 + i)} [{", ".join(["*" + chr(97 + i)] * 10)}]\n'
        for i in range(8)), 'aliases'),
    ('a: ' + '[' * 100_000, 'levels'), ('a: ' + '{b: ' * 5000, 'levels'),
    ('a: ' + '9' * 5000, 'digits'), ('a: 1:' + '2:' * 5000 + '3', 'digits')])
def test_yaml_that_is_no_card(model, text, reason):
    model.with_suffix('.yaml').write_text(text, encoding='utf-8')
    assert reason in refusal(model)


def test_bytes_that_are_no_card(model):
    """A card of 50 MB (sparse), one in UTF-16, one that is a picture."""
    card = model.with_suffix('.yaml')
    with card.open('wb') as file:
        file.truncate(50_000_000)
    assert 'bytes' in refusal(model)
    for data in ('name: m'.encode('utf-16'), b'\x89PNG\r\n\x1a\n\x00', b'\xff' * 100):
        card.write_bytes(data)
        refusal(model)


@pytest.mark.parametrize('ending', ['.onnx', '.yaml'])
def test_what_is_no_regular_file(model, ending):
    """A folder, a FIFO, a device, a dead link, a link to itself: refused, and nobody waits."""
    save_model_card(model, GOOD)
    path = model.with_suffix(ending)
    for make, reason in (
            (path.mkdir, 'no file'), (lambda: os.mkfifo(path), 'no file'),
            (lambda: path.symlink_to('/dev/zero'), 'no file'),
            (lambda: path.symlink_to('nowhere'), 'not there'),
            (lambda: path.symlink_to(path.name), 'not there')):
        path.rmdir() if path.is_dir() else path.unlink()
        make()
        assert reason in refusal(model)


@pytest.mark.parametrize('path', [
    '', '~nosuchuser/x.onnx', '/dev/null', '/proc/self/mem', 'a\0b.onnx', 'x' * 5000 + '.onnx',
    '/', '..', '.onnx', 'http://example.org/m.onnx', '\ud800.onnx'])
def test_paths_that_lead_nowhere(path):
    refusal(path)


def test_missing_and_damaged_files(model):
    """No card, no model, no YAML, no mapping, a truncated model, the wrong task."""
    with pytest.raises(ModelCardError, match=r"m\.yaml' is not there"):
        load_model_card(model, 'emotion_classification')
    with pytest.raises(ModelCardError, match='is not there'):
        load_model_card(model.with_name('none.onnx'), 'emotion_classification')
    model.with_suffix('.yaml').write_text('a: [')
    with pytest.raises(ModelCardError, match='line 1'):
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


@pytest.mark.parametrize('card', sorted(
    path for folder in ('models', 'config/model_cards') for path in (ROOT / folder).glob('*.yaml')
), ids=lambda card: card.name)
def test_the_cards_of_this_package(card):
    """Ours and the peers'."""
    assert wrong_field(read_yaml(card)) == ''
