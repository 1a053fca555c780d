"""Raw outputs to boxes: against a slow reference, and the edge cases."""

import numpy as np
import pytest

from fer_ros.perception.detection_decoding import (
    STRIDES,
    Candidates,
    decode_maps,
    decode_rfb,
    decode_yunet,
    suppress,
    vote,
)


def random_outputs(width, height, seed=0, with_obj=True):
    generator = np.random.default_rng(seed)
    outputs = {}
    for stride in STRIDES:
        cells = (width // stride) * (height // stride)
        outputs[f'cls_{stride}'] = generator.random((1, cells, 1), np.float32)
        if with_obj:
            outputs[f'obj_{stride}'] = generator.random((1, cells, 1), np.float32)
        outputs[f'bbox_{stride}'] = generator.normal(0, 1, (1, cells, 4)).astype(np.float32)
        outputs[f'kps_{stride}'] = generator.normal(0, 1, (1, cells, 10)).astype(np.float32)
    return outputs


def slow_yunet(outputs, width, height, threshold):
    faces = []
    for stride in STRIDES:
        for row in range(height // stride):
            for column in range(width // stride):
                cell = row * (width // stride) + column
                score = outputs[f'cls_{stride}'][0, cell, 0]
                if f'obj_{stride}' in outputs:
                    score = np.sqrt(score * outputs[f'obj_{stride}'][0, cell, 0])
                if score < threshold:
                    continue
                dx, dy, log_w, log_h = outputs[f'bbox_{stride}'][0, cell]
                w, h = np.exp(log_w) * stride, np.exp(log_h) * stride
                box = [(column + dx) * stride - w / 2, (row + dy) * stride - h / 2, w, h]
                offsets = outputs[f'kps_{stride}'][0, cell]
                points = [[(column + offsets[2 * k]) * stride, (row + offsets[2 * k + 1]) * stride]
                          for k in range(5)]
                faces.append((box, score, points))
    return faces


@pytest.mark.parametrize('with_obj', [True, False])
@pytest.mark.parametrize('size', [(32, 32), (96, 64), (64, 128)])
@pytest.mark.parametrize('threshold', [0.0, 0.5, 0.9])
def test_yunet_equals_a_slow_reference(size, threshold, with_obj):
    outputs = random_outputs(*size, with_obj=with_obj)
    found = decode_yunet(outputs, *size, threshold)
    wanted = slow_yunet(outputs, *size, threshold)
    assert len(found.scores) == len(wanted) > 0
    np.testing.assert_allclose(found.boxes, [w[0] for w in wanted], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.scores, [w[1] for w in wanted], rtol=1e-5)
    np.testing.assert_allclose(found.landmarks, [w[2] for w in wanted], rtol=1e-5, atol=1e-4)


def as_maps(outputs, width, height):
    """Return the same answers in the layout of our own network."""
    maps = {}
    for stride in STRIDES:
        score = outputs[f'cls_{stride}'][0]
        flat = np.concatenate([np.log(score / (1 - score)), outputs[f'bbox_{stride}'][0],
                               outputs[f'kps_{stride}'][0]], 1)
        maps[f'map_{stride}'] = np.ascontiguousarray(
            flat.T.reshape(1, 15, height // stride, width // stride))
    return maps


@pytest.mark.parametrize('size', [(32, 32), (96, 64), (64, 128)])
@pytest.mark.parametrize('threshold', [0.0, 0.5, 0.9])
def test_maps_equal_a_slow_reference(size, threshold):
    outputs = random_outputs(*size, with_obj=False)
    found = decode_maps(as_maps(outputs, *size), *size, threshold)
    wanted = slow_yunet(outputs, *size, threshold)
    assert len(found.scores) == len(wanted) > 0
    np.testing.assert_allclose(found.boxes, [w[0] for w in wanted], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.scores, [w[1] for w in wanted], rtol=1e-4)
    np.testing.assert_allclose(found.landmarks, [w[2] for w in wanted], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize('threshold', [0.5, 1.0])
def test_maps_without_a_face_give_empty_arrays(threshold):
    maps = {f'map_{s}': np.full((1, 15, 64 // s, 64 // s), -3.0, np.float32) for s in STRIDES}
    found = decode_maps(maps, 64, 64, threshold)
    assert found.boxes.shape == (0, 4) and found.landmarks.shape == (0, 5, 2)
    assert len(suppress(found, 0.4).scores) == 0


def test_yunet_without_a_face_gives_empty_arrays():
    found = decode_yunet(random_outputs(64, 64), 64, 64, 1.1)
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)
    assert len(suppress(found, 0.4).scores) == 0


def test_yunet_keeps_a_score_at_the_threshold_and_survives_absurd_sizes():
    outputs = random_outputs(32, 32, with_obj=False)
    for stride in STRIDES:
        outputs[f'cls_{stride}'][:] = 0.0
        outputs[f'bbox_{stride}'][:] = 1e6
    outputs['cls_32'][:] = 0.5
    found = decode_yunet(outputs, 32, 32, 0.5)
    assert found.scores.tolist() == [0.5]
    assert np.all(np.isfinite(found.boxes))


def test_rfb_turns_fractions_of_corners_into_boxes():
    outputs = {'scores': np.array([[[0.9, 0.1], [0.2, 0.8]]], np.float32),
               'boxes': np.array([[[0, 0, 1, 1], [0.25, 0.5, 0.5, 1.0]]], np.float32)}
    found = decode_rfb(outputs, 320, 240, 0.5)
    np.testing.assert_allclose(found.boxes, [[80, 120, 80, 120]])
    np.testing.assert_allclose(found.scores, [0.8])
    assert found.landmarks is None


def test_rfb_boxes_without_area_are_left_out():
    outputs = {'scores': np.array([[[0.1, 0.9], [0.2, 0.8]]], np.float32),
               'boxes': np.array([[[0.5, 0, 0.4, 1], [0.25, 0.5, 0.5, 1.0]]], np.float32)}
    found = decode_rfb(outputs, 320, 240, 0.5)
    np.testing.assert_allclose(found.boxes, [[80, 120, 80, 120]])


@pytest.mark.parametrize('shift, threshold, kept', [
    (0.0, 0.4, 1), (1.0, 0.4, 1), (100.0, 0.4, 2), (5.0, 0.2, 1), (5.0, 0.5, 2)])
def test_suppression_by_overlap(shift, threshold, kept):
    boxes = np.array([[0, 0, 10, 10], [shift, 0, 10, 10]], np.float32)
    result = suppress(Candidates(boxes, np.array([0.5, 0.7], np.float32)), threshold)
    assert len(result.scores) == kept
    assert result.scores[0] == np.float32(0.7)
    assert np.all(np.diff(result.scores) <= 0)


def test_neighbors_vote_on_box_and_landmarks():
    """Three see one face, one sees another; scores weigh, and stay those of the best."""
    boxes = np.array([[10, 10, 40, 40], [14, 10, 40, 40], [10, 16, 40, 40], [200, 0, 30, 30]],
                     np.float32)
    points = np.repeat(boxes[:, None, :2], 5, 1)
    all_ = Candidates(boxes, np.array([0.8, 0.4, 0.4, 0.5], np.float32), points)
    kept = suppress(all_, 0.4)
    found = vote(kept, all_)
    np.testing.assert_allclose(found.boxes, [[11, 11.5, 40, 40], [200, 0, 30, 30]])
    np.testing.assert_allclose(found.landmarks[:, 0], [[11, 11.5], [200, 0]])
    np.testing.assert_allclose(found.scores, [0.8, 0.5])


@pytest.mark.parametrize('count', [0, 1, 2])
def test_votes_of_few_and_of_empty_boxes(count):
    """Nobody, one, and two that have no area and no score: finite and in place."""
    one = Candidates(np.full((count, 4), [5, 5, 0, 0], np.float32),
                     np.zeros(count, np.float32), None)
    found = vote(one, one)
    np.testing.assert_allclose(found.boxes, one.boxes)
    assert found.landmarks is None
