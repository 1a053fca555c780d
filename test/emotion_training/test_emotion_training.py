"""Training of the emotion network: it learns, it resumes to the same result, it exports."""

import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch')

from own_pictures import two_portraits, write_own  # noqa: E402

from fer_ros.commands import train  # noqa: E402
from fer_ros.datasets.emotion_data import load_fer2013  # noqa: E402
from fer_ros.emotion_training.augmentation import augment, standardize  # noqa: E402
from fer_ros.emotion_training.card import emotion_card  # noqa: E402
from fer_ros.emotion_training.export import (  # noqa: E402
    export_onnx,
    load_mean,
    load_network,
)
from fer_ros.emotion_training.export import main as export  # noqa: E402
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402
from fer_ros.emotion_training.trainer import (  # noqa: E402
    EmotionTrainer,
    cross_validate,
    loss_of,
    predict,
)
from fer_ros.perception.emotion_classifier import EmotionClassifier  # noqa: E402
from fer_ros.perception.labels import EMOTIONS  # noqa: E402
from fer_ros.perception.model_card import save_model_card  # noqa: E402
from fer_ros.perception.preprocessing import normalize  # noqa: E402
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from fer_ros.training.schedules import image_size, learning_rate  # noqa: E402

torch.set_num_threads(1)  # tiny batches: threads would only wait for each other

CONFIG = {
    'architecture': 'se_resnet_tiny', 'epochs': 8, 'batch_size': 16, 'learning_rate': 0.05,
    'momentum': 0.9, 'weight_decay': 5e-4, 'ema_decay': 0.8, 'dropout': 0.0, 'drop_path': 0.1,
    'auxiliary_weight': 0.3, 'label_smoothing': 0.1, 'seed': 1, 'class_balance': 0.5,
    'class_weights': 0, 'image_sizes': [[0, 32], [0.25, 48]]}


@pytest.fixture(scope='module')
def trained(tmp_path_factory, astronaut, hopper):
    """Train the tiny network for a few epochs."""
    output = tmp_path_factory.mktemp('run')
    data = two_portraits(astronaut, hopper)
    trainer = EmotionTrainer(CONFIG, output)
    trainer.run(data, data)
    return trainer, data


def test_it_learns(trained):
    """Two faces are told apart; the history is written."""
    trainer, data = trained
    assert trainer.history[-1]['accuracy'] > 0.9  # labels: no votes of FER+
    assert trainer.history[-1]['loss'] < trainer.history[0]['loss']
    lines = (trainer.output / 'history.csv').read_text().splitlines()
    assert len(lines) == 1 + CONFIG['epochs']


def test_a_killed_run_resumes_to_the_same_weights(trained, tmp_path):
    """Stopped in the middle of an epoch and started again: bit for bit the same."""
    trainer, data = trained

    class KilledError(Exception):
        pass

    first = EmotionTrainer(CONFIG, tmp_path)
    steps, original = 0, first._step

    def step(*arguments):
        nonlocal steps
        steps += 1
        if steps == 25:  # in the third epoch of ten steps
            raise KilledError
        return original(*arguments)

    first._step = step
    with pytest.raises(KilledError):
        first.run(data, data)
    second = EmotionTrainer(CONFIG, tmp_path)
    second.run(data, data)
    for key, value in trainer.average.state_dict().items():
        torch.testing.assert_close(value, second.average.state_dict()[key], rtol=0, atol=0)


def test_another_configuration_does_not_resume(trained):
    """A changed preset in the same folder is refused."""
    trainer, data = trained
    other = EmotionTrainer({**CONFIG, 'epochs': 99}, trainer.output)
    with pytest.raises(ValueError, match='another configuration'):
        other.run(data, data)


def test_export_gives_the_same_answers(trained, tmp_path):
    """Torch and onnxruntime through the runtime's own class agree to 1e-4."""
    trainer, data = trained
    network, state = load_network(trainer.checkpoint)
    model = tmp_path / 'm.onnx'
    export_onnx(network, model)
    save_model_card(model, emotion_card('tiny', state, network, EMOTIONS, 'nothing'))
    classifier = EmotionClassifier(model)
    probabilities, maps = classifier.classify(data.images[:20], maps=True)
    logits, _ = predict(network, data.subset(np.arange(20)))
    np.testing.assert_allclose(probabilities, torch.softmax(logits, 1).numpy(), atol=1e-4)
    np.testing.assert_allclose(maps.mean((2, 3)), logits.numpy(), atol=1e-3)


def test_one_preprocessing():
    """The peers' defect (59.7 instead of 63 %): training and runtime normalize alike."""
    images = np.random.default_rng(0).integers(0, 255, (5, 48, 48), np.uint8)
    images[0] = 77
    ours = standardize(torch.from_numpy(images).float().unsqueeze(1)).numpy()[:, 0]
    np.testing.assert_allclose(ours, normalize(images, 'per_image'), atol=1e-5)


@pytest.mark.parametrize('count', [0, 1, 7])
def test_augmentation(count):
    """Any number of pictures; the same seed gives the same pictures, within gray levels."""
    images = torch.rand(count, 1, 48, 48) * 255
    a = augment(images, torch.Generator().manual_seed(3))
    b = augment(images, torch.Generator().manual_seed(3))
    assert a.shape == images.shape
    torch.testing.assert_close(a, b)
    assert count == 0 or (a.min() >= 0 and a.max() <= 255)


@pytest.mark.parametrize('step, expected', [(0, 0.01), (9, 0.1), (10, 0.1), (55, 0.05),
                                            (100, 0.0)])
def test_learning_rate(step, expected):
    """Warm-up, peak, half way, end."""
    assert learning_rate(step, 100, 10, 0.1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize('done, side', [(0, 32), (0.34, 32), (0.35, 40), (1, 40)])
def test_image_size(done, side):
    """The border belongs to the larger size."""
    assert image_size(done, [[0, 32], [0.35, 40]]) == side


def test_loss_without_votes_or_labels():
    """Nothing known: 0, not NaN; weights change only the first part."""
    outputs = (torch.zeros(2, 8), None, torch.zeros(2, 7))
    config = {'label_smoothing': 0.0, 'auxiliary_weight': 1.0}
    none = torch.full((2,), -100)
    assert loss_of(outputs, torch.zeros(2, 8), none, config) == 0
    votes = torch.eye(8)[:2]
    assert loss_of(outputs, votes, none, config) == pytest.approx(np.log(8))
    weights = torch.tensor([2.0, 0, 1, 1, 1, 1, 1, 1])
    assert loss_of(outputs, votes, none, config, weights) == pytest.approx(np.log(8))
    assert loss_of(outputs, votes[:1].repeat(2, 1), none, config, weights) == pytest.approx(
        2 * np.log(8))


def test_begin_with_other_weights(trained, tmp_path):
    """From a checkpoint; a file of another network or of nothing is refused by name."""
    trainer, data = trained
    config = {**CONFIG, 'weights': str(trainer.checkpoint)}
    begun = EmotionTrainer(config, tmp_path)
    for key, value in trainer.average.module.state_dict().items():
        torch.testing.assert_close(begun.network.state_dict()[key], value)
    save_checkpoint(tmp_path / 'x.pt', {'weights': {'a': torch.zeros(1)}})
    with pytest.raises(ValueError, match="x.pt' does not fit"):
        EmotionTrainer({**CONFIG, 'weights': str(tmp_path / 'x.pt')}, tmp_path)
    save_checkpoint(tmp_path / 'y.pt', {'z': 1})
    with pytest.raises(ValueError, match='no weights'):
        EmotionTrainer({**CONFIG, 'weights': str(tmp_path / 'y.pt')}, tmp_path)


def test_other_data_in_a_finished_run(trained, tmp_path, capsys):
    """It is refused and both are named; the same data: nothing is done, and that is said."""
    _, data = trained
    preset = tmp_path / 'p.yaml'
    preset.write_text(yaml.safe_dump({**CONFIG, 'epochs': 2}))
    (tmp_path / 'mine').mkdir()
    one = write_own(data, tmp_path / 'mine' / 'dataset.npz')
    two = write_own(data.subset(np.arange(40)), tmp_path / 'b.npz')
    command = ['--preset', 'emotion', '--config', str(preset), '--output', str(tmp_path / 'run')]
    assert train.main([*command, '--data', str(one)]) == 0
    assert 'trained: ' in capsys.readouterr().out
    assert train.main([*command, '--data', str(one)]) == 0
    printed = capsys.readouterr().out
    assert 'nothing done: ' in printed and 'has all its 2 epochs' in printed
    assert 'trained: ' not in printed
    with pytest.raises(ValueError, match=r"was trained on 'mine' \(120 pictures, sha256 \w{8}\), "
                       r"not on 'b.npz' \(30 pictures.*another --output"):
        train.main([*command, '--data', str(two)])


def test_it_says_where_it_resumes_and_what_is_left(trained, tmp_path, capsys):
    """An older checkpoint does not tell its data, and goes on with any."""
    trainer, data = trained
    state = load_checkpoint(trainer.checkpoint)
    save_checkpoint(tmp_path / 'checkpoint.pt', {
        **state, 'done': 7, 'history': [{'epoch': 7, 'loss': 1.0, 'ferplus_accuracy': 0.5}]})
    resumed = EmotionTrainer(CONFIG, tmp_path)
    resumed.data = {'file': 'mine', 'sha256': '0', 'pictures': 160}
    resumed.run(data, data)
    printed = capsys.readouterr().out
    assert 'resumed at 7 of 8 epochs' in printed and ' 0 s left' in printed
    assert resumed.outcome().startswith('trained: ')


def test_nothing_held_out_is_not_an_accuracy_of_nothing(trained, tmp_path):
    """There is no figure without pictures."""
    trainer, data = trained
    assert trainer.validate(data.subset(np.arange(0))) == {}


def test_cross_validation(trained, tmp_path, capsys):
    """Two folds, each with its folder; mean and spread are told."""
    rows = cross_validate({**CONFIG, 'epochs': 2}, tmp_path, trained[1], 2)
    assert [row['fold'] for row in rows] == [0, 1]
    assert (tmp_path / 'fold_1' / 'history.png').stat().st_size > 1000
    assert len((tmp_path / 'folds.csv').read_text().splitlines()) == 3
    assert 'accuracy: ' in capsys.readouterr().out


def test_export_command(trained, tmp_path, capsys):
    """All formats are written, loaded and judged; the weights continue a training."""
    trainer, data = trained
    own = write_own(data, tmp_path / 'd.npz', every=2)
    model = tmp_path / 'out' / 'm.onnx'
    assert export(['--checkpoint', str(trainer.checkpoint), '--data', str(own),
                   '--output', str(model), '--quick']) == 0
    printed = capsys.readouterr().out
    assert 'm_int8 ' in printed and 'm.pt' in printed
    float32 = EmotionClassifier(model)
    int8 = EmotionClassifier(model.with_name('m_int8.onnx'))
    assert int8.has_maps and (float32.card.name, int8.card.name) == ('m', 'm_int8')
    np.testing.assert_allclose(float32.classify(data.images)[0].argmax(1),
                               int8.classify(data.images)[0].argmax(1))
    EmotionTrainer({**CONFIG, 'weights': str(model.with_suffix('.pt'))}, tmp_path / 'next')
    assert '"labels"' in model.with_suffix('.json').read_text()
    with pytest.raises(ValueError, match='.onnx'):
        export(['--data', 'd.npz', '--output', 'model.bin'])


def test_an_export_lies_beside_its_checkpoint_unless_told():
    """Never over the network that ships."""
    from fer_ros.emotion_training.export import _options
    options = _options(['--checkpoint', 'runs/mine/checkpoint.pt', '--data', 'd.npz'])
    assert options.output.parts[-3:] == ('runs', 'mine', 'mine.onnx')


def test_few_pictures_do_not_calibrate(trained, tmp_path, capsys):
    """The temperature of the weights stays, and that is said; enough pictures fit a new one."""
    trainer, data = trained
    state = load_checkpoint(trainer.checkpoint)
    save_checkpoint(tmp_path / 'c.pt', {**state, 'temperature': 0.8})
    own = write_own(data, tmp_path / 'd.npz')
    model = tmp_path / 'm.onnx'
    command = ['--checkpoint', str(tmp_path / 'c.pt'), '--output', str(model), '--quick']
    assert export([*command, '--data', str(own)]) == 0
    assert 'not calibrated: 40 held-out pictures are too few (200 are needed); the temperature ' \
        '0.8 ' in capsys.readouterr().out
    card = EmotionClassifier(model).card
    assert card.temperature == 0.8 and '40 were too few' in card.extra['calibrated_for']
    more = data.subset(np.tile(np.arange(160), 3))
    assert export([*command, '--data', str(write_own(more, tmp_path / 'e.npz', 2))]) == 0
    assert 'not calibrated' not in capsys.readouterr().out
    assert EmotionClassifier(model).card.temperature != 0.8


@pytest.mark.parametrize('groups, labels', [(3, ('happy', 'sad', 'angry')), (7, EMOTIONS[:7])])
def test_a_network_of_fewer_classes(trained, tmp_path, groups, labels):
    """It answers these and no other, as the whole one does when it must choose among them."""
    trainer, data = trained
    own = write_own(data, tmp_path / 'dataset.npz')
    (tmp_path / 'dataset.json').write_text(f'{{"options": {{"groups": {groups}}}}}')
    model = tmp_path / 'm.onnx'
    portraits = ['--any-portraits'] if groups == 3 else []  # one of the two is neutral
    assert export(['--checkpoint', str(trainer.checkpoint), '--data', str(tmp_path), '--quick',
                   '--output', str(model), *portraits]) == 0
    classifier = EmotionClassifier(model)
    assert classifier.labels == labels and 'fer2013_logits' not in classifier.outputs
    assert len(classifier.card.metrics['confusion']) == groups
    network, _ = load_network(model.with_suffix('.pt'))  # this one keeps all eight
    logits, _ = predict(network, data.subset(np.arange(4)))
    columns = logits[:, [EMOTIONS.index(label) for label in labels]]
    np.testing.assert_allclose(classifier.classify(data.images[:4])[0], torch.softmax(
        columns / classifier.card.temperature, 1).numpy(), atol=5e-3)  # .pt is half precision
    with pytest.raises(ValueError, match='none of split 1 shows happy'):
        export(['--checkpoint', str(trainer.checkpoint), '--groups', '3', '--data', str(write_own(
            data.subset(data.majority == 0), own)), '--output', str(model)])


def test_a_network_that_tells_nobody_apart_is_not_written(tmp_path, trained):
    """Neither file nor card is left; the message says what it calls the portraits."""
    state = load_checkpoint(trained[0].checkpoint)
    weights = {key: torch.zeros_like(value) if key.startswith('head') else value
               for key, value in trained[0].average.module.state_dict().items()}
    weights['head.bias'] = torch.eye(8)[2] * 9
    save_checkpoint(tmp_path / 'c.pt', {**state, 'weights': weights})
    own = write_own(trained[1], tmp_path / 'd.npz')
    command = ['--checkpoint', str(tmp_path / 'c.pt'), '--data', str(own), '--quick', '--output',
               str(tmp_path / 'm.onnx')]
    with pytest.raises(ValueError, match=r'smiling astronaut surprise \(100 %\).*was deleted'):
        export(command)
    assert not list(tmp_path.glob('m.*'))
    assert export([*command, '--any-portraits']) == 0


def test_the_mean_of_runs(trained, tmp_path):
    """Half way between two networks; other architectures are refused by name."""
    trainer, _ = trained
    state = load_checkpoint(trainer.checkpoint)
    weights = trainer.average.module.state_dict()
    for name, factor in (('a', 1.0), ('b', 3.0)):
        save_checkpoint(tmp_path / f'{name}.pt', {**state, 'weights': {
            key: value * factor if value.is_floating_point() else value
            for key, value in weights.items()}})
    mean, told = load_mean([tmp_path / 'a.pt', tmp_path / 'b.pt'])
    torch.testing.assert_close(mean.head.weight, 2 * weights['head.weight'])
    assert told['mean_of'] == 2
    assert 'mean_of' not in load_mean([tmp_path / 'a.pt'])[1]
    other = EmotionNetwork('resnet_light').state_dict()
    save_checkpoint(tmp_path / 'c.pt', {
        'config': {**CONFIG, 'architecture': 'resnet_light'}, 'weights': other})
    with pytest.raises(ValueError, match="c.pt' is resnet_light"):
        load_mean([tmp_path / 'a.pt', tmp_path / 'c.pt'])


def test_opencv_reads_the_file(tmp_path):
    """OpenCV's own reader gives the same logits: the opset is old enough."""
    import cv2

    from fer_ros.resources import resource_path
    net = cv2.dnn.readNetFromONNX(str(resource_path('models/emotion.onnx')))
    faces = np.random.default_rng(0).normal(size=(1, 1, 48, 48)).astype(np.float32)
    net.setInput(faces)
    names = net.getUnconnectedOutLayersNames()
    ours = EmotionClassifier(resource_path('models/emotion.onnx'))
    expected = ours._run(faces, ['logits'])[0]
    outputs = [value for value in net.forward(names) if value.shape == expected.shape]
    np.testing.assert_allclose(outputs[0], expected, atol=1e-3)


def test_unknown_architecture_and_preset():
    """Both name what is known."""
    with pytest.raises(ValueError, match='se_resnet_small'):
        EmotionNetwork('transformer')
    with pytest.raises(SystemExit):
        train.main(['--preset', 'nothing'])


def write_npz(path, **changes):
    """Write a small FER2013 file."""
    n = 6
    votes = np.zeros((n, 10), np.uint8)
    votes[np.arange(n), [0, 1, 8, 9, 1, 0]] = 9
    fields = {
        'images': np.random.default_rng(0).integers(0, 255, (n, 48, 48), np.uint8),
        'labels': np.array([6, 3, 0, 1, 3, 6], np.uint8),
        'split': np.array([0, 0, 0, 0, 1, 0], np.uint8), 'ferplus_votes': votes,
        'same_as_public': np.array([0, 0, 0, 0, 0, 1], np.uint8), **changes}
    np.savez(path, **{key: value for key, value in fields.items() if value is not None})
    return path


def test_what_is_left_out(tmp_path):
    """Not a face, and equal to a public picture; 'unknown' stays without a majority."""
    training, public = load_fer2013(write_npz(tmp_path / 'a.npz'))
    assert (len(training), len(public)) == (3, 1)
    assert training.majority.tolist() == [0, 1, -1]
    assert public.votes[0, 1] == 1.0


@pytest.mark.parametrize('changes, text', [
    ({'ferplus_votes': None}, "lacks 'ferplus_votes'"),
    ({'labels': np.array([1, 2], np.uint8)}, '2 labels for 6 images'),
    ({'labels': np.full(6, 9, np.uint8)}, r'labels\[0\] is 9')])
def test_damaged_data(tmp_path, changes, text):
    """The field or row is named."""
    with pytest.raises(ValueError, match=text):
        load_fer2013(write_npz(tmp_path / 'a.npz', **changes))


def test_files_cut_in_half(tmp_path):
    """Data and checkpoint; a missing one too."""
    data = write_npz(tmp_path / 'a.npz')
    data.write_bytes(data.read_bytes()[:2000])
    checkpoint = tmp_path / 'c.pt'
    save_checkpoint(checkpoint, {'x': torch.zeros(1000)})
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    for load, path in ((load_fer2013, data), (load_fer2013, tmp_path / 'none.npz'),
                       (load_checkpoint, checkpoint), (load_checkpoint, tmp_path / 'n.pt')):
        with pytest.raises(ValueError, match=path.name):
            load(path)


def test_the_presets_are_complete():
    """Every preset that ships is one that its trainer understands."""
    from fer_ros.resources import resource_path
    for name in train.PRESETS:
        preset = yaml.safe_load(
            resource_path(f'config/training/{name}.yaml').read_text(encoding='utf-8'))
        assert isinstance(preset['seed'], int)
    emotion = yaml.safe_load(
        resource_path('config/training/emotion.yaml').read_text(encoding='utf-8'))
    assert set(emotion) == set(CONFIG)


def test_presets_fit_the_weights_that_ship():
    """Those that begin with the network in models/ make one of its architecture."""
    from fer_ros.resources import resource_path
    shipped = load_checkpoint(resource_path('models/emotion.pt'))['config']['architecture']
    for name in train.PRESETS:
        preset = yaml.safe_load(
            resource_path(f'config/training/{name}.yaml').read_text(encoding='utf-8'))
        if preset.get('weights') == 'models/emotion.pt':
            assert preset['architecture'] == shipped, name
