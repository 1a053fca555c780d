"""Known faces are looked for where they should be: as many found, as exactly, for less."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.face_windows import ExpectedFace, cut, is_whole, windows_around
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.perception.types import BoundingBox
from fer_ros.resources import resource_path


def face(x, y, size, deviation=0.0, moved=(0.0, 0.0)):
    """Return a face that is expected around a center."""
    box = BoundingBox(x - size / 2, y - size / 2, size, size)
    last = BoundingBox(box.x - moved[0], box.y - moved[1], size, size)
    return ExpectedFace(box, last, deviation)


@pytest.fixture(scope='module')
def detector():
    """Return the shipped detector as the pipeline uses it."""
    return load_face_detector(resource_path('models/face_detector.onnx'), score_threshold=0.4)


def test_a_window_is_as_large_as_what_is_not_known():
    """Twice the face at rest, more for one that moves or was long unseen; none if too unsure."""
    sides = [windows_around([f], 640, 480)[0].side for f in (
        face(320, 240, 100), face(320, 240, 100, 10), face(320, 240, 100, 10, (60, 0)))]
    assert 200 <= sides[0] < sides[1] < sides[2] < 400
    assert windows_around([face(320, 240, 100, 200)], 640, 480) == []
    assert windows_around([face(-400, 240, 100)], 640, 480) == []
    assert windows_around([], 640, 480) == []


def test_a_window_stays_while_a_face_hardly_moves():
    """Else resampling would make the landmarks tremble."""
    windows = {windows_around([face(320 + dx, 240, 100 + ds)], 640, 480)[0]
               for dx in (-1, 0, 1) for ds in (-1, 0, 1)}
    assert len(windows) == 1


@pytest.mark.parametrize('count, shown', [(1, 128), (2, 128), (3, 96)])
def test_many_faces_are_shown_smaller(count, shown):
    """So that the time grows slowly; small faces are never enlarged."""
    windows = windows_around([face(100, 100, 20)] * count, 640, 480)
    assert {(w.shown, w.side) for w in windows} == {(shown, shown)}
    assert windows_around([face(100, 100, 20)] * 4, 640, 480) is None


@pytest.mark.parametrize('center', [(0, 0), (640, 480), (320, 240), (5, 470)])
def test_beyond_the_picture_it_is_black(center):
    """Whatever corner a window hangs over."""
    image = np.full((480, 640), 200, np.uint8)
    windows = windows_around([face(*center, 100)], 640, 480)
    picture = cut(image, windows)[0]
    w = windows[0]
    inside = ((min(w.left + w.side, 640) - max(w.left, 0))
              * (min(w.top + w.side, 480) - max(w.top, 0)) / w.side ** 2)
    assert picture.shape == (128, 128)
    assert picture.mean() == pytest.approx(200 * inside, abs=4)


def test_a_face_that_its_window_cuts_off_was_not_seen():
    """Unless the picture ends there."""
    boxes = np.array([[90, 100, 50, 50], [80, 100, 50, 50], [-20, 100, 50, 50.]], np.float32)
    windows = np.array([[100, 50, 128], [100, 50, 128], [-10, 50, 128.]], np.float32)
    assert is_whole(boxes, windows, 640, 480).tolist() == [False, False, True]
    assert is_whole(boxes + (8, 0, 0, 0), windows, 640, 480)[0]


def test_in_a_window_is_where_it_is_in_the_picture(detector, astronaut):
    """Box within a few percent, landmarks within a few pixels; nobody new where nobody is."""
    whole = detector.detect(astronaut)[0]
    found = detector.detect_in(astronaut, windows_around(
        [face(*whole.box.center, whole.box.size, 4), face(400, 400, 100)], 512, 512))
    assert [d.score >= 0.65 for d in found] in ([True], [True, False])
    assert found[0].box.iou(whole.box) > 0.85
    assert np.abs(found[0].landmarks - whole.landmarks).max() < 5
    assert detector.detect_in(astronaut, []) == []


def test_overlapping_windows_give_a_face_once(detector, astronaut):
    """Two tracks beside each other do not become four."""
    whole = detector.detect(astronaut)[0]
    x, y = whole.box.center
    windows = windows_around([face(x, y, 110), face(x + 20, y, 110)], 512, 512)
    assert len(detector.detect_in(astronaut, windows)) == 1


def follow(config, frames, rate=30):
    """Return the faces of each frame by id, and whether networks looked at all of them."""
    pipeline, answers = build_pipeline(config), []
    for i, frame in enumerate(frames):
        result = pipeline.process(frame, i / rate)
        assert result.looked
        answers.append({f.track.id: f for f in result.faces})
    return answers


def test_the_same_faces_are_found_as_in_whole_pictures(pipeline_config):
    """Who is followed is never lost, and is where a search of every frame finds him."""
    scene = DemoScene()
    frames = [scene.render(5 + i / 30) for i in range(120)]
    whole = follow(replace(pipeline_config, search_period=0.0), frames)
    ours = follow(pipeline_config, frames)
    overlaps = []
    for a, b in zip(whole[10:], ours[10:]):
        assert len(a) == len(b)
        for one in a.values():
            overlaps.append(max(one.track.detection.box.iou(o.track.detection.box)
                                for o in b.values()))
    assert min(overlaps) > 0.6 and np.median(overlaps) > 0.9
    assert len({id_ for answer in ours for id_ in answer}) == 2


@pytest.mark.parametrize('begin', range(5))
def test_a_newcomer_is_found_within_a_fifth_of_a_second(pipeline_config, astronaut, begin):
    """Whenever he comes between two searches, from a border or in the middle."""
    pipeline = build_pipeline(pipeline_config)
    empty = np.full((480, 640), 90, np.uint8)
    small = cv2.cvtColor(cv2.resize(astronaut, (200, 200)), cv2.COLOR_BGR2GRAY)
    shown = empty.copy()
    shown[100:300, 250:450] = small
    came = None
    for i in range(30):
        here = i >= 15 + begin
        faces = pipeline.process(shown if here else empty, i / 30).faces
        if faces and came is None:
            came = i
    assert came is not None and (came - 15 - begin) / 30 <= 0.2


def test_who_jumps_is_searched_for_at_once(pipeline_config, astronaut):
    """A face that is not where it should be costs a frame, not a search period."""
    pipeline = build_pipeline(replace(pipeline_config, search_period=10.0))
    small = cv2.cvtColor(cv2.resize(astronaut, (400, 400)), cv2.COLOR_BGR2GRAY)
    ids = []
    for i in range(20):
        frame = np.full((480, 640), 90, np.uint8)
        left = 20 if i < 10 else 90
        frame[40:440, left:left + 400] = small
        ids.append([f.track.id for f in pipeline.process(frame, i / 30).faces])
    assert ids[9] == ids[-1] and sum(not one for one in ids[10:]) <= 1


def test_a_detector_without_windows_searches_every_frame(pipeline_config, detector, astronaut):
    """As others' networks do."""
    pipeline = build_pipeline(pipeline_config)
    looks = []
    pipeline._finder.detector = type('Other', (), {
        'takes_windows': False, 'inference_seconds': 0.0,
        'detect': lambda self, image: looks.append(1) or detector.detect(image)})()
    for i in range(6):
        pipeline.process(astronaut, i / 30)
    assert len(looks) == 6
