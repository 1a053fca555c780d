"""SCRFD's and RetinaFace's outputs to boxes: against slow references, by shape, whatever names."""

import math

import numpy as np
import pytest

from fer_ros.perception.anchor_decoding import decode_retinaface, decode_scrfd
from fer_ros.perception.card_schema import DECODERS
from fer_ros.perception.decoders import DECODE

STRIDES = (8, 16, 32)


def anchors(width, height):
    """Return (stride, column, row, first or second) of every anchor in the networks' order."""
    return [(stride, column, row, k) for stride in STRIDES for row in range(height // stride)
            for column in range(width // stride) for k in range(2)]


def scrfd_outputs(width, height, batched, with_points=True):
    generator, outputs = np.random.default_rng(0), {}
    for channels in (1, 4, 10) if with_points else (1, 4):
        for stride in STRIDES:
            count = 2 * (width // stride) * (height // stride)
            values = generator.random((count, channels), np.float32) * (3 if channels > 1 else 1)
            outputs[str(450 + 20 * len(outputs))] = values[None] if batched else values
    return outputs


def slow_scrfd(outputs, width, height, threshold):
    """Face by face, as the paper's formula reads."""
    rows = [np.concatenate([values.reshape(-1, channels) for values in outputs.values()
                            if values.shape[-1] == channels] or [[]]) for channels in (1, 4, 10)]
    faces = []
    for i, (stride, column, row, _) in enumerate(anchors(width, height)):
        score = rows[0][i][0]
        if score >= threshold:
            x, y = column * stride, row * stride
            left, top, right, bottom = (float(v) * stride for v in rows[1][i])
            points = [] if not len(rows[2]) else [
                (x + rows[2][i][2 * k] * stride, y + rows[2][i][2 * k + 1] * stride)
                for k in range(5)]
            faces.append(((x - left, y - top, left + right, top + bottom), score, points))
    return faces


@pytest.mark.parametrize('with_points', [True, False])
@pytest.mark.parametrize('batched', [True, False])
@pytest.mark.parametrize('size', [(32, 32), (96, 64), (64, 128)])
@pytest.mark.parametrize('threshold', [0.0, 0.5, 0.9])
def test_scrfd_equals_a_slow_reference(size, threshold, batched, with_points):
    outputs = scrfd_outputs(*size, batched, with_points)
    found = decode_scrfd(outputs, *size, threshold)
    wanted = slow_scrfd(outputs, *size, threshold)
    assert len(found.scores) == len(wanted) > 0
    np.testing.assert_allclose(found.boxes, [w[0] for w in wanted], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.scores, [w[1] for w in wanted], rtol=1e-6)
    if with_points:
        np.testing.assert_allclose(found.landmarks, [w[2] for w in wanted], rtol=1e-5, atol=1e-4)
    else:
        assert found.landmarks is None


def retinaface_outputs(width, height):
    generator, count = np.random.default_rng(1), len(anchors(width, height))
    face = generator.random((1, count, 1), np.float32)
    return {'output0': generator.normal(0, 1, (1, count, 4)).astype(np.float32),
            '593': np.concatenate([1 - face, face], 2),
            '592': generator.normal(0, 1, (1, count, 10)).astype(np.float32)}


def slow_retinaface(outputs, width, height, threshold):
    """Face by face, in fractions of the picture as Pytorch_Retinaface computes."""
    boxes, scores, points = (values[0] for values in outputs.values())
    sides = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
    faces = []
    for i, (stride, column, row, k) in enumerate(anchors(width, height)):
        if scores[i][1] < threshold:
            continue
        x, y = (column + 0.5) * stride / width, (row + 0.5) * stride / height
        w, h = sides[stride][k] / width, sides[stride][k] / height
        center_x, center_y = x + boxes[i][0] * 0.1 * w, y + boxes[i][1] * 0.1 * h
        wide, high = w * math.exp(boxes[i][2] * 0.2), h * math.exp(boxes[i][3] * 0.2)
        faces.append((
            ((center_x - wide / 2) * width, (center_y - high / 2) * height, wide * width,
             high * height), scores[i][1],
            [((x + points[i][2 * n] * 0.1 * w) * width, (y + points[i][2 * n + 1] * 0.1 * h)
              * height) for n in range(5)]))
    return faces


@pytest.mark.parametrize('size', [(32, 32), (96, 64), (64, 128)])
@pytest.mark.parametrize('threshold', [0.0, 0.5, 0.9])
def test_retinaface_equals_a_slow_reference(size, threshold):
    outputs = retinaface_outputs(*size)
    found = decode_retinaface(outputs, *size, threshold)
    wanted = slow_retinaface(outputs, *size, threshold)
    assert len(found.scores) == len(wanted) > 0
    np.testing.assert_allclose(found.boxes, [w[0] for w in wanted], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.scores, [w[1] for w in wanted], rtol=1e-6)
    np.testing.assert_allclose(found.landmarks, [w[2] for w in wanted], rtol=1e-4, atol=1e-3)
    # Files differ in the order of their outputs too.
    backwards = decode_retinaface(dict(reversed(outputs.items())), *size, threshold)
    np.testing.assert_array_equal(backwards.boxes, found.boxes)


@pytest.mark.parametrize('decode, outputs', [
    (decode_scrfd, scrfd_outputs(64, 64, True)),
    (decode_scrfd, scrfd_outputs(64, 64, False, False)),
    (decode_retinaface, retinaface_outputs(64, 64))])
def test_no_face_and_absurd_values(decode, outputs):
    """Empty arrays of the right shape; sizes stay finite."""
    found = decode(outputs, 64, 64, 1.1)
    assert found.boxes.shape == (0, 4) and found.scores.shape == (0,)
    assert found.landmarks is None or found.landmarks.shape == (0, 5, 2)
    huge = {name: values * 1e6 for name, values in outputs.items()}
    assert np.isfinite(decode(huge, 64, 64, 0.5).boxes).all()


@pytest.mark.parametrize('batched', [True, False])
def test_scrfd_boxes_without_area_are_left_out(batched):
    """Its distances may be below 0 where it sees little: the real network's are."""
    outputs = scrfd_outputs(64, 64, batched)
    for values in outputs.values():
        if values.shape[-1] == 4:
            values.reshape(-1, 4)[::2, 2] = -4.0  # the right side left of the left one
            values.reshape(-1, 4)[1::4, 1] = np.nan
    found = decode_scrfd(outputs, 64, 64, 0.0)
    assert len(found.scores) == len(anchors(64, 64)) // 4 == len(found.landmarks)
    assert (found.boxes[:, 2:] > 0).all()


@pytest.mark.parametrize('decode, outputs', [
    (decode_scrfd, {}), (decode_scrfd, retinaface_outputs(64, 64)),
    (decode_scrfd, scrfd_outputs(96, 96, True)),
    (decode_scrfd, dict(list(scrfd_outputs(64, 64, True).items())[:8])),
    (decode_retinaface, {}), (decode_retinaface, scrfd_outputs(64, 64, True)),
    (decode_retinaface, retinaface_outputs(96, 64)), (decode_retinaface, {'x': np.zeros(())})])
def test_other_outputs_are_refused_with_their_shapes(decode, outputs):
    """None, another family's, another picture's, one too few."""
    with pytest.raises(ValueError, match='the decoder wants .*, the network gives'):
        decode(outputs, 64, 64, 0.5)


def test_every_decoder_that_a_card_may_name_is_there():
    assert tuple(DECODE) == DECODERS
