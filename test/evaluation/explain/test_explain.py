"""Maps that are right by theorem, sheets that are there, errors that say what to do."""

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from fer_ros.commands import explain
from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.explain import sheets
from fer_ros.evaluation.explain.explainer import OnnxExplainer
from fer_ros.perception.activation import blend, enlarge, evidence
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.resources import resource_path

torch = pytest.importorskip('torch', reason='Grad-CAM and Eigen-CAM need torch')

from fer_ros.emotion_training.activation_maps import (  # noqa: E402
    cam,
    eigen_cam,
    find_layer,
    grad_cam,
)
from fer_ros.emotion_training.checkpoint_explainer import (  # noqa: E402
    CheckpointExplainer,
    temperature_of,
)
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402
from fer_ros.training.checkpoint import save_checkpoint  # noqa: E402

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
    assert names == {'happy', 'neutral', 'mean_cam', 'portrait_maps'}  # no empty ones
    assert cv2.imread(str(out / 'portrait_maps.png')).shape[1] > 200


def test_sheets_of_a_checkpoint(tmp_path, astronaut, hopper):
    """All methods, from exported weights."""
    weights = resource_path('models/emotion.pt')
    data = write_npz(tmp_path / 'd.npz', astronaut, hopper)
    out = tmp_path / 'out'
    explain.main(['--checkpoint', str(weights), '--method', 'all', '--data', str(data),
                  '--emotion', 'Happiness', '--output', str(out)])
    assert {path.stem for path in out.iterdir()} == {
        'happy', 'mean_cam', 'mean_grad-cam', 'mean_eigen-cam'}


def test_the_probability_is_the_runtime_s(astronaut):
    """The sheet tells what the node would publish."""
    model = resource_path('models/emotion.onnx')
    crop = cv2.resize(astronaut[55:185, 165:295, 1], (48, 48))[None]
    np.testing.assert_array_equal(OnnxExplainer(model).probabilities(crop),
                                  EmotionClassifier(model).classify(crop)[0])


def write_weights(path):
    """Write the weights of an untrained network, as a run or an export does."""
    torch.manual_seed(1)
    save_checkpoint(path, {
        'config': {'architecture': 'se_resnet_tiny', 'dropout': 0.0, 'drop_path': 0.0},
        'done': 1, 'weights': EmotionNetwork('se_resnet_tiny').state_dict()})
    return path


def test_a_checkpoint_is_as_sure_as_its_export(astronaut, hopper):
    """What the sheet says is what the node publishes: the temperature is applied."""
    model = resource_path('models/emotion.onnx')
    crops = np.stack([cv2.resize(astronaut[55:185, 165:295, 1], (48, 48)),
                      cv2.resize(hopper[95:345, 140:390, 1], (48, 48))])
    weights = model.with_suffix('.pt')
    temperature = temperature_of(weights, None, None)
    assert temperature == EmotionClassifier(model).card.temperature != 1
    # Half precision in the file of weights, hence the tolerance.
    np.testing.assert_allclose(
        CheckpointExplainer(weights, None, temperature).probabilities(crops),
        EmotionClassifier(model).classify(crops)[0], atol=0.01)
    hot = CheckpointExplainer(weights, None, 5.0).probabilities(crops)
    assert (hot.max(1) < 0.9).all()


def test_where_a_temperature_comes_from(tmp_path, astronaut, hopper, capsys):
    """The export beside it or named, the data; nobody knows: that is said."""
    model = resource_path('models/emotion.onnx')
    weights = write_weights(tmp_path / 'checkpoint.pt')
    data = write_npz(tmp_path / 'd.npz', astronaut, hopper)
    shipped = EmotionClassifier(model).card.temperature
    assert temperature_of(weights, model, data) == shipped
    assert temperature_of(weights, None, data) not in (None, 1.0)
    assert temperature_of(weights, None, None) is None
    cv2.imwrite(str(tmp_path / 'a.png'), astronaut)
    for arguments, told in (([], True), (['--model', str(model)], False)):
        assert explain.main([str(tmp_path / 'a.png'), '--checkpoint', str(weights), *arguments,
                             '--output', str(tmp_path / 'out')]) == 0
        assert ('is not calibrated' in capsys.readouterr().err) == told


def test_a_folder_with_a_broken_picture(tmp_path, astronaut, capsys):
    """It goes on; what is skipped is named with the reason; equal names get files of their own."""
    for name in ('a/1.png', 'b/1.png', 'a/wall.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), astronaut if '1' in name else astronaut[:50, :50])
    (tmp_path / 'a' / 'cut.png').write_bytes((tmp_path / 'a' / '1.png').read_bytes()[:500])
    (tmp_path / 'a' / 'notes.txt').touch()
    out = tmp_path / 'out'
    assert explain.main([str(tmp_path / 'a'), str(tmp_path / 'b'), '--output', str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {'1_maps.png', 'b_1_maps.png'}
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3 and all(line.startswith('skipped: ') for line in told)
    for name, why in (('cut.png', 'is cut off'), ('wall.png', 'no face was found'),
                      ('notes.txt', 'no pictures by their names')):
        assert any(name in line and why in line for line in told)


def extents(figure):
    """Return figure's box and those of all its texts [px]."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    drawn = {text.get_text(): text.get_window_extent(renderer)
             for text in figure.findobj(Text) if text.get_text().strip()}
    return figure.bbox, {text: extent for text, extent in drawn.items()
                         if extent.width > 1}  # the ticks of axes that are off have none


@pytest.mark.parametrize('faces', [1, 3, 12])
@pytest.mark.parametrize('name', ['a.png', 'IMG_20261124_' * 12 + '.jpg'])
def test_no_title_is_cut_or_written_over(faces, name, astronaut):
    """Whatever the number of faces and the length of the file's name."""
    explainer = OnnxExplainer(resource_path('models/emotion.onnx'))
    crops = np.repeat(cv2.resize(astronaut[55:185, 165:295, 1], (48, 48))[None], faces, 0)
    figure = sheets.sheet(explainer, ('cam',), crops, np.ones(faces, int),
                          ['0.98\nlabel surprise'] * faces, f'{name}: the likeliest emotions')
    assert figure.get_figwidth() < 14
    box, texts = extents(figure)
    caption = next(extent for text, extent in texts.items() if text.startswith(name[:10]))
    for text, extent in texts.items():
        assert box.x0 <= extent.x0 and extent.x1 <= box.x1, text
        assert box.y0 <= extent.y0 and extent.y1 <= box.y1, text
        assert extent is caption or extent.y1 < caption.y0, text


@pytest.mark.parametrize('method', ['cam', 'eigen-cam'])
def test_mean_maps_show_what_is_there(method, tmp_path, astronaut, hopper):
    """Of two emotions in the data: two faces, and room for what stands above them."""
    _, public = load_fer2013(write_npz(tmp_path / 'd.npz', astronaut, hopper))
    explainer = CheckpointExplainer(resource_path('models/emotion.pt'), None)
    figure = sheets.mean_maps(explainer, method, public, explainer.probabilities(public.images))
    box, texts = extents(figure)
    assert {'neutral (1)', 'happy (1)'} < set(texts) and len(texts) == 3
    for text, extent in texts.items():
        assert box.x0 <= extent.x0 and extent.x1 <= box.x1, text


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
    (['{}/wall.png', '{}/none.png'], 'none of 2 pictures can be used, beginning with .*wall'),
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
