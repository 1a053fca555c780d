"""A few real steps of training the refiner: windows, targets, loss, resuming, export."""

from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')

from fer_ros.datasets.face_pictures import FacePicture  # noqa: E402
from fer_ros.detector_training import export  # noqa: E402
from fer_ros.detector_training.refiner_samples import draw_windows  # noqa: E402
from fer_ros.detector_training.refiner_trainer import (  # noqa: E402
    FaceRefinerTrainer,
    refinement_loss,
)
from fer_ros.perception.face_refiner import decode_windows, load_face_refiner  # noqa: E402
from fer_ros.perception.face_windows import ExpectedFace  # noqa: E402
from fer_ros.perception.types import BoundingBox  # noqa: E402

PRESET = Path(__file__).resolve().parents[2] / 'config' / 'training' / 'face_refiner.yaml'
_NOTHING = np.empty((0, 4), np.float32)
_POINTS = np.array([[[80, 90], [120, 90], [100, 110], [85, 130], [115, 130]]], np.float32)


def picture(boxes, ignored=_NOTHING, points=_POINTS):
    """Return a gray training picture; faces are bright, so that they are found in windows."""
    image = np.full((192, 192), 40, np.uint8)
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    for x, y, w, h in boxes.astype(int):
        image[max(y, 0):y + h, max(x, 0):x + w] = 220
    return FacePicture(image, boxes, np.resize(points, (len(boxes), 5, 2)), ignored, 'made')


def targets(sample, count=200):
    """Return windows and their targets."""
    return draw_windows(sample, count, 80, np.random.default_rng(0))


def test_targets_say_where_the_face_is_in_its_window():
    """The bright square lies where the box says; landmarks lie in it."""
    windows, wanted = targets(picture([[65, 60, 70, 80]]))
    faces = np.flatnonzero(wanted[:, 0])
    assert 120 < len(faces) < 170
    for window, target in zip(windows[faces], wanted[faces]):
        center, size = 40 + 40 * target[1:3], 40 * target[3:5]
        low, high = (np.clip(np.rint(center + sign * size / 2), 0, 80).astype(int)
                     for sign in (-1, 1))
        bright = window > 130
        assert bright.sum() == pytest.approx(np.prod(high - low), rel=0.12)
        points = target[5:15].reshape(5, 2)
        assert np.abs(points - target[1:3]).max() < target[3:5].max() / 2
        assert target[15] == target[16] == 1


def test_places_without_a_face_are_told_from_doubtful_ones():
    """What may be a face counts neither way."""
    _, empty = targets(picture([]))
    assert not empty[:, 0].any() and empty[:, 16].all()
    _, doubtful = targets(picture([], np.array([[0, 0, 192, 192]], np.float32)))
    assert not doubtful[:, 0].any() and not doubtful[:, 16].any()


def test_unknown_landmarks_and_tiny_faces_count_less():
    """They have no say on the landmarks, or on the score."""
    _, unknown = targets(picture([[65, 60, 70, 80]], points=np.full((1, 5, 2), np.nan)))
    assert not unknown[:, 15].any() and np.isfinite(unknown).all()
    _, tiny = targets(picture([[90, 90, 9, 9]]))
    assert tiny[:, 0].any() and not tiny[tiny[:, 0] > 0, 16].any()


def test_the_face_in_the_middle_is_meant():
    """Of two side by side the nearer one."""
    sample = picture([[40, 70, 50, 50], [100, 70, 50, 50]])
    _, wanted = targets(sample)
    near = wanted[(wanted[:, 0] > 0) & (np.abs(wanted[:, 1:3]).max(1) < 0.9)]
    assert (np.abs(near[:, 1]) < 0.75).all()


def test_a_perfect_answer_costs_nothing():
    """And is decoded to the box that was asked for."""
    _, wanted = targets(picture([[65, 60, 70, 80]]))
    wanted = torch.from_numpy(wanted)
    answer = torch.cat([40 * wanted[:, :1] - 20, wanted[:, 1:3],
                        torch.log(wanted[:, 3:5].clamp_min(1e-3)), wanted[:, 5:15]], 1)
    loss, parts = refinement_loss(answer, wanted)
    assert float(loss) == pytest.approx(0, abs=1e-4) and set(parts) == {'score', 'box', 'points'}
    worse, _ = refinement_loss(answer + 0.2, wanted)
    assert float(worse) > 1
    found = decode_windows(answer[wanted[:, 0] > 0][:1].numpy(), np.array([[10, 20, 60.]]))
    target = wanted[wanted[:, 0] > 0][0].numpy()
    assert found.boxes[0, 2] == pytest.approx(30 * target[3], rel=1e-5)
    assert found.boxes[0, 0] + found.boxes[0, 2] / 2 == pytest.approx(40 + 30 * target[1])


@pytest.mark.parametrize('batch', [0, 1])
def test_a_batch_without_faces_is_no_fault(batch):
    """Nothing to compare with is nothing wrong."""
    loss, _ = refinement_loss(torch.zeros(batch, 15, requires_grad=True), torch.zeros(batch, 17))
    assert np.isfinite(float(loss.detach()))


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Train six steps."""
    config = {**yaml.safe_load(PRESET.read_text(encoding='utf-8')), 'steps': 6, 'batch_size': 12,
              'input_size': 96, 'widths': [16, 16, 16, 16],
              'blocks': [1, 1, 1], 'hidden': 16}
    folder = tmp_path_factory.mktemp('refiner')
    pictures = [picture([[65, 60, 70, 80]]), picture([])]
    colored = [FacePicture(np.repeat(p.image[..., None], 3, 2), p.boxes, p.landmarks, p.ignored,
                           p.name) for p in pictures]
    torch.set_num_threads(1)
    trainer = FaceRefinerTrainer(config, folder)
    trainer.run(colored)
    return trainer, folder, colored


def test_a_run_that_is_over_is_told(run, capsys):
    """It does not begin anew."""
    trainer, folder, pictures = run
    again = FaceRefinerTrainer(trainer.config, folder)
    again.run(pictures)
    assert again.done == 6 and 'nothing done' in again.outcome()
    assert trainer.history[-1]['step'] == 6


def test_export_equals_torch_and_runs(run, tmp_path):
    """The file gives what the trained weights give, one window or three."""
    _, folder, _ = run
    output = tmp_path / 'face_refiner.onnx'
    assert export.main(['--checkpoint', str(folder / 'checkpoint.pt'), '--output',
                        str(output), '--name', 'tiny']) == 0
    refiner = load_face_refiner(output, 0.0)
    assert refiner.card.name == 'tiny' and refiner.card.input_size == (80, 80)
    network, _ = export.load_network(folder / 'checkpoint.pt')
    windows = np.random.default_rng(0).integers(0, 256, (3, 80, 80), np.uint8)
    with torch.no_grad():
        wanted = network(torch.from_numpy(windows[:, None]).float()).numpy()
    np.testing.assert_allclose(refiner._infer(windows), wanted, atol=1e-4)
    np.testing.assert_allclose(refiner._infer(windows[:1]), wanted[:1], atol=1e-4)
    box = BoundingBox(10.0, 10.0, 40.0, 40.0)
    assert len(refiner.refine(windows[0], [ExpectedFace(box, box, 1.0)])) == 1
