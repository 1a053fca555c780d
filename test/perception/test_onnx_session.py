"""Files that are no network for their card: one line each, for the classifier and the detector."""

import numpy as np
import pytest
import yaml
from small_networks import network

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.model_card import ModelCardError
from fer_ros.resources import resource_path


def refusals(tmp_path, data):
    """Return the lines with which bytes are refused as either network."""
    lines = []
    for name, load in (('emotion', EmotionClassifier), ('face_detector', load_face_detector)):
        card = resource_path(f'models/{name}.yaml').read_text(encoding='utf-8')
        fields = yaml.safe_load(card)
        del fields['sha256']
        model = tmp_path / f'{name}.onnx'
        model.write_bytes(data)
        model.with_suffix('.yaml').write_text(yaml.safe_dump(fields), encoding='utf-8')
        with pytest.raises(ModelCardError) as caught:
            load(model)
        lines.append(str(caught.value))
        assert lines[-1].isprintable() and len(lines[-1]) < 700 and str(model) in lines[-1]
    return lines


@pytest.mark.parametrize('data', [
    b'', b'no model', b'{"json": 1}', b'\x00' * 1000, np.random.default_rng(0).bytes(100_000)])
def test_bytes_that_are_no_onnx(tmp_path, capfd, data):
    """Nothing is printed beside the reason."""
    refusals(tmp_path, data)
    assert capfd.readouterr() == ('', '')


def test_half_a_network(tmp_path):
    """Its card without a digest, so that onnxruntime itself meets the end."""
    whole = resource_path('models/emotion.onnx').read_bytes()
    for part in (0.001, 0.1, 0.5, 0.9, 0.999):
        refusals(tmp_path, whole[:int(part * len(whole))])


FACES, ANSWERS = ('n', 1, 48, 48), ('n', 8)


@pytest.mark.parametrize('nodes, inputs, outputs, constants, reason', [
    ([('Identity', ['c'], 'y')], {}, {'y': (1, 8)}, {'c': np.zeros((1, 8))}, '0 inputs'),
    ([('Identity', ['z'], 'y')], {'x': FACES, 'z': ANSWERS}, {'y': ANSWERS}, {}, '2 inputs'),
    ([('Identity', ['x'], 'y')], {'x': ANSWERS}, {'y': ANSWERS}, {}, 'rank'),
    ([('Identity', ['x'], 'y')], {'x': FACES}, {'y': FACES}, {}, ''),
    ([('Identity', ['c'], 'y')], {'x': FACES}, {'y': (1, 8)}, {'c': np.zeros((1, 8))}, ''),
    ([('Identity', ['c'], 'y')], {'x': FACES}, {'y': (2, 8)}, {'c': np.full((2, 8), np.nan)}, ''),
    ([('Identity', ['c'], 'y')], {'x': FACES}, {'y': ()}, {'c': 1.0}, ''),
    ([('Nonsense', ['x'], 'y')], {'x': FACES}, {'y': ANSWERS}, {}, 'Nonsense'),
    ([], {'x': FACES}, {}, {}, ''),
])
def test_networks_of_another_shape(tmp_path, nodes, inputs, outputs, constants, reason):
    """No or two inputs, another rank, an answer for one face only or none at all, NaN ..."""
    for line in refusals(tmp_path, network(nodes, inputs, outputs, constants)):
        assert reason in line


@pytest.mark.parametrize('kind', ['INT64', 'INT8', 'BOOL', 'STRING'])
def test_inputs_of_another_type(tmp_path, kind):
    shape = ('n', 1, 'h', 'w')
    data = network([('Identity', ['x'], 'y')], {'x': shape}, {'y': shape},
                   kinds={'x': kind, 'y': kind})
    for line in refusals(tmp_path, data):
        assert 'expected' in line


@pytest.mark.parametrize('place', ['weights.bin', '../../../../etc/passwd'])
def test_weights_in_another_file(tmp_path, place):
    """They are not there, or lie where a model has no business."""
    def tweak(onnx, model):
        tensor = model.graph.initializer[0]
        onnx.external_data_helper.set_external_data(tensor, place)
        tensor.ClearField('raw_data')

    for line in refusals(tmp_path, network(
            [('Add', ['x', 'c'], 'y')], {'x': FACES}, {'y': FACES}, {'c': np.zeros(48)},
            tweak=tweak)):
        assert 'xternal data' in line


@pytest.mark.parametrize('field, version', [('ir_version', 99), ('opset', 99)])
def test_networks_of_the_future(tmp_path, field, version):
    def tweak(_, model):
        if field == 'opset':
            model.opset_import[0].version = version
        else:
            model.ir_version = version

    refusals(tmp_path, network(
        [('Identity', ['x'], 'y')], {'x': FACES}, {'y': FACES}, tweak=tweak))
