"""fer_ros models: list, check and card, on our networks, on made ones, and on what is none."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_networks import network

from fer_ros import cli
from fer_ros.commands import models
from fer_ros.commands.card_draft import known_card, known_cards
from fer_ros.commands.model_check import WRONG, check
from fer_ros.perception import onnx_session
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.model_card import load_model_card, read_card
from fer_ros.resources import resource_path

LABELS = list(EMOTIONS)
FACES = ('n', 1, 16, 8)
#: A mean of a picture's columns, one for each of 8 emotions: another one for each picture.
COLUMNS = [('ReduceMean', ['x'], 'y', {'axes': [1, 2], 'keepdims': 0})]
CARD = {'name': 'm', 'task': 'emotion_classification', 'labels': LABELS, 'input_size': [8, 16],
        'color': 'gray', 'mean': 127.5, 'std': 10.0}


@pytest.fixture
def model(tmp_path):
    """Return where a network with a good card may be put."""
    path = tmp_path / 'm.onnx'
    path.with_suffix('.yaml').write_text(yaml.safe_dump(CARD))
    return path


def write(model, nodes=None, inputs=None, outputs=None, constants=(), card=(), **more):
    """Write a network, the one of :data:`COLUMNS` unless told, and its card."""
    model.write_bytes(network(nodes or COLUMNS, inputs or {'x': FACES}, outputs or {
        'y': ('n', 8)}, constants, **more))
    model.with_suffix('.yaml').write_text(yaml.safe_dump({**CARD, **dict(card)}))


def checked(capsys, model):
    """Return the lines and the status of a check; each line is for people and not too long."""
    capsys.readouterr()
    status = cli.main(['models', 'check', str(model)])
    told = capsys.readouterr()
    assert told.err == ''
    lines = told.out.splitlines()
    assert all(line.isprintable() and len(line) < 800 for line in lines)
    assert status == int(any(line.startswith('  WRONG') for line in lines))
    return lines, status


def wrong(capsys, model):
    """Return the lines of what is wrong; there is something."""
    lines, status = checked(capsys, model)
    assert status == 1
    return [line for line in lines if line.startswith('  WRONG')]


@pytest.mark.parametrize('name', ['emotion', 'face_detector', 'face_refiner'])
def test_ours_are_in_order(capsys, name):
    """By the bare name; the smile is seen, the faces are found."""
    lines, status = checked(capsys, name)
    assert status == 0 and lines[-1] == '  nothing wrong'
    assert any({'emotion': 'astronaut happy', 'face_detector': 'astronaut: found at',
                'face_refiner': 'it loads'}[name] in line for line in lines)


def test_several_at_once(capsys, tmp_path):
    """One that is wrong is enough for the status."""
    assert cli.main(['models', 'check', 'emotion', str(tmp_path / 'none.onnx')]) == 1
    assert 'not there' in capsys.readouterr().out


@pytest.mark.parametrize('data', [b'', b'# a text\n', b'\x00' * 100, b'\x89PNG\r\n\x1a\n'])
def test_files_that_are_no_network(capsys, model, data):
    """Empty, a text, zeros, a picture."""
    model.write_bytes(data)
    (line,) = wrong(capsys, model)
    assert 'cannot open' in line and 'm.onnx' in line


def test_half_a_network(capsys, model):
    whole = resource_path('models/emotion.onnx').read_bytes()
    for part in (0.1, 0.5, 0.99):
        model.write_bytes(whole[:int(part * len(whole))])
        assert 'cannot open' in wrong(capsys, model)[0]


def test_places_without_a_file(capsys, tmp_path):
    """Nothing, a folder, a pipe that nobody writes to, a dead link, another ending."""
    (tmp_path / 'folder.onnx').mkdir()
    os.mkfifo(tmp_path / 'pipe.onnx')
    (tmp_path / 'link.onnx').symlink_to('nowhere')
    for name, text in (('none.onnx', 'not there'), ('folder.onnx', 'no file'),
                       ('pipe.onnx', 'no file'), ('link.onnx', 'not there'),
                       ('model.pt', 'must end in .onnx')):
        assert text in wrong(capsys, tmp_path / name)[0]


def test_a_card_alone_and_a_network_alone(capsys, model):
    """The card is checked with its file; the network is told as far as it goes."""
    assert 'not there' in wrong(capsys, model)[0]
    write(model)
    model.with_suffix('.yaml').unlink()
    lines, _ = checked(capsys, model)
    assert f'`fer_ros models card {model} --write` writes a draft' in lines[1]
    assert 'takes [any, 1, 16, 8] of tensor(float), gives y [1, 8]' in lines[2]


def test_a_file_that_may_not_be_read():
    """By who is not root, as a robot is not: the file, then its folder."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / 'm.onnx'
        write(model)
        model.chmod(0)
        for mode in (0o755, 0o600):
            os.chmod(folder, mode)
            with as_nobody():
                found = [one for one in check(model) if one.verdict == WRONG]
            assert 'ermission denied' in found[0].text
        os.chmod(folder, 0o755)


@contextmanager
def as_nobody():
    """Have no more rights than a user who owns nothing, if there are more."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize('card, text', [
    ({'labels': []}, 'labels is []'), ({'labels': ['happy']}, "labels is ['happy']"),
    ({'labels': ['happy', 'joy', *LABELS[2:]]}, 'each once'),
    ({'labels': ['bored', *LABELS[1:]]}, "unknown emotion 'bored'"),
    ({'labels': LABELS[:7]}, "output 'y' has 8 values, labels are 7"),
    ({'labels': LABELS[:6]}, 'two more: valence_arousal: after_labels?'),
    ({'valence_arousal': 'after_labels'}, 'valence and arousal behind them'),
    ({'emotion_output': 'z'}, "emotion_output is 'z', the network has y"),
    ({'task': 'face_detection', 'decoder': 'scrfd'}, 'the decoder wants six or nine outputs'),
    ({'task': 'face_detection', 'decoder': 'yunet'}, 'does not work as its card describes'),
    ({'task': 'face_refinement'}, 'does not work as its card describes'),
    ({'color': 'rgb'}, 'it takes 1 channels, color is rgb'),
    ({'layout': 'NHWC'}, 'it is NCHW, layout is NHWC'),
    ({'input_size': [16, 8]}, 'its height is 16, input_size is [16, 8]'),
    ({'output_is_probability': True}, 'they are none'),
    ({'sha256': 'a' * 64}, 'sha256 differs'), ({'mean': 'x'}, 'mean is'),
    ({'labels': '?', 'color': '?'}, 'is a draft: say color, labels')])
def test_cards_that_do_not_fit(capsys, model, card, text):
    write(model, card=card)
    assert text in wrong(capsys, model)[0]


MEANS = ('ReduceMean', ['x'], 'm', {'axes': [1, 2], 'keepdims': 0})
SOFTMAX = [MEANS, ('Softmax', ['m'], 'y', {'axis': 1})]


@pytest.mark.parametrize('nodes, constants, text', [
    (SOFTMAX, {}, 'say output_is_probability: true'),
    ([MEANS, ('Mul', ['m', 'c'], 'y')], {'c': np.zeros(8)}, 'the same for every picture'),
    ([MEANS, ('Sqrt', ['m'], 'y')], {}, 'does not give a probability'),
    ([MEANS, ('Neg', ['m'], 'n'), ('Sqrt', ['n'], 'y')], {}, 'not all finite'),
    ([MEANS, ('Nonsense', ['m'], 'y')], {}, 'Nonsense')])
def test_answers_that_cannot_be_used(capsys, model, nodes, constants, text):
    """Probabilities told as logits, a constant, NaN for dark or bright, no such operator."""
    write(model, nodes, constants=constants)
    assert any(text in line for line in wrong(capsys, model))


def test_probabilities_said_to_be_some(capsys, model):
    write(model, SOFTMAX, card={'output_is_probability': True})
    lines, status = checked(capsys, model)
    assert status == 0 and any('probabilities: values' in line for line in lines)


@pytest.mark.parametrize('place', ['weights.bin', '../../../etc/passwd'])
def test_weights_that_are_elsewhere(capsys, model, place):
    def tweak(onnx, made):
        tensor = made.graph.initializer[0]
        onnx.external_data_helper.set_external_data(tensor, place)
        tensor.ClearField('raw_data')

    write(model, [('Add', ['x', 'c'], 'y')], outputs={'y': FACES}, constants={'c': np.zeros(8)},
          tweak=tweak)
    assert 'xternal data' in wrong(capsys, model)[0]


@pytest.mark.parametrize('inputs, nodes, outputs, text', [
    ({'x': FACES, 'z': ('n', 8)}, [('Identity', ['z'], 'y')], None, '2 inputs'),
    ({'x': ('n', 8)}, [('Identity', ['x'], 'y')], None, 'it has 2 axes'),
    ({'x': ('n', 1, 16, 8)}, [('Identity', ['x'], 'y')], {'y': FACES}, 'has 128 values')])
def test_networks_of_another_shape(capsys, model, inputs, nodes, outputs, text):
    write(model, nodes, inputs, outputs)
    assert text in wrong(capsys, model)[0]


@pytest.mark.parametrize('shape, axes, card, kind', [
    (('n', 1, 'h', 'w'), [1, 2], {}, 'FLOAT'), (('n', 'c', 'h', 'w'), [1, 2], {}, 'FLOAT'),
    ((1, 1, 16, 8), [1, 2], {}, 'FLOAT'), ((4, 1, 16, 8), [1, 2], {}, 'FLOAT'),
    (('n', 16, 8, 1), [1, 3], {'layout': 'NHWC'}, 'FLOAT'),
    (('n', 3, 16, 8), [1, 2], {'color': 'bgr', 'mean': [104, 117, 123], 'std': 1}, 'FLOAT'),
    (FACES, [1, 2], {}, 'FLOAT16'), (FACES, [1, 2], {}, 'UINT8'), (FACES, [1, 2], {}, 'DOUBLE')])
def test_inputs_of_many_kinds_are_served(capsys, model, shape, axes, card, kind):
    """Free axes, one or four faces at a time, NHWC, color, half precision, bytes."""
    write(model, [('Cast', ['x'], 'f', {'to': 1}), ('ReduceMean', ['f'], 'y', {
        'axes': axes, 'keepdims': 0})], {'x': shape}, {'y': (shape[0], 8)}, kinds={'x': kind},
        card=card)
    lines, status = checked(capsys, model)
    assert status == 0, lines


@pytest.mark.parametrize('kind', ['INT64', 'STRING'])
def test_other_inputs_are_not(capsys, model, kind):
    write(model, [('Identity', ['x'], 'y')], outputs={'y': FACES}, kinds={'x': kind, 'y': kind})
    assert 'expected' in wrong(capsys, model)[0]


def run_card(*words):
    """Run ``models card``; return its status."""
    return cli.main(['models', 'card', *map(str, words)])


def test_a_draft_tells_what_can_be_read_and_what_not(capsys, model):
    """Refused until somebody says the rest; with that it is a good card."""
    write(model, SOFTMAX)
    card = model.with_suffix('.yaml')
    card.unlink()
    assert run_card(model) == 0
    told = capsys.readouterr()
    assert told.err == f'for you to say: labels, mean, std; then: fer_ros models check {model}\n'
    fields = yaml.safe_load(told.out)
    assert not card.exists() and fields['labels'] == ['?'] * 8
    assert (fields['input_size'], fields['color'], fields['layout']) == ([8, 16], 'gray', 'NCHW')
    assert fields['output_is_probability'] is True and fields['mean'] == '?'
    assert run_card(model, '--write') == 0
    assert 'is a draft: say labels, mean, std' in wrong(capsys, model)[0]
    card.write_text(yaml.safe_dump({**fields, 'labels': LABELS, 'mean': 0, 'std': 10}))
    assert checked(capsys, model)[1] == 0


def test_a_card_is_not_lost(capsys, model):
    """It is there, also as a dead link; --overwrite is a wish. Options may stand anywhere."""
    write(model)
    card, before = model.with_suffix('.yaml'), model.with_suffix('.yaml').read_text()
    assert run_card('--write', model) == 1
    assert '--overwrite replaces it' in capsys.readouterr().err and card.read_text() == before
    assert run_card('--overwrite', model) == 0 and '?' in card.read_text()
    card.unlink()
    card.symlink_to('nowhere.yaml')
    assert run_card(model, '--write') == 1
    assert not (model.parent / 'nowhere.yaml').exists()


def test_a_draft_for_ten_values_and_for_two_outputs(capsys, model):
    """There are 8 emotions: the rest is valence and arousal; so may be an output of two."""
    write(model, [MEANS, ('Slice', ['m', 'zero', 'two', 'one'], 'va'),
                  ('Concat', ['m', 'va'], 'y', {'axis': 1})], outputs={'y': ('n', 10)},
          constants={'zero': np.array([0]), 'two': np.array([2]), 'one': np.array([1])})
    assert run_card(model) == 0
    fields = yaml.safe_load(capsys.readouterr().out)
    assert fields['valence_arousal'] == 'after_labels' and len(fields['labels']) == 8
    write(model, [MEANS, ('Slice', ['m', 'zero', 'two', 'one'], 'va'), ('Neg', ['m'], 'y')],
          outputs={'va': ('n', 2), 'y': ('n', 8)},
          constants={'zero': np.array([0]), 'two': np.array([2]), 'one': np.array([1])})
    assert run_card(model) == 0
    fields = yaml.safe_load(capsys.readouterr().out)
    assert (fields['valence_arousal'], fields['emotion_output']) == ('va', 'y')


def detector(model, decoder):
    """Write a detector of 32x32 that sees one face of 12x16 px at 10 6 with landmarks."""
    cells = {8: 32, 16: 8, 32: 2}  # two anchors each
    constants, outputs = {'axes': np.array([0]), 'none': np.zeros((1, 1))}, {}
    if decoder == 'scrfd':
        # Cell (2, 1) of stride 8 begins at 16 8: 6 px left, 2 above, 6 right, 14 below.
        points = np.array([13, 11, 18, 11, 16, 15, 14, 19, 18, 19]) - [16, 8] * 5
        for channels, row in ((1, [0.9]), (4, [6, 2, 6, 14]), (10, points)):
            for stride, count in cells.items():
                values = np.zeros((count, channels))
                if stride == 8:
                    values[2 * (1 * 4 + 2)] = np.array(row) / (1 if channels == 1 else 8)
                constants[f'c{channels}_{stride}'] = values
    else:
        # The same cell's first anchor is of 16 px around 20 12; offsets in tenths of it.
        points = np.array([13, 11, 18, 11, 16, 15, 14, 19, 18, 19]) - [20, 12] * 5
        for name, row, rest in (
                ('c4', [-4 / 1.6, 2 / 1.6, np.log(12 / 16) / 0.2, 0], 0), ('c2', [0.1, 0.9], 0),
                ('c10', points / 1.6, 0)):
            values = np.full((1, 42, len(row)), float(rest))
            values[0, 2 * (1 * 4 + 2)] = row
            constants[name] = values
    nodes = [('ReduceMean', ['x'], 'm', {'keepdims': 0}), ('Mul', ['m', 'none'], 'zero')]
    names = [name for name in constants if name.startswith('c')]
    for name in names:
        nodes.append(('Add', [name, 'zero'], f'o{name}'))
        outputs[f'o{name}'] = constants[name].shape
    del constants['axes']
    write(model, nodes, {'x': (1, 3, 32, 32)}, outputs, constants)
    model.with_suffix('.yaml').unlink()


@pytest.mark.parametrize('decoder, like', [('scrfd', 'det_500m'), ('retinaface', 'FaceDetector')])
def test_a_detector_is_recognized_and_works(capsys, model, decoder, like):
    """Drafted by its outputs; by a known card with the size of this file; its face is in place."""
    detector(model, decoder)
    assert run_card(model) == 0
    assert yaml.safe_load(capsys.readouterr().out)['decoder'] == decoder
    assert run_card(model, '--like', like, '--write') == 0
    card = load_model_card(model, 'face_detection')
    assert (card.name, card.input_size, card.decoder) == ('m', (32, 32), decoder)
    (found,) = load_face_detector(model).detect(np.zeros((32, 32, 3), np.uint8))
    box = found.box
    np.testing.assert_allclose([box.x, box.y, box.width, box.height], [10, 6, 12, 16], atol=1e-3)
    np.testing.assert_allclose(found.landmarks.ravel(), [13, 11, 18, 11, 16, 15, 14, 19, 18, 19],
                               atol=1e-3)
    assert 'its face is not found' in wrong(capsys, model)[0]


def test_known_cards():
    """Each is good, says where it is from and how it may be used; names lead to one card."""
    names = []
    for name, path in known_cards().items():
        card = read_card(path)
        assert card.extra['license'] and path.read_text().startswith('# ')
        assert known_card(name) == path
        names += [name, *card.extra.get('also_for', [])]
    assert len(names) == len(set(names))
    assert known_card('det_10g').stem == 'det_500m' and known_card('nothing') is None


def test_a_known_network_gets_its_card(capsys, tmp_path, data_folder):
    """Of the detectors and peers that are at hand: written, then nothing is wrong."""
    for file in [*(data_folder / 'detectors').glob('*.onnx'), *(data_folder / 'peers').glob(
            '*mini*.onnx')]:
        shutil.copy(file, tmp_path)
        assert run_card(tmp_path / file.name, '--write') == 0
        lines, status = checked(capsys, tmp_path / file.name)
        assert status == 0 and lines[-1] == '  nothing wrong', lines


def test_the_list(capsys, model):
    """What ships and is used, what lies in a folder and is wrong there, every known card."""
    write(model, card={'color': 'pink'})
    assert cli.main(['models', 'list', str(model.parent)]) == 0
    text = capsys.readouterr().out
    assert '  face_detector: detector, any size gray NCHW, used\n' in text
    assert text.count(', used: ') == 1 and "color is 'pink'" in text
    for name in known_cards():
        assert f'\n  {name}: ' in text


@pytest.mark.parametrize('words, text', [
    (['dance'], 'invalid choice'), (['check'], 'check needs an ONNX file'),
    (['card'], 'card needs an ONNX file'), ([], 'required'),
    (['card', 'm.onnx', '--like', 'det_500n'], "did you mean 'det_500m'?"),
    (['card', 'm.onnx', '--like', 'x'], 'there are FaceDetector')])
def test_wrong_arguments(capsys, words, text):
    with pytest.raises(SystemExit) as left:
        models.main(words)
    assert left.value.code == 2 and text in capsys.readouterr().err


def test_cards_for_what_is_no_network(capsys, model):
    """One line, nothing written, and nobody waits for a pipe."""
    card = model.with_suffix('.yaml')
    card.unlink()
    for make, text in ((lambda: model.write_bytes(b'# a text'), 'cannot open'),
                       (model.mkdir, 'no file'), (lambda: os.mkfifo(model), 'no file')):
        make()
        assert run_card(model, '--write') == 1
        told = capsys.readouterr()
        assert text in told.err and told.err.count('\n') == 1 and not told.out
        model.rmdir() if model.is_dir() else model.unlink()
    assert not card.exists()


@pytest.mark.parametrize('scale, verdict', [(0.001, 'good'), (10.0, 'DOUBT')])
def test_valence_and_arousal_are_shown(capsys, model, scale, verdict):
    """Those of each portrait; values far beyond -1..1 are hardly them."""
    write(model, [MEANS, ('Slice', ['m', 'zero', 'two', 'one'], 'first'),
                  ('Mul', ['first', 'scale'], 'va'), ('Concat', ['m', 'va'], 'y', {'axis': 1})],
          outputs={'y': ('n', 10)}, card={'valence_arousal': 'after_labels'},
          constants={'zero': np.array([0]), 'two': np.array([2]), 'one': np.array([1]),
                     'scale': np.array(scale)})
    (line,) = (line for line in checked(capsys, model)[0] if 'feelings' in line)
    assert line.split()[0] == verdict and 'astronaut' in line and 'officer' in line


def test_without_onnxruntime(capsys, monkeypatch):
    """OpenCV tells no shapes; the rest is checked all the same."""
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)
    lines, status = checked(capsys, 'face_detector')
    assert status == 0 and any('takes [?]' in line for line in lines)
    assert cli.main(['models', 'card', 'face_detector']) == 0
    assert 'for you to say: task, labels, input_size' in capsys.readouterr().err
