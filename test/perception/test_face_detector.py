"""The face detector that ships, on real portraits; other people's where they are at hand."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.model_card import ModelCardError

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / 'models' / 'face_detector.onnx'

#: (left, top, width, height) of the faces in the pictures, drawn by eye [px].
ASTRONAUT_FACE = (180, 66, 92, 112)
HOPPER_FACE = (176, 118, 180, 214)


@pytest.fixture(scope='module')
def detector():
    return load_face_detector(MODEL)


def iou(box, wanted):
    x, y = max(box.x, wanted[0]), max(box.y, wanted[1])
    right = min(box.x + box.width, wanted[0] + wanted[2])
    bottom = min(box.y + box.height, wanted[1] + wanted[3])
    shared = max(right - x, 0) * max(bottom - y, 0)
    return shared / (box.area + wanted[2] * wanted[3] - shared)


def plain_card(folder, source, **fields):
    """Copy a network into a folder and write a card for it."""
    target = folder / 'copy.onnx'
    shutil.copyfile(source, target)
    card = {'name': 'copy', 'task': 'face_detection', 'input_size': [0, 0], 'color': 'gray',
            'mean': 0.0, 'std': 1.0, 'decoder': 'yunet', **fields}
    target.with_suffix('.yaml').write_text(yaml.safe_dump(card))
    return target


def test_finds_the_one_face_of_each_portrait(detector, astronaut, hopper):
    for image, wanted in ((astronaut, ASTRONAUT_FACE), (hopper, HOPPER_FACE)):
        found = detector.detect(image)
        assert len(found) == 1
        assert iou(found[0].box, wanted) > 0.6
        x, y = found[0].landmarks.T
        assert x[0] < x[2] < x[1] and x[3] < x[4]  # right eye, nose, left eye; mouth
        assert max(y[0], y[1]) < y[2] < min(y[3], y[4])
        assert found[0].landmarks.dtype == np.float32


def test_gray_equals_color_and_calls_leave_no_trace(detector, astronaut):
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    before = astronaut.copy()
    first = detector.detect(astronaut)
    for image in (gray, astronaut, np.repeat(gray[..., None], 3, 2)):
        again = detector.detect(image)
        assert [d.box.x for d in again] == pytest.approx([d.box.x for d in first], abs=0.5)
        assert [d.score for d in again] == pytest.approx([d.score for d in first], abs=0.01)
    assert np.array_equal(astronaut, before)
    assert detector.inference_seconds > 0


@pytest.mark.parametrize('size', [40, 70, 120, 250])
@pytest.mark.parametrize('angle', [-25, 0, 25])
def test_finds_a_turned_face_of_every_size_anywhere(detector, astronaut, size, angle):
    scale = size / 100
    center = np.array([226.0, 122.0])
    for target in ((200.0, 240.0), (417.3, 251.8)):
        matrix = cv2.getRotationMatrix2D(tuple(center), angle, scale)
        matrix[:, 2] += np.array(target) - center
        source = cv2.GaussianBlur(astronaut, (0, 0), 0.5 / scale) if scale < 1 else astronaut
        scene = cv2.warpAffine(source, matrix, (640, 480), borderValue=(90, 90, 90))
        found = detector.detect(scene)
        # One false alarm at 0.55 is known (an arm, at 250 px and -25 degrees).
        assert 1 <= len(found) <= 2 and all(d.score < 0.6 for d in found[1:])
        assert np.hypot(*(np.array(found[0].box.center) - target)) < 0.25 * size
        assert 0.7 * size < found[0].box.size < 1.4 * size


@pytest.mark.parametrize('shape', [
    (1, 1), (1, 640), (480, 1), (7, 5), (31, 33), (32, 32), (479, 641), (1, 1, 3), (9, 2000, 3)])
def test_any_shape_is_searched(detector, shape):
    assert isinstance(detector.detect(np.full(shape, 127, np.uint8)), list)


@pytest.mark.parametrize('level', [0, 128, 255])
def test_an_empty_scene_has_no_face(detector, level):
    assert detector.detect(np.full((480, 640), level, np.uint8)) == []


@pytest.mark.parametrize('image', [
    np.zeros((0, 4), np.uint8), np.zeros((4, 0), np.uint8), np.zeros((0, 0, 3), np.uint8),
    np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32), np.zeros(4, np.uint8),
    np.zeros((4, 4, 1), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)])
def test_what_is_no_picture_is_refused(detector, image):
    with pytest.raises(ValueError, match=r'no pixels|expected uint8'):
        detector.detect(image)


def test_a_face_at_the_border_is_found(detector, astronaut):
    for view in (astronaut[80:, :], astronaut[:, 195:], astronaut[:, :255]):
        assert len(detector.detect(np.ascontiguousarray(view))) == 1


def test_a_face_larger_than_the_frame_is_no_error(detector, astronaut):
    face = cv2.resize(astronaut[100:150, 200:250], (640, 480))
    for detection in detector.detect(face):
        assert np.isfinite(detection.box.area)


@pytest.mark.parametrize('size, options, resized, canvas', [
    ((640, 480), {}, (320, 240), (320, 256)),
    ((640, 480), {'min_face_size': 12.0}, (640, 480), (640, 480)),
    ((640, 480), {'min_face_size': 1.0}, (640, 480), (640, 480)),
    ((100, 75), {}, (50, 38), (64, 64)),
    ((1, 1), {'min_face_size': 2000.0}, (1, 1), (32, 32)),
    ((1920, 1080), {'min_face_size': 72.0}, (320, 180), (320, 192)),
    ((320, 240), {'input_size': 640}, (640, 480), (640, 480)),
    ((480, 640), {'input_size': 320}, (240, 320), (256, 320))])
def test_working_size(size, options, resized, canvas):
    assert load_face_detector(MODEL, **options).working_size(*size) == (resized, canvas)


@pytest.mark.parametrize('option, value', [
    ('score_threshold', -0.1), ('score_threshold', 1.1), ('score_threshold', float('nan')),
    ('nms_threshold', 2.0), ('min_face_size', 0.0), ('input_size', 16), ('input_size', 'big')])
def test_values_out_of_range_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        load_face_detector(MODEL, **{option: value})


def test_the_order_is_by_falling_score(astronaut):
    found = load_face_detector(MODEL, score_threshold=0.01).detect(astronaut)
    scores = [d.score for d in found]
    assert scores == sorted(scores, reverse=True) and len(scores) >= 1


def test_files_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(ModelCardError, match='missing.onnx'):
        load_face_detector(tmp_path / 'missing.onnx')
    model = plain_card(tmp_path, MODEL, task='emotion_classification', labels=['happy', 'sad'],
                       input_size=[48, 48])
    with pytest.raises(ModelCardError, match='not for face_detection'):
        load_face_detector(model)
    for fields, reason in (({'decoder': ''}, 'decoder'), ({'color': 'bgr'}, 'color'),
                           ({'decoder': 'rfb'}, 'scores')):
        with pytest.raises(ModelCardError, match=reason):
            load_face_detector(plain_card(tmp_path, MODEL, **fields))
    model = plain_card(tmp_path, MODEL)
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(ModelCardError, match=r'copy\.onnx'):
        load_face_detector(model)


def test_yunet_equals_opencv(tmp_path, data_folder, astronaut, hopper):
    source = data_folder / 'detectors' / 'yunet_n_dynamic.onnx'
    if not source.is_file() or not hasattr(cv2, 'FaceDetectorYN'):
        pytest.skip('no YuNet file or no cv2.FaceDetectorYN here')
    model = plain_card(tmp_path, source, color='bgr')
    ours = load_face_detector(model, score_threshold=0.6, min_face_size=12.0)
    for image in (astronaut, hopper, np.hstack([astronaut, astronaut[:, ::-1]])):
        width, height = image.shape[1] // 32 * 32, image.shape[0] // 32 * 32
        image = np.ascontiguousarray(image[:height, :width])
        reference = cv2.FaceDetectorYN.create(str(source), '', (width, height), 0.6, 0.4)
        wanted = reference.detect(image)[1]
        found = ours.detect(image)
        assert len(found) == len(wanted) >= 1
        for row in wanted:
            nearest = min(found, key=lambda d: abs(d.box.x - row[0]))
            box = nearest.box
            np.testing.assert_allclose([box.x, box.y, box.width, box.height], row[:4], atol=0.05)
            np.testing.assert_allclose(nearest.landmarks.reshape(-1), row[4:14], atol=0.05)
            assert nearest.score == pytest.approx(float(row[14]), abs=1e-3)


def test_ultra_light_runs_through_the_same_class(tmp_path, data_folder, astronaut):
    source = data_folder / 'detectors' / 'version-RFB-320.onnx'
    if not source.is_file():
        pytest.skip('no Ultra-Light file here')
    model = plain_card(tmp_path, source, color='rgb', mean=127.0, std=128.0, decoder='rfb',
                       input_size=[320, 240])
    found = load_face_detector(model, score_threshold=0.7).detect(astronaut)
    assert len(found) == 1 and found[0].landmarks is None
    assert iou(found[0].box, ASTRONAUT_FACE) > 0.6


@pytest.mark.parametrize('size, width, height', [
    (560, 1280, 720), (700, 1280, 720), (900, 1920, 1080), (1700, 3840, 2160)])
@pytest.mark.parametrize('smallest', ['auto', 24.0])
def test_a_face_that_fills_the_picture_is_found(astronaut, size, width, height, smallest):
    """Larger ones than the network sees at once, and nothing in them is another face."""
    detector = load_face_detector(MODEL, score_threshold=0.65, min_face_size=smallest)
    head = astronaut[20:260, 100:340]
    factor = size / 108
    shown = cv2.resize(head, None, fx=factor, fy=factor)
    picture = np.full((height, width, 3), 100, np.uint8)
    x, y = ((limit - side) // 2 for limit, side in ((width, shown.shape[1]),
                                                    (height, shown.shape[0])))
    part = shown[max(-y, 0):max(-y, 0) + height, max(-x, 0):max(-x, 0) + width]
    picture[max(y, 0):max(y, 0) + len(part), max(x, 0):max(x, 0) + part.shape[1]] = part
    (found,) = detector.detect(picture)
    assert found.box.size == pytest.approx(size, rel=0.15)
    middle = x + 126 * factor, y + 102 * factor
    assert np.hypot(*np.subtract(found.box.center, middle)) < 0.15 * size
