"""Figures of detection, on cases that can be counted by hand."""

import numpy as np
import pytest

from fer_ros.evaluation.detector.metrics import (
    average_precision,
    background_only,
    best_threshold,
    false_alarms,
    landmark_error,
    match,
    recall,
    threshold_at,
)
from fer_ros.perception.types import BoundingBox, Detection

NONE = np.empty((0, 4))
POINTS = np.array([[0, 0], [10, 0], [5, 5], [1, 9], [9, 9]], np.float32)


def found(*rows, landmarks=None):
    return [Detection(BoundingBox(x, y, s, s), score, landmarks) for x, y, s, score in rows]


def labeled(*rows):
    return np.array([[x, y, s, s] for x, y, s in rows], float).reshape(-1, 4)


def matched(detections, boxes, ignored=NONE):
    return match(detections, boxes, np.full((len(boxes), 5, 2), np.nan), ignored)


def test_no_picture_and_no_face():
    assert np.isnan(average_precision([]))
    assert np.isnan(recall([], 0.5))
    assert threshold_at([], 0.01) == 0.0
    empty = matched([], labeled())
    assert false_alarms([empty], 0.0) == 0 and np.isnan(average_precision([empty]))


def test_one_face_is_found_once_and_its_double_is_a_false_alarm():
    m = matched(found((0, 0, 20, 0.9), (1, 0, 20, 0.8)), labeled((0, 0, 20)))
    assert m.kinds.tolist() == [1, -1]
    assert average_precision([m]) == 1.0
    assert false_alarms([m], 0.85) == 0 and false_alarms([m], 0.8) == 1


@pytest.mark.parametrize('shift, hit', [(0, True), (6.66, True), (6.67, False), (40, False)])
def test_overlap_of_one_half_is_the_border(shift, hit):
    m = matched(found((shift, 0, 20, 0.9)), labeled((0, 0, 20)))
    assert bool(m.kinds[0] == 1) == hit


def test_ignored_places_and_small_faces_count_neither_way():
    m = matched(found((0, 0, 30, 0.9), (100, 0, 8, 0.8)), labeled((200, 0, 30)),
                labeled((0, 0, 60)))
    assert m.kinds.tolist() == [0, -1]
    assert false_alarms([m], 0.0) == 0
    assert recall([m], 0.0) == 0.0


def test_average_precision_by_hand():
    # By falling score: hit, false, hit; of three faces. 1/3 * 1 + 1/3 * 2/3.
    m = matched(found((0, 0, 20, 0.9), (500, 0, 20, 0.8), (100, 0, 20, 0.7)),
                labeled((0, 0, 20), (100, 0, 20), (200, 0, 20)))
    assert average_precision([m]) == pytest.approx(1 / 3 + 2 / 9)
    assert average_precision([m], 48.0) != average_precision([m])
    assert recall([m], 0.75) == pytest.approx(1 / 3)


def test_the_threshold_allows_so_many_false_alarms():
    pictures = [matched(found((0, 0, 20, score)), labeled()) for score in (0.9, 0.5, 0.3, 0.2)]
    for share, alarms in ((0.0, 0), (0.25, 1), (0.5, 2), (1.0, 4)):
        assert false_alarms(pictures, threshold_at(pictures, share)) == alarms


def test_the_best_threshold_parts_faces_from_false_alarms():
    m = matched(found((0, 0, 20, 0.9), (100, 0, 20, 0.61), (500, 0, 20, 0.58)),
                labeled((0, 0, 20), (100, 0, 20)))
    assert best_threshold([m]) == 0.6
    assert 0 < best_threshold([]) < 1


def test_landmark_error_is_a_fraction_of_the_eye_distance():
    detections = found((0, 0, 30, 0.9), landmarks=POINTS + np.array([1, 0], np.float32))
    m = match(detections, labeled((0, 0, 30)), POINTS[None].astype(float), NONE)
    assert landmark_error([m], 0.5) == pytest.approx(0.1)
    assert np.isnan(landmark_error([m], 0.95))


def test_a_misplaced_box_on_a_face_is_no_background():
    """It stays a false alarm, unless only those in the background are asked for."""
    matches = [matched(found((0, 0, 40, 0.9), (500, 0, 20, 0.8)), labeled((5, 5, 20)))]
    assert false_alarms(matches, 0.5) == 2
    assert matches[0].near.tolist() == [True, False]
    assert false_alarms(background_only(matches), 0.5) == 1
    assert false_alarms(background_only([matched([], labeled((0, 0, 20)))]), 0.5) == 0
