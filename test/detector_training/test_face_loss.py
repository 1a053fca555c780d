"""Which cell answers for which face, and how wrong it is."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from fer_ros.datasets.face_pictures import FacePicture  # noqa: E402
from fer_ros.detector_training.loss import detection_loss, targets_of  # noqa: E402
from fer_ros.detector_training.network import FaceNetwork  # noqa: E402
from fer_ros.perception.detection_decoding import STRIDES, decode_maps  # noqa: E402


def picture(boxes, ignored=()):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return FacePicture(
        np.zeros((256, 256), np.uint8), boxes, np.full((len(boxes), 5, 2), np.nan, np.float32),
        np.array(ignored, np.float32).reshape(-1, 4), 'made')


@pytest.mark.parametrize('size', [6, 8, 12, 20, 40, 80, 160, 250])
@pytest.mark.parametrize('place', [3.0, 100.0, 127.3])
def test_every_face_has_a_cell_that_answers_for_it(size, place):
    targets = targets_of(picture([[place, place, size, size]]), 256)
    chosen = targets[targets[:, 0] > 0]
    assert 1 <= len(chosen) <= 60
    np.testing.assert_allclose(chosen[:, 1:5], [[place + size / 2] * 2 + [size] * 2] * len(chosen))
    assert not chosen[:, 15].any()  # landmarks are not known


def test_ignored_places_have_no_say_unless_a_face_lies_there():
    cells = sum((256 // s) ** 2 for s in STRIDES)
    assert targets_of(picture([]), 256).shape == (cells, 18)
    hidden = targets_of(picture([], [[0, 0, 256, 256]]), 256)
    assert not hidden[:, 16].any()
    both = targets_of(picture([[100, 100, 30, 30]], [[0, 0, 256, 256]]), 256)
    assert np.array_equal(both[:, 16] > 0, both[:, 0] > 0)


def perfect_outputs(targets, side):
    """Return raw outputs that say exactly what the targets want."""
    outputs, start = [], 0
    for stride in STRIDES:
        cells = side // stride
        part = targets[start:start + cells * cells]
        start += cells * cells
        grid = np.indices((cells, cells))[::-1].reshape(2, -1).T.astype(np.float32)
        raw = np.zeros((cells * cells, 15), np.float32)
        raw[:, 0] = np.where(part[:, 0] > 0, 12.0, -12.0)
        raw[:, 1:3] = part[:, 1:3] / stride - grid
        raw[:, 3:5] = np.log(np.maximum(part[:, 3:5], 1e-3) / stride)
        outputs.append(torch.from_numpy(raw.T.reshape(1, 15, cells, cells).copy()))
    return outputs


def test_tiny_faces_teach_their_box_only():
    """Below 11 px nobody is asked whether it is a face, but how large it is."""
    target = targets_of(picture([[40, 40, 8, 8]], [[40, 40, 8, 8]]), 256)
    answering = target[target[:, 0] > 0]
    assert len(answering) and (answering[:, 16] == 0).all()
    assert np.allclose(answering[:, 1:5], [44, 44, 8, 8])


def test_targets_loss_and_decoder_speak_the_same_language():
    """Perfect outputs cost nothing, and the runtime's decoder reads the labeled face off them."""
    box = [100.0, 60.0, 40.0, 50.0]
    targets = targets_of(picture([box]), 256)
    outputs = perfect_outputs(targets, 256)
    loss, parts = detection_loss(outputs, torch.from_numpy(targets[None]))
    assert float(loss) == pytest.approx(0.0, abs=1e-3)
    named = {f'map_{s}': output.numpy() for s, output in zip(STRIDES, outputs)}
    found = decode_maps(named, 256, 256, 0.5)
    assert len(found.scores) == int(targets[:, 0].sum()) > 0
    np.testing.assert_allclose(found.boxes, [box] * len(found.boxes), rtol=1e-4)


def test_the_best_cell_of_a_face_shall_say_one():
    """Whatever the overlaps reached: the score's target is relative, face by face."""
    targets = targets_of(picture([[100, 60, 40, 50], [20, 20, 12, 12]]), 256)
    outputs = perfect_outputs(targets, 256)
    for output in outputs:
        output[:, 3:5] += 0.3  # all boxes too large by a third
    loss, parts = detection_loss(outputs, torch.from_numpy(targets[None]))
    assert parts['score'] == pytest.approx(0.0, abs=1e-3)
    assert parts['box'] > 0.2


def test_a_batch_without_faces_has_a_finite_loss():
    targets = torch.from_numpy(targets_of(picture([]), 64)[None])
    network = FaceNetwork(16)
    loss, _ = detection_loss(network(torch.zeros(1, 1, 64, 64)), targets)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
