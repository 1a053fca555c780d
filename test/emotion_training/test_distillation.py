"""Distillation: teachers answer once, views come again, a student learns and resumes."""

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch')

from fer_ros.commands import train  # noqa: E402
from fer_ros.datasets.unlabeled import unlabeled_faces  # noqa: E402
from fer_ros.emotion_training.degradation import degrade  # noqa: E402
from fer_ros.emotion_training.distillation import (  # noqa: E402
    distillation_loss,
    joined,
    taught,
    without_labels,
)
from fer_ros.emotion_training.export import export_onnx, load_network  # noqa: E402
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402
from fer_ros.emotion_training.teachers import Teacher, ask, soft_answers  # noqa: E402
from fer_ros.emotion_training.views import (  # noqa: E402
    VIEWS,
    after,
    look,
    look_at,
    transforms,
    view_transforms,
)
from fer_ros.resources import resource_path  # noqa: E402
from fer_ros.training.prefetch import prepared  # noqa: E402

torch.set_num_threads(1)  # tiny batches: threads would only wait for each other


class ColorTeacher(torch.nn.Module):
    """Answers with the brightness of three channels."""

    def forward(self, image):
        """Return votes that rise with blue, labels that fall with it."""
        blue = image[:, :1].mean((2, 3))
        return blue * torch.arange(8) / 100, -blue * torch.arange(7) / 100


def write_color_teacher(path, names=('votes_logits', 'fer2013_logits')):
    """Export a teacher of color pictures of any size."""
    torch.onnx.export(
        ColorTeacher(), (torch.zeros(2, 3, 96, 96),), str(path), input_names=['image'],
        output_names=list(names), opset_version=13, dynamo=False,
        dynamic_axes={'image': {0: 'n', 2: 'h', 3: 'w'}})
    return path


@pytest.fixture(scope='module')
def gray_teacher(tmp_path_factory):
    """Export an untrained network of ours."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('teacher') / 'gray.onnx'
    export_onnx(EmotionNetwork('se_resnet_tiny'), path)
    return path


@pytest.fixture(scope='module')
def faces(astronaut):
    """Return crops of one face, uint8 (24, 48, 48)."""
    face = cv2.resize(astronaut[55:185, 165:295, 1], (60, 60))
    return np.stack([face[i % 12:, i // 2:][:48, :48] for i in range(24)])


@pytest.fixture()
def data_file(tmp_path, faces):
    """Write a data set of 16 training and 8 public pictures."""
    votes = np.zeros((24, 10), np.uint8)
    votes[np.arange(24), np.arange(24) % 2] = 10
    np.savez(tmp_path / 'd.npz', images=faces, labels=np.tile([6, 3], 12).astype(np.uint8),
             split=np.arange(24) // 16, ferplus_votes=votes)
    return tmp_path / 'd.npz'


def test_views_come_again(faces):
    """The same number and seed: the same transforms; another number: others."""
    first, again = view_transforms(24, 3, 1), view_transforms(24, 3, 1)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.allclose(first, view_transforms(24, 4, 1))
    seen = look(torch.from_numpy(faces).float().unsqueeze(1), first)
    fast = look_at(faces, first, 48)
    assert (seen - fast).abs().max() < 4 and (seen - fast).abs().mean() < 0.5


def test_nothing_moved_shows_the_picture(faces):
    """The identity is exact at the picture's size, and an average at half of it."""
    stay = torch.eye(2, 3).expand(24, 2, 3)
    np.testing.assert_array_equal(look_at(faces, stay, 48)[:, 0].numpy(), faces)
    assert look_at(faces, stay, 24).shape == (24, 1, 24, 24)


def test_views_follow_each_other(faces):
    """A view of a view is the view through both transforms."""
    generator = torch.Generator().manual_seed(0)
    a, b = transforms(24, VIEWS, generator), transforms(24, VIEWS, generator)
    smooth = torch.from_numpy(np.stack([cv2.GaussianBlur(f, (0, 0), 4) for f in faces]))
    images = smooth.float().unsqueeze(1)
    twice = look(look(images, a), b)[:, :, 16:32, 16:32]
    torch.testing.assert_close(look(images, after(a, b))[:, :, 16:32, 16:32], twice,
                               rtol=0, atol=2.5)


@pytest.mark.parametrize('count', [0, 1, 3, 40])
@pytest.mark.parametrize('side', [32, 48])
def test_degradation(count, side):
    """Any number of pictures at any size; repeatable, within gray levels, and not idle."""
    images = torch.rand(count, 1, side, side) * 255
    a = degrade(images, torch.Generator().manual_seed(3))
    b = degrade(images, torch.Generator().manual_seed(3))
    assert a.shape == images.shape
    torch.testing.assert_close(a, b)
    assert count == 0 or (a.min() >= 0 and a.max() <= 255 and not torch.equal(a, images))


def test_a_share_is_degraded():
    """The others only get other light, the same as without any degradation."""
    images = torch.rand(40, 1, 48, 48) * 255
    none, half = (degrade(images, torch.Generator().manual_seed(3), share) for share in (0, 0.5))
    same = (none == half).flatten(1).all(1)
    assert same.sum() >= 20 and not same.all()


def test_teachers_are_fed_as_they_were_trained(tmp_path, gray_teacher):
    """Gray: normalized, so light does not matter; color: BGR minus the means."""
    images = torch.full((2, 1, 48, 48), 203.939)
    images[1, :, :24] = 3.939
    color = Teacher(write_color_teacher(tmp_path / 'c.onnx'))
    votes, labels = color.answer(images)
    expected = torch.softmax(torch.arange(8) * 1.0, 0).numpy()
    np.testing.assert_allclose(votes[0], expected, atol=1e-5)
    np.testing.assert_allclose(votes[1], np.full(8, 1 / 8), atol=1e-5)
    gray = Teacher(gray_teacher)
    assert gray.side == 48
    np.testing.assert_allclose(
        gray.answer(images)[0], gray.answer(images * 0.5 + 20)[0], atol=1e-4)


def test_teachers_answer_once(tmp_path, gray_teacher, faces, monkeypatch):
    """The answers are kept; for other pictures they are refused."""
    answers = soft_answers([gray_teacher], faces, 2, 1, tmp_path / 'a', 'faces')
    assert answers.votes.shape == (2, 24, 8) and answers.labels.shape == (2, 24, 7)
    np.testing.assert_allclose(answers.votes.astype(float).sum(2), 1, atol=2e-3)
    votes, _ = ask([Teacher(gray_teacher)], faces, 1, 1)
    np.testing.assert_array_equal(votes, answers.votes[1])
    monkeypatch.setattr('fer_ros.emotion_training.teachers.ask', None)
    again = soft_answers([gray_teacher], faces, 2, 1, tmp_path / 'a', 'faces')
    np.testing.assert_array_equal(again.votes, answers.votes)
    with pytest.raises(ValueError, match='24 pictures, not 23'):
        soft_answers([gray_teacher], faces[1:], 2, 1, tmp_path / 'a', 'faces')


def test_teachers_that_cannot_teach(tmp_path):
    """The file and what it lacks are named."""
    with pytest.raises(ValueError, match="none.onnx' is not there"):
        Teacher(tmp_path / 'none.onnx')
    path = write_color_teacher(tmp_path / 'c.onnx', ('a', 'b'))
    with pytest.raises(ValueError, match='no output logits or votes_logits; it has a, b'):
        Teacher(path)
    detector = resource_path('models/face_detector.onnx')
    with pytest.raises(ValueError, match='face_detector.onnx'):
        Teacher(detector)


def test_the_loss_asks_teachers_where_people_are_silent():
    """Votes and labels in their share; without them the teachers' answers alone."""
    config = {'teacher_share': 0.25, 'label_smoothing': 0.0, 'auxiliary_weight': 0.0}
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25, 0, 0, 0, 0, 0]]) + 1e-9)
    outputs = (logits, None, torch.zeros(1, 7))
    people, teacher = torch.eye(8)[:1], torch.eye(8)[1:2]
    none = torch.full((1,), -100)
    rest = (torch.full((1, 7), 1 / 7), config)
    mixed = distillation_loss(outputs, people, none, teacher, *rest)
    assert mixed == pytest.approx(0.75 * np.log(2) + 0.25 * np.log(4), abs=1e-5)
    alone = distillation_loss(outputs, torch.zeros(1, 8), none, teacher, *rest)
    assert alone == pytest.approx(np.log(4), abs=1e-5)


def test_pictures_with_and_without_labels(tmp_path, gray_teacher, faces):
    """Both sets in one; a part of it keeps views and answers in step."""
    answers = soft_answers([gray_teacher], faces, 2, 1, tmp_path, 'faces')
    data = taught(without_labels(faces), answers, 1)
    both = joined(data, data)
    assert len(both) == 48 and both.images.shape[1:] == (48, 48)
    assert joined(data, None) is data
    part = both.subset(np.array([3, 27]))
    np.testing.assert_array_equal(part.views[0], part.views[1])
    np.testing.assert_array_equal(part.soft_votes[0], answers.votes[:, 3])
    assert (part.majority == -1).all() and (part.labels < 0).all()


def test_faces_without_labels(tmp_path, astronaut):
    """Cut out by our detector; the list's training part only; nothing found is an error."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    cv2.imwrite(str(folder / 'a.png'), astronaut)
    cv2.imwrite(str(folder / 'b.png'), astronaut)
    assert unlabeled_faces(folder, tmp_path / 'one.npz').shape == (2, 96, 96)
    (folder / 'images.csv').write_text('image,split\na.png,train\nb.png,val\n')
    assert unlabeled_faces(folder, tmp_path / 'two.npz').shape == (1, 96, 96)
    (folder / 'a.png').unlink()
    assert len(unlabeled_faces(folder, tmp_path / 'two.npz')) == 1  # kept
    with pytest.raises(ValueError, match='no face of 24 px'):
        unlabeled_faces(folder, tmp_path / 'three.npz')
    (folder / 'images.csv').write_text('picture\na.png\n')
    with pytest.raises(ValueError, match="lacks the column 'image'"):
        unlabeled_faces(folder, tmp_path / 'three.npz')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='no pictures'):
        unlabeled_faces(tmp_path / 'empty', tmp_path / 'three.npz')


def tiny_preset(path, **changes):
    """Write the preset that ships, made small."""
    preset = yaml.safe_load(
        resource_path('config/training/distill.yaml').read_text(encoding='utf-8'))
    path.write_text(yaml.safe_dump({**preset, 'epochs': 2, 'views': 2, 'batch_size': 8,
                                    'ema_decay': 0.8, **changes}), encoding='utf-8')
    return path


def test_the_command(tmp_path, data_file, gray_teacher, astronaut, capsys):
    """From data to a checkpoint that exports; stopped and resumed it goes on to the same end."""
    pictures = tmp_path / 'pictures'
    pictures.mkdir()
    cv2.imwrite(str(pictures / 'a.png'), astronaut)
    color = write_color_teacher(tmp_path / 'c.onnx')
    command = ['--preset', 'distill', '--data', str(data_file), '--config',
               str(tiny_preset(tmp_path / 'p.yaml')), '--teachers', str(gray_teacher), str(color),
               '--unlabeled', str(pictures)]
    assert train.main([*command, '--output', str(tmp_path / 'run')]) == 0
    assert '16 training, 1 unlabeled and 8 validation pictures' in capsys.readouterr().out
    network, state = load_network(tmp_path / 'run' / 'checkpoint.pt')
    assert state['done'] == 2 and state['config']['teachers'] == ['gray.onnx', 'c.onnx']
    export_onnx(network, tmp_path / 'student.onnx')
    assert train.main([*command, '--output', str(tmp_path / 'run')]) == 0  # nothing left to do
    with pytest.raises(ValueError, match='another configuration'):
        train.main([*command, '--epochs', '3', '--output', str(tmp_path / 'run')])


def test_weights_that_are_not_there(tmp_path, data_file, gray_teacher):
    """The preset begins with the weights of a run: where they lack it says so, before it asks."""
    with pytest.raises(ValueError, match="'runs/no_such/checkpoint.pt' is not there; --weights"):
        train.main(['--preset', 'narrow', '--data', str(data_file), '--teachers',
                    str(gray_teacher), '--weights', 'runs/no_such/checkpoint.pt', '--output',
                    str(tmp_path / 'run')])
    assert not (tmp_path / 'run').exists()


def test_folds(tmp_path, data_file, gray_teacher, capsys):
    """Choices are made on the training part."""
    assert train.main([
        '--preset', 'distill', '--data', str(data_file), '--config',
        str(tiny_preset(tmp_path / 'p.yaml', epochs=1)), '--teachers', str(gray_teacher),
        '--output', str(tmp_path / 'run'), '--folds', '2']) == 0
    assert 'over 2 folds' in capsys.readouterr().out


def test_one_ahead_in_order():
    """Everything comes, in order; what went wrong there is raised here."""
    made = []
    assert list(prepared(lambda i: made.append(i) or i * i, range(4))) == [0, 1, 4, 9]
    assert made == [0, 1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        list(prepared(lambda i: 1 / i, [1, 0]))


def test_light_networks_are_exact_too():
    """A logit is the mean of its map; maps are 6x6; every kind of block runs and trains."""
    from fer_ros.emotion_training.network import ARCHITECTURES, LightBlock
    network = EmotionNetwork('resnet_light').eval()
    logits, maps, labels = network(torch.randn(3, 1, 48, 48))
    assert maps.shape == (3, 8, 6, 6) and labels.shape == (3, 7)
    torch.testing.assert_close(maps.mean((2, 3)), logits)
    assert sum(p.numel() for p in network.parameters()) < 0.5e6
    assert set(ARCHITECTURES['resnet_light']['kinds']) == {'residual'}
    for kind in ('residual', 'separable', 'inverted', 'fused'):
        block = LightBlock(16, kind, 0.5).train()
        y = block(torch.randn(4, 16, 6, 6))
        y.sum().backward()
        assert y.shape == (4, 16, 6, 6)
