"""A few real steps of training on two portraits: data, targets, resuming, export, judging."""

import csv
import gzip
import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')

from fer_ros.datasets.face_pictures import FacePicture, load_face_pictures  # noqa: E402
from fer_ros.detector_training import export as export_face_detector  # noqa: E402
from fer_ros.detector_training import trainer as train_face_detector  # noqa: E402
from fer_ros.detector_training.augmentation import degrade, draw_lookalike  # noqa: E402
from fer_ros.detector_training.crops import FaceCrops, label_crops, load_face_crops  # noqa: E402
from fer_ros.detector_training.hard_examples import with_hard_places  # noqa: E402
from fer_ros.detector_training.network import separable  # noqa: E402
from fer_ros.detector_training.samples import FaceSampler  # noqa: E402
from fer_ros.evaluation.detector import evaluate as evaluate_face_detector  # noqa: E402
from fer_ros.perception.face_detector import load_face_detector  # noqa: E402
from fer_ros.perception.onnx_session import open_session  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402
from fer_ros.training.checkpoint import save_checkpoint  # noqa: E402
from fer_ros.training.told_data import told_data  # noqa: E402

PRESET = Path(__file__).resolve().parents[2] / 'config' / 'training' / 'face_detector.yaml'

#: box and landmarks (right eye, left eye, nose, mouth corners), by eye [px].
FACES = {
    'astronaut': ((180, 66, 92, 112),
                  ((207, 107), (246, 109), (228, 128), (209, 148), (246, 150))),
    'hopper': ((176, 118, 180, 214),
               ((218, 200), (295, 193), (257, 240), (228, 280), (300, 275)))}


def write_table(path, rows):
    with gzip.open(path, 'wt', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope='module')
def folder(tmp_path_factory, astronaut, hopper):
    """Lay out the two portraits and a picture without a face as a data set."""
    root = tmp_path_factory.mktemp('faces')
    empty = np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[None, :], 200, 0)
    for name, image in (('astronaut', astronaut), ('hopper', hopper), ('empty', empty)):
        cv2.imwrite(str(root / f'{name}.png'), image)
    write_table(root / 'images.csv.gz', [
        {'image': f'{name}.png', 'split': split}
        for name, split in (('astronaut', 'train'), ('empty', 'train'), ('hopper', 'val'))])
    write_table(root / 'labels.csv.gz', [
        {'image': f'{name}.png', 'ignore': ignore, **dict(zip('xywh', box)),
         **{f'lmk_{axis}{i + 1}': point[k] for i, point in enumerate(points)
            for k, axis in enumerate('xy')}}
        for name, (box, points) in FACES.items() for ignore in '01'])
    write_table(root / 'boxes_human.csv.gz', [
        {'image': 'empty.png', 'source': source, 'matched': matched,
         **dict(zip('xywh', (10, 20, 30, 40))),
         **dict(zip(('adj_x', 'adj_y', 'adj_w', 'adj_h'), (11, 21, 31, 41)))}
        for source, matched in (('facemask_cc0', '0'), ('facemask_cc0', '1'), ('other', '0'))])
    return root


@pytest.fixture(scope='module')
def config():
    values = yaml.safe_load(PRESET.read_text(encoding='utf-8'))
    return {**values, 'width': 16, 'deep': 16, 'input_size': 64, 'steps': 4, 'batch_size': 2}


@pytest.fixture(scope='module')
def run_folder(tmp_path_factory, folder, config):
    """Train four steps."""
    output = tmp_path_factory.mktemp('run')
    torch.set_num_threads(1)
    trainer = train_face_detector.FaceDetectorTrainer(config, output)
    trainer.run(load_face_pictures(folder, 'train'))
    return output


def test_labels_are_read_as_the_data_means_them(folder):
    train = {p.name: p for p in load_face_pictures(folder, 'train')}
    assert sorted(train) == ['astronaut.png', 'empty.png']
    face = train['astronaut.png']
    assert face.image.shape == (512, 512, 3)
    np.testing.assert_allclose(face.boxes, [FACES['astronaut'][0]])
    np.testing.assert_allclose(face.landmarks, [FACES['astronaut'][1]])
    assert len(face.ignored) == 1  # the row with ignore=1
    missed = train['empty.png']  # a face that the teacher missed, and a head to ignore
    np.testing.assert_allclose(missed.boxes, [(11, 21, 31, 41)])
    assert np.isnan(missed.landmarks).all()
    np.testing.assert_allclose(missed.ignored, [(10, 20, 30, 40)])


def test_missing_and_damaged_data_is_named(folder, tmp_path):
    with pytest.raises(ValueError, match='labels.csv.gz'):
        load_face_pictures(tmp_path, 'train')
    copy = tmp_path / 'copy'
    shutil.copytree(folder, copy)
    (copy / 'hopper.png').unlink()
    with pytest.raises(ValueError, match='hopper.png'):
        load_face_pictures(copy, 'val')
    (copy / 'images.csv.gz').write_bytes((copy / 'images.csv.gz').read_bytes()[:20])
    with pytest.raises(ValueError, match='images.csv.gz'):
        load_face_pictures(copy, 'val')


def test_samples_carry_their_labels_along(folder):
    """The picture around the moved landmarks is the picture around the labeled ones."""
    sampler = FaceSampler(load_face_pictures(folder, 'train'), 128, mosaic=0.3, crowd=0.2)
    faces, mirrored = 0, set()
    for seed in range(60):
        sample = sampler.draw(np.random.default_rng(seed))
        assert sample.image.shape == (128, 128) and sample.image.dtype == np.uint8
        assert len(sample.boxes) == len(sample.landmarks)
        for box, points in zip(sample.boxes, sample.landmarks):
            if not np.isfinite(points).all():
                continue
            faces += 1
            unit = (points - box[:2]) / box[2:]
            assert np.all(unit > -0.1) and np.all(unit < 1.1)
            assert points[0, 0] < points[1, 0]  # the right eye stays left in the picture
            mirrored.add(bool(unit[2, 0] > 0.5))
    assert faces > 20 and mirrored == {True, False}


def test_samples_repeat_with_their_seed(folder):
    sampler = FaceSampler(load_face_pictures(folder, 'train'), 96, mosaic=0.3, crowd=0.2)
    first, again = (sampler.draw(np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.boxes, again.boxes)


def test_clean_samples_keep_the_gray_levels():
    """Neither light nor camera: a flat picture stays flat; else most do not."""
    flat = FacePicture(np.full((64, 64, 3), 100, np.uint8), np.empty((0, 4), np.float32),
                       np.empty((0, 5, 2), np.float32), np.empty((0, 4), np.float32), 'flat')
    levels = {clean: [FaceSampler([flat], 64, clean=clean).draw(
        np.random.default_rng(seed)).image.mean() for seed in range(40)] for clean in (0.0, 1.0)}
    assert np.sum(np.abs(np.array(levels[1.0]) - 100) < 0.5) >= 30  # the others: lookalikes
    assert np.sum(np.abs(np.array(levels[0.0]) - 100) < 0.5) < 15


def test_what_the_detector_gets_wrong_becomes_a_hard_place(folder, astronaut, hopper):
    """A missed face; a face where none is labeled (neither); a face in a faceless picture."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'), score_threshold=0.3)
    box = np.array([FACES['astronaut'][0]], np.float32)
    nothing = np.empty((0, 4), np.float32)

    def made(image, boxes, ignored=nothing):
        return FacePicture(image, boxes, np.full((len(boxes), 5, 2), np.nan, np.float32),
                           ignored, 'made')
    elsewhere = np.array([[300, 350, 60, 60]], np.float32)
    known, missed, unlabeled, faceless = with_hard_places([
        made(astronaut, box), made(astronaut, np.concatenate([box, elsewhere])),
        made(np.hstack([astronaut, np.resize(hopper[:512], (512, 512, 3))]), box),
        made(astronaut, nothing)], detector)
    assert len(known.hard) == len(known.ignored) == 0
    np.testing.assert_allclose(missed.hard, elsewhere)
    assert len(unlabeled.hard) == 0 and len(unlabeled.ignored) == 1
    assert unlabeled.ignored[0, 0] > 512
    assert len(faceless.hard) == 1 and faceless.faceless
    shown = [FaceSampler([known, faceless], 96, hard=1.0).draw(np.random.default_rng(i))
             for i in range(20)]
    assert all(s.name in ('made', 'mosaic') and len(s.boxes) == 0 for s in shown)


@pytest.mark.parametrize('level', [0, 255])
def test_degraded_pictures_stay_pictures(level):
    for seed in range(30):
        image = degrade(np.full((64, 96), level, np.uint8), np.random.default_rng(seed))
        assert image.shape == (64, 96) and image.dtype == np.uint8


def test_pasted_faces_carry_their_labels(folder, astronaut):
    """A pasted crop brings box and landmarks along; nothing is pasted over a labeled face."""
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)[66:178, 170:282]
    crops = FaceCrops(
        cv2.resize(gray, (48, 48), interpolation=cv2.INTER_AREA)[None],
        np.array([[4, 0, 40, 48]], np.float32),
        np.array([[[16, 18], [33, 18], [25, 27], [17, 35], [33, 36]]], np.float32),
        np.array([True]))
    empty = [p for p in load_face_pictures(folder, 'train') if p.name == 'empty.png']
    sampler = FaceSampler(empty, 128, crops=crops)
    pasted = [s for s in (sampler.draw(np.random.default_rng(i)) for i in range(100))
              if np.isfinite(s.landmarks).any()]
    assert 15 < len(pasted) < 45
    for sample in pasted:
        known = np.isfinite(sample.landmarks).all((1, 2))
        box, points = sample.boxes[known][0], sample.landmarks[known][0]
        assert np.all((points - box[:2]) / box[2:] > 0) and points[0, 0] < points[1, 0]
        for other in np.concatenate([sample.boxes[~known], sample.ignored]):
            gaps = [box[:2] - other[:2] - other[2:], other[:2] - box[:2] - box[2:]]
            assert np.max(gaps) > -16  # the pasted square keeps apart; its box may reach over it


def test_a_teacher_labels_crops_once(astronaut, tmp_path):
    """Crops without a face are left out; the second call reads the first one's file."""
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)[66:178, 170:282]
    face = cv2.resize(gray, (48, 48), interpolation=cv2.INTER_AREA)
    detector = load_face_detector(resource_path('models/face_detector.onnx'), min_face_size=12.0)
    crops = label_crops(np.stack([np.full((48, 48), 90, np.uint8), face]), detector)
    assert len(crops.images) == 1 and np.array_equal(crops.images[0], face)
    assert crops.boxes[0, 2] > 24 and np.all((crops.landmarks[0] > 5) & (crops.landmarks[0] < 43))
    cache = tmp_path / 'crops.npz'
    np.savez(cache, images=crops.images, boxes=crops.boxes, landmarks=crops.landmarks,
             hard=crops.hard)
    again = load_face_crops(Path('absent.npz'), Path('absent.onnx'), cache)
    assert np.array_equal(again.landmarks, crops.landmarks)



def test_a_teacher_looks_again_at_a_turned_crop(astronaut):
    """A head on its side is found at the second look, its landmarks turned with it."""
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    detector = load_face_detector(resource_path('models/face_detector.onnx'), min_face_size=12.0,
                                  score_threshold=0.4)
    matrix = cv2.getRotationMatrix2D((226, 122), 60, 48 / 112)
    matrix[:, 2] += 24 - np.array([226, 122])
    crops = label_crops(cv2.warpAffine(gray, matrix, (48, 48))[None], detector)
    assert crops.hard.tolist() == [True]
    assert 0 <= crops.boxes[0, 0] + crops.boxes[0, 2] / 2 <= 48
    x, y = crops.landmarks[0, 1] - crops.landmarks[0, 0]
    assert -np.degrees(np.arctan2(y, x)) == pytest.approx(60, abs=15)


@pytest.mark.parametrize('seed', range(12))
def test_a_lookalike_changes_its_place_only(seed):
    image = np.full((80, 100), 120, np.uint8)
    drawn = draw_lookalike(image, (30.0, 20.0, 40.0), np.random.default_rng(seed))
    assert np.array_equal(image, np.full((80, 100), 120, np.uint8))
    changed = np.argwhere(drawn != image)
    assert len(changed) > 20
    assert np.all(changed.min(0) >= [16, 26]) and np.all(changed.max(0) <= [64, 74])


def batch(config, pictures, step):
    return train_face_detector._Batches(config, pictures, None, 0)[step]


@pytest.mark.parametrize('height, width', [(16, 12), (7, 9), (1, 1)])
def test_the_fast_gradient_of_a_halving_convolution_is_the_right_one(height, width):
    halving = separable(4, 8, stride=2)[0][0]
    x = torch.rand(2, 4, height, width, requires_grad=True)
    found, wanted = [], []
    for gradients, training in ((found, True), (wanted, False)):
        halving.train(training)
        result = halving(x)
        gradients += [result, *torch.autograd.grad(
            result, (x, halving.weight), torch.linspace(-1, 1, result.numel()).view_as(result))]
    for one, other in zip(found, wanted):
        torch.testing.assert_close(one, other)


def test_training_lowers_the_loss(folder, config, tmp_path):
    torch.set_num_threads(1)
    trainer = train_face_detector.FaceDetectorTrainer({**config, 'learning_rate': 0.3}, tmp_path)
    pictures = load_face_pictures(folder, 'train')
    losses = []
    images, targets = batch(config, pictures, 0)
    for _ in range(25):
        losses.append(trainer._train_step(images, targets)['loss'])
        trainer.done += 1
    assert np.mean(losses[-6:]) < np.mean(losses[:6])


def test_a_stopped_run_continues_as_if_unbroken(folder, config, run_folder, tmp_path):
    pictures = load_face_pictures(folder, 'train')
    torch.set_num_threads(1)
    first = train_face_detector.FaceDetectorTrainer(config, tmp_path)
    for step in range(2):
        first._train_step(*batch(config, pictures, step))
        first.done += 1
    first.history.append({'step': 2, 'loss': 0.0, 'score': 0.0, 'box': 0.0, 'points': 0.0})
    first.save()
    second = train_face_detector.FaceDetectorTrainer(config, tmp_path)
    second.run(pictures)
    unbroken = torch.load(run_folder / 'checkpoint.pt', weights_only=True)
    resumed = torch.load(tmp_path / 'checkpoint.pt', weights_only=True)
    assert resumed['done'] == unbroken['done'] == config['steps']
    for key, value in unbroken['network'].items():
        torch.testing.assert_close(resumed['network'][key], value)


def test_another_preset_does_not_continue_a_run(folder, config, run_folder):
    trainer = train_face_detector.FaceDetectorTrainer({**config, 'steps': 9}, run_folder)
    with pytest.raises(ValueError, match='another configuration'):
        trainer.run(load_face_pictures(folder, 'train'))


def test_other_data_does_not_continue_a_run(folder, config, tmp_path):
    """Nor does a finished run claim to have trained on it."""
    pictures = load_face_pictures(folder, 'train')
    torch.set_num_threads(1)
    runs = [train_face_detector.FaceDetectorTrainer({**config, 'steps': 1}, tmp_path)
            for _ in range(3)]
    for run, boxes in zip(runs, (4, 4, 5)):
        run.data = told_data(folder, len(pictures), [np.zeros((boxes, 4))])
    runs[0].run(pictures)
    assert runs[0].outcome().startswith('trained: ')
    runs[1].run(pictures)
    assert runs[1].outcome().startswith('nothing done: ')
    with pytest.raises(ValueError, match='was trained on .* not on .*; give another --output'):
        runs[2].run(pictures)


def test_export_equals_torch_at_every_size_and_is_judged(folder, run_folder, tmp_path, capsys):
    model = tmp_path / 'detector.onnx'
    assert export_face_detector.main([
        '--checkpoint', str(run_folder / 'checkpoint.pt'), '--output', str(model),
        '--data', str(folder)]) == 0
    int8 = load_face_detector(tmp_path / 'detector_int8.onnx')
    again = train_face_detector.FaceDetectorTrainer(
        torch.load(run_folder / 'checkpoint.pt', weights_only=True)['config'], tmp_path / 'again')
    again.begin_with(tmp_path / 'detector.pt')
    assert int8.card.name == 'fer_ros_face_int8'
    network, _ = export_face_detector.load_network(run_folder / 'checkpoint.pt')
    layout = export_face_detector.RawPixels(network).eval()
    session = open_session(model)
    for height, width in ((32, 32), (64, 96), (256, 320)):
        image = np.random.default_rng(0).integers(0, 256, (1, 1, height, width), np.uint8)
        with torch.inference_mode():
            wanted = layout(torch.from_numpy(image))
        for one, other in zip(wanted, session.run(None, {'image': image})):
            np.testing.assert_allclose(other, one.numpy(), rtol=1e-3, atol=1e-4)
    assert load_face_detector(model).card.color == 'gray'
    output = tmp_path / 'judged'
    assert evaluate_face_detector.main(
        [str(model), '--data', str(folder), '--write-card', '--output', str(output)]) == 0
    assert '| ap50 |' in capsys.readouterr().out
    assert cv2.imread(str(output / 'detectors.png')).shape[1] > 500
    assert (output / 'detectors.json').is_file()
    metrics = load_face_detector(model).card.metrics
    assert 0 <= metrics['recall'] <= 1 and metrics['ms_320x240'] > 0


def test_nodes_to_keep_in_float_must_be_there(tmp_path):
    """A renamed part of the network must not slip into int8 unseen; other logs go on."""
    from fer_ros.training.quantization import quantize
    level = logging.getLogger().level
    crops = np.zeros((1, 1, 64, 64), np.uint8)
    with pytest.raises(ValueError, match="begins with '/nowhere'"):
        quantize(resource_path('models/face_detector.onnx'), tmp_path / 'q.onnx', crops, 1,
                 ('/nowhere',))
    assert logging.getLogger().level == level


def test_runs_are_averaged(run_folder, tmp_path):
    """The mean of a run and of one whose weights are twice as large is one and a half times it."""
    first = run_folder / 'checkpoint.pt'
    network, state = export_face_detector.load_network(first)
    twice = {key: value * 2 for key, value in network.state_dict().items()}
    save_checkpoint(tmp_path / 'twice.pt', {'config': state['config'], 'weights': twice})
    mean = export_face_detector.load_mean([first, tmp_path / 'twice.pt'])[0].state_dict()
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(mean[key], value * 1.5)


def test_no_private_folder_gets_into_the_export(run_folder, tmp_path):
    """The card names the file that the run began with, not where it lay."""
    state = torch.load(run_folder / 'checkpoint.pt', weights_only=True)
    state['config']['weights'] = '/home/somebody/first.pt'
    torch.save(state, tmp_path / 'checkpoint.pt')
    assert export_face_detector.main([
        '--checkpoint', str(tmp_path / 'checkpoint.pt'),
        '--output', str(tmp_path / 'detector.onnx')]) == 0
    assert 'somebody' not in (tmp_path / 'detector.yaml').read_text(encoding='utf-8')
    kept = torch.load(tmp_path / 'detector.pt', weights_only=True)
    assert kept['config']['weights'] == 'first.pt'
