"""Maps that are right by theorem, sheets that are there, errors that say what to do."""

import cv2
import numpy as np
import pytest

from fer_ros.commands import explain
from fer_ros.evaluation.explain.explainer import OnnxExplainer
from fer_ros.perception.activation import blend, enlarge, evidence
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS
from fer_ros.resources import resource_path

torch = pytest.importorskip('torch', reason='Grad-CAM and Eigen-CAM need torch')

from fer_ros.emotion_training.activation_maps import (  # noqa: E402
    cam,
    eigen_cam,
    find_layer,
    grad_cam,
)
from fer_ros.emotion_training.checkpoint_explainer import CheckpointExplainer  # noqa: E402
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402

torch.set_num_threads(1)


@pytest.fixture
def network():
    """Return a small network, in training mode, with moved norms."""
    torch.manual_seed(0)
    network = EmotionNetwork('se_resnet_tiny', dropout=0.0, drop_path=0.0)
    network(torch.randn(32, 1, 48, 48))
    return network


def test_grad_cam_of_a_linear_head_is_cam(network):
    """Selvaraju et al., section 3: with global pooling and a linear layer they agree."""
    faces, classes = torch.randn(6, 1, 48, 48), torch.tensor([0, 1, 2, 3, 4, 7])
    with torch.no_grad():
        bias = network.head.bias[classes].view(-1, 1, 1)
    exact = cam(network, 'features', faces, classes) - bias
    by_gradient = grad_cam(network, 'features', faces, classes)
    cells = exact.shape[1] * exact.shape[2]
    torch.testing.assert_close(by_gradient * cells, exact, rtol=1e-4, atol=1e-5)


def test_the_network_is_left_as_it_was(network):
    """Mode, gradients, hooks: nothing of it stays, also when the layer fails."""
    faces, classes = torch.randn(2, 1, 48, 48), torch.tensor([0, 1])
    for method in (cam, grad_cam, eigen_cam):
        method(network, 'features', faces, classes)
        with pytest.raises(RuntimeError):
            method(network, 'features', faces[:, :, 0], classes)
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.features._forward_hooks


def test_eigen_cam_finds_what_stands_out():
    """A bright patch in otherwise equal pictures, on its place and with the right sign."""
    layer = torch.nn.Sequential(torch.nn.Identity())
    faces = torch.zeros(2, 3, 6, 6)
    faces[0, :, 1:3, 1:3] = 5
    faces[1, :, 4, 0] = 2
    maps = eigen_cam(layer, '0', faces, torch.zeros(2, dtype=torch.long))
    for i, place in enumerate(((1, 1), (4, 0))):
        assert maps[i].argmax() == place[0] * 6 + place[1]
        assert maps[i].min() >= -1e-6


def test_layers(network):
    """The default, a name, a name that is not there."""
    assert find_layer(network, None) == 'features'
    assert find_layer(network, 'features.3') == 'features.3'
    with pytest.raises(ValueError, match=r"no layer 'layer4'; there are features, features.0"):
        find_layer(network, 'layer4')
    assert find_layer(torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.Conv2d(1, 1, 1)),
                      None) == '0'
    with pytest.raises(ValueError, match='no convolution'):
        find_layer(torch.nn.Linear(1, 1), None)


def test_evidence():
    """Evidence against a label is none for it; nothing at all is no division by zero."""
    maps = np.array([[[2.0, -1.0]], [[-3.0, -1.0]]])
    np.testing.assert_array_equal(evidence(maps, 0), [[1, 0]])
    np.testing.assert_array_equal(evidence(maps, 1), [[0, 0]])
    heat = enlarge(evidence(maps, 0), (8, 4))
    assert heat.shape == (4, 8) and heat.min() >= 0 and heat.max() <= 1
    picture = np.full((4, 8, 3), 90, np.uint8)
    np.testing.assert_array_equal(blend(picture, np.zeros((4, 8), np.float32)), picture)


def write_npz(path, astronaut, hopper):
    """Write crops of two portraits as a public part."""
    faces = [cv2.resize(astronaut[55:185, 165:295, 1], (48, 48)),
             cv2.resize(hopper[95:345, 140:390, 1], (48, 48))]
    votes = np.zeros((2, 10), np.uint8)
    votes[[0, 1], [1, 0]] = 10
    np.savez(path, images=np.stack(faces), labels=np.array([3, 6], np.uint8),
             split=np.ones(2, np.uint8), ferplus_votes=votes)
    return path


def test_sheets_of_the_shipped_model(tmp_path, astronaut, hopper):
    """A sheet an emotion, the mean maps, and one for each picture."""
    data = write_npz(tmp_path / 'd.npz', astronaut, hopper)
    cv2.imwrite(str(tmp_path / 'portrait.png'), astronaut)
    out = tmp_path / 'out'
    assert explain.main([str(tmp_path / 'portrait.png'), '--data', str(data),
                         '--output', str(out)]) == 0
    names = {path.stem for path in out.iterdir()}
    assert names == {*EMOTIONS, 'mean_cam', 'portrait_maps'}
    assert cv2.imread(str(out / 'portrait_maps.png')).shape[1] > 200


def test_sheets_of_a_checkpoint(tmp_path, astronaut, hopper):
    """All methods, from exported weights."""
    from fer_ros.training.checkpoint import save_checkpoint
    network = EmotionNetwork('se_resnet_tiny')
    save_checkpoint(tmp_path / 'w.pt', {
        'config': {'architecture': 'se_resnet_tiny', 'dropout': 0.0, 'drop_path': 0.0},
        'done': 1, 'weights': network.state_dict()})
    data = write_npz(tmp_path / 'd.npz', astronaut, hopper)
    out = tmp_path / 'out'
    explain.main(['--checkpoint', str(tmp_path / 'w.pt'), '--method', 'all', '--data', str(data),
                  '--emotion', 'Happiness', '--output', str(out)])
    assert {path.stem for path in out.iterdir()} == {
        'happy', 'mean_cam', 'mean_grad-cam', 'mean_eigen-cam'}


def test_the_probability_is_the_runtime_s(astronaut):
    """The sheet tells what the node would publish."""
    model = resource_path('models/emotion.onnx')
    crop = cv2.resize(astronaut[55:185, 165:295, 1], (48, 48))[None]
    np.testing.assert_array_equal(OnnxExplainer(model).probabilities(crop),
                                  EmotionClassifier(model).classify(crop)[0])


@pytest.mark.parametrize('kind', ['onnx', 'checkpoint'])
def test_no_faces(kind, tmp_path):
    """The empty batch."""
    if kind == 'onnx':
        explainer = OnnxExplainer(resource_path('models/emotion.onnx'))
    else:
        explainer = CheckpointExplainer(resource_path('models/emotion.pt'), None)
    none = np.empty((0, 48, 48), np.uint8)
    assert explainer.probabilities(none).shape == (0, 8)
    for method in explainer.methods:
        assert explainer.heat(method, none, np.empty(0, int)).shape == (0, 6, 6)


@pytest.mark.parametrize('arguments, text', [
    ([], 'nothing to explain'),
    (['{}/none.png'], "none.png': it is no file"),
    (['{}/cut.png'], "cut.png': the PNG of 60 bytes is cut off"),
    (['{}/wall.png'], 'no face was found'),
    (['{}/empty'], 'holds no pictures'),
    (['{}/wall.png', '--method', 'grad-cam'], 'give --checkpoint')])
def test_errors(tmp_path, arguments, text):
    """Each names the file or the remedy."""
    cv2.imwrite(str(tmp_path / 'wall.png'), np.full((100, 100), 80, np.uint8))
    (tmp_path / 'cut.png').write_bytes((tmp_path / 'wall.png').read_bytes()[:60])
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match=text):
        explain.main([argument.format(tmp_path) for argument in arguments]
                     + ['--output', str(tmp_path / 'out')])


def test_a_model_without_maps(tmp_path, data_folder):
    """It is told what to do."""
    import shutil
    name = 'fer2013_mini_XCEPTION.102-0.66'
    shutil.copy(data_folder / 'peers' / f'{name}.onnx', tmp_path)
    shutil.copy(resource_path(f'config/model_cards/{name}.yaml'), tmp_path)
    with pytest.raises(ValueError, match="no output 'maps'"):
        OnnxExplainer(tmp_path / f'{name}.onnx')
