"""Known faces are looked for where they should be: as many found, as exactly, for less."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.face_refiner import load_face_refiner
from fer_ros.perception.face_windows import ExpectedFace
from fer_ros.perception.model_card import ModelCardError, save_model_card
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.perception.types import BoundingBox
from fer_ros.resources import resource_path


def face(x, y, size, deviation=0.0, moved=(0.0, 0.0)):
    """Return a face that is expected around a center."""
    box = BoundingBox(x - size / 2, y - size / 2, size, size)
    last = BoundingBox(box.x - moved[0], box.y - moved[1], size, size)
    return ExpectedFace(box, last, deviation)


@pytest.fixture(scope='module')
def refiner():
    """Return the shipped refiner as the pipeline uses it."""
    return load_face_refiner(resource_path('models/face_refiner.onnx'), 0.4)


@pytest.fixture(scope='module')
def detector():
    """Return the shipped detector as the pipeline uses it."""
    return load_face_detector(resource_path('models/face_detector.onnx'), score_threshold=0.4)


def test_a_known_face_is_found_where_it_is(refiner, detector, astronaut):
    """Box and landmarks as a search gives them; nobody where nobody is."""
    whole = detector.detect(astronaut)[0]
    known = face(*whole.box.center, whole.box.size, 4)
    found = refiner.refine(astronaut, [known])
    assert [d.score >= 0.65 for d in found] == [True]
    assert refiner.refine(np.full_like(astronaut, 90), [known]) == []
    assert found[0].box.iou(whole.box) > 0.8
    assert np.abs(found[0].landmarks - whole.landmarks).max() < 6
    assert refiner.refine(astronaut, []) == []
    assert refiner.refine(astronaut, [face(-300, 100, 50)]) == []


@pytest.mark.parametrize('shift', [(-25, 0), (25, 10), (0, -25)])
def test_a_wrong_place_is_put_right(refiner, detector, astronaut, shift):
    """A face that moved by a quarter of its size is still the same face."""
    whole = detector.detect(astronaut)[0]
    x, y = whole.box.center
    found = refiner.refine(astronaut, [
        face(x + shift[0], y + shift[1], whole.box.size * 1.1, 8)])
    assert found[0].box.iou(whole.box) > 0.7


def test_gray_and_color_are_seen_alike(refiner, detector, astronaut):
    """To within what rounding does."""
    whole = detector.detect(astronaut)[0]
    faces = [face(*whole.box.center, whole.box.size, 4)]
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    color, plain = (refiner.refine(image, faces)[0] for image in (astronaut, gray))
    assert color.box.iou(plain.box) > 0.98


def test_overlapping_windows_give_a_face_once(refiner, detector, astronaut):
    """Two tracks beside each other do not become four."""
    whole = detector.detect(astronaut)[0]
    x, y = whole.box.center
    assert len(refiner.refine(astronaut, [face(x, y, 110), face(x + 20, y, 110)])) == 1


def test_a_batch_sees_what_one_alone_sees(refiner, detector, astronaut):
    """Whoever else is there."""
    whole = detector.detect(astronaut)[0]
    known = face(*whole.box.center, whole.box.size, 4)
    alone = refiner.refine(astronaut, [known])[0]
    among = refiner.refine(astronaut, [known, face(400, 100, 80), face(100, 400, 60)])[0]
    assert among.score == pytest.approx(alone.score, abs=1e-4)
    assert np.abs(among.landmarks - alone.landmarks).max() < 1e-2


def test_a_network_that_does_not_fit_is_refused(tmp_path):
    """In one line, before the first frame."""
    detector = resource_path('models/face_detector.onnx')
    copy = tmp_path / 'face.onnx'
    copy.write_bytes(detector.read_bytes())
    save_model_card(copy, {'name': 'x', 'task': 'face_refinement', 'input_size': [64, 64],
                           'normalization': 'fixed', 'mean': 0.0, 'std': 1.0})
    with pytest.raises(ModelCardError, match='does not work as its card describes'):
        load_face_refiner(copy, 0.4)
    with pytest.raises(ModelCardError, match='is a model for face_detection'):
        load_face_refiner(detector, 0.4)


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
    overlaps, late = [], 0
    for a, b in zip(whole[10:], ours[10:]):
        late += len(a) - len(b)
        for one in b.values():
            overlaps.append(max(one.track.detection.box.iou(o.track.detection.box)
                                for o in a.values()))
    assert 0 <= late <= 6  # a newcomer waits for a search, 0.2 s at most
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


def test_with_no_search_period_the_refiner_is_not_asked(pipeline_config, astronaut):
    """Every frame is searched as a whole."""
    pipeline = build_pipeline(replace(pipeline_config, search_period=0.0))
    for i in range(6):
        pipeline.process(astronaut, i / 30)
    assert pipeline._finder.refiner.inference_seconds == 0.0


def test_another_detector_has_its_faces_followed_too(pipeline_config, detector, astronaut):
    """Whichever finds them."""
    pipeline, looks = build_pipeline(pipeline_config), []
    pipeline._finder.detector = type('Other', (), {
        'inference_seconds': 0.0,
        'detect': lambda self, image: looks.append(1) or detector.detect(image)})()
    for i in range(16):
        faces = pipeline.process(astronaut, i / 30).faces
    assert len(faces) == 1 and 3 <= len(looks) <= 6


def test_who_is_no_longer_found_by_searches_is_not_believed(pipeline_config, detector, astronaut):
    """The refiner alone keeps nobody: what it follows may be a face no longer."""
    pipeline, blind = build_pipeline(pipeline_config), []
    pipeline._finder.detector = type('Blinded', (), {
        'inference_seconds': 0.0,
        'detect': lambda self, image: [] if blind else detector.detect(image)})()
    seen = []
    for i in range(45):
        blind += [True] * (i == 15)
        seen.append(len(pipeline.process(astronaut, i / 30).faces))
    assert seen[2:15] == [1] * 13
    assert seen[25] == 1 and not any(seen[15 + 20:])
    blind.clear()
    ids = {face.track.id for i in range(45, 60)
           for face in pipeline.process(astronaut, i / 30).faces}
    assert ids == {'f1'}


def walk(astronaut, start, speed, frames, rate=30):
    """Return frames in which a face of 54 px walks over a gray wall, px a second."""
    head = cv2.resize(astronaut[20:260, 100:340], (120, 120), interpolation=cv2.INTER_AREA)
    pictures = []
    for i in range(frames):
        wide = np.full((720, 960, 3), 90, np.uint8)
        x, y = (int(first + step * i / rate) + 120 for first, step in zip(start, speed))
        if 0 <= x <= 840 and 0 <= y <= 600:
            wide[y:y + 120, x:x + 120] = head
        pictures.append(np.ascontiguousarray(wide[120:600, 120:760]))
    return pictures


@pytest.mark.parametrize('start, speed', [
    ((-120, 100), (220, 0)), ((640, 200), (-220, 40)), ((200, -120), (0, 160)),
    ((300, 480), (0, -160)), ((20, 180), (430, 0)), ((520, 300), (-300, -120))],
    ids=['left', 'right', 'top', 'bottom', 'fast', 'slanting'])
@pytest.mark.parametrize('rate', [10, 30])
def test_who_walks_is_followed(pipeline_config, astronaut, start, speed, rate):
    """From every side, up to eight times the own size a second: seen as often, one id."""
    frames = walk(astronaut, start, speed, 4 * rate // 3, rate)
    whole = follow(replace(pipeline_config, search_period=0.0), frames, rate)
    ours = follow(pipeline_config, frames, rate)
    counts = [sum(map(len, answers)) for answers in (whole, ours)]
    late = math.ceil(0.2 * rate)
    assert counts[1] >= counts[0] - late and counts[1] > len(frames) / 3
    assert len({id_ for answer in ours for id_ in answer}) == 1


def test_who_turns_away_and_back_is_the_same(pipeline_config, astronaut):
    """Nobody is followed on the back of a head, and whoever comes back there is no other."""
    pipeline, seen = build_pipeline(pipeline_config), []
    away = astronaut.copy()
    away[30:230, 150:310] = cv2.GaussianBlur(astronaut[30:230, 150:310], (0, 0), 30)
    for i in range(90):
        picture = away if 30 <= i < 60 else astronaut
        seen.append([face.track.id for face in pipeline.process(picture, i / 30).faces])
    assert seen[29] == seen[-1] == ['f1']
    assert not any(seen[32:60]) and seen[66] == ['f1']


def test_a_false_alarm_of_one_search_becomes_nobody(pipeline_config, detector, astronaut):
    """The second sight that a new face needs is a search's: the refiner believes too easily."""
    pipeline, searches = build_pipeline(pipeline_config), []

    def detect(self, image):
        searches.append(1)
        return detector.detect(image) if len(searches) == 3 else []
    pipeline._finder.detector = type('Once', (), {'inference_seconds': 0.0, 'detect': detect})()
    for i in range(30):
        assert not pipeline.process(astronaut, i / 30).faces
    assert len(searches) >= 6
