"""The judge of `anonymize`: measures by hand, conditions that are what they say, the command."""

import csv
import gzip
import itertools
import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.datasets.face_pictures import FacePicture
from fer_ros.evaluation.privacy import evaluate
from fer_ros.evaluation.privacy.clips import _without_gaps, judge_clip
from fer_ros.evaluation.privacy.conditions import SHOWN, ShownPicture, shown, shown_boxes
from fer_ros.evaluation.privacy.identity import Recognizer, chance, known_again, likeness_auc
from fer_ros.evaluation.privacy.metrics import (
    Faces,
    all_faces,
    hidden_faces,
    hidden_pixels,
    shares_in_clear,
)
from fer_ros.media.frame_source import open_frame_source
from fer_ros.perception.annotator import anonymize
from fer_ros.perception.concealment import DETECTOR, ConcealmentConfig, load_concealment
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.model_card import sha256_of
from fer_ros.perception.types import BoundingBox
from fer_ros.resources import resource_path

BOX = np.array([[182, 62, 92, 115]], np.float32)
NOWHERE = np.empty((0, 4), np.float32)


@pytest.fixture(scope='module')
def portrait(astronaut):
    """Return a labeled picture."""
    return FacePicture(astronaut, BOX, np.full((1, 5, 2), np.nan, np.float32), NOWHERE, 'her')


def test_half_a_face_hidden_is_in_clear():
    """Hidden is what the mosaic covers: the box and a quarter more on every side."""
    faces = shown_boxes(np.array([[100, 100, 40, 40]]))
    whole = hidden_faces(hidden_pixels((300, 400), [BoundingBox(100, 100, 40, 40)]), faces)
    assert whole.sizes == pytest.approx([40]) and whole.hidden == [1.0]
    half = hidden_faces(hidden_pixels((300, 400), [BoundingBox(130, 100, 40, 40)]), faces)
    assert half.hidden == pytest.approx([0.5], abs=0.03) and half.in_clear.all()
    assert hidden_faces(np.zeros((300, 400), bool), faces).hidden == [0.0]


def test_a_turned_face_is_judged_by_its_outline():
    """Not by the box around it."""
    diamond = np.array([[[50, 0], [100, 50], [50, 100], [0, 50]]], np.float32)
    mask = np.zeros((101, 101), bool)
    mask[:, :51] = True
    judged = hidden_faces(mask, diamond)
    assert judged.hidden == pytest.approx([0.5], abs=0.01)
    assert judged.sizes == pytest.approx([5000 ** 0.5])


def test_who_is_hardly_in_the_picture_is_not_counted():
    """A quarter of a face at the border is; less is not."""
    mask = np.ones((100, 100), bool)
    boxes = np.array([[-10, 0, 40, 40], [-35, 0, 40, 40], [200, 0, 40, 40]])
    assert len(hidden_faces(mask, shown_boxes(boxes)).sizes) == 1


def test_shares_by_size():
    """Sizes are of the whole face; what is smaller than 24 px counts in its own bin only."""
    faces = all_faces([Faces(np.array([14.0, 30.0]), np.array([0.0, 1.0])),
                       Faces(np.array([200.0]), np.array([0.89])), Faces(*[np.empty(0)] * 2)])
    rows = shares_in_clear(faces)
    assert (rows['in_clear'], rows['faces']) == (0.5, 2)
    assert (rows['in_clear_12-16'], rows['in_clear_24-48'], rows['in_clear_96+']) == (1, 0, 1)
    assert np.isnan(rows['in_clear_48-96'])


@pytest.mark.parametrize('condition', SHOWN)
def test_every_condition_hides_her(condition, portrait):
    """The outline lies where the face is: what hides finds it, and the original is untouched."""
    before = portrait.image.copy()
    picture = SHOWN[condition](portrait)
    assert np.array_equal(portrait.image, before)
    judged = hidden_faces(hidden_pixels(
        picture.image.shape, load_concealment().places(picture.image, 0.0)), picture.faces)
    assert judged.hidden[0] > 0.9


def test_a_gap_of_the_teacher_is_filled():
    """Between two sights of the only face; two faces are left as they are."""
    one, two = np.array([[0.0, 0, 10, 10]]), np.array([[20.0, 0, 10, 10]])
    none = np.empty((0, 4))
    filled = _without_gaps([none, one, none, two, none])
    assert [len(boxes) for boxes in filled] == [0, 1, 1, 1, 0]
    assert filled[2].tolist() == [[10, 0, 10, 10]]
    both = [np.concatenate([one, two]), none]
    assert _without_gaps(both) is both and _without_gaps([none]) == [none]


def test_a_clip_is_judged_from_the_frame_on_at_which_hiding_starts(portrait):
    """Stamps are the frames'."""
    stamps = []
    frames = [shown(portrait)] * 4
    judged = judge_clip(frames, 0.1, lambda image, stamp: stamps.append(stamp) or [], 2)
    assert stamps == pytest.approx([0.2, 0.3]) and judged.in_clear.tolist() == [True, True]


def test_the_published_figures_are_of_what_ships():
    """Another detector or another setting: ``fer_ros evaluate-anonymize`` has to run again."""
    results = Path(__file__).resolve().parents[3] / 'benchmark/results/anonymize.json'
    published = json.loads(results.read_text(encoding='utf-8'))
    settings = json.loads(json.dumps(asdict(ConcealmentConfig())))
    assert published['settings'] == settings
    assert published['detector'] == sha256_of(resource_path(DETECTOR))
    assert set(published['pictures']['anonymize']) == set(SHOWN)


def test_who_is_known_again():
    """The picture itself is no proof; somebody in one picture only is never right."""
    gallery = np.array([[1, 0], [0.9, 0.1], [0, 1.0]])
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    people = ['a', 'a', 'b']
    assert known_again(gallery, gallery, people) == 1
    assert likeness_auc(gallery, gallery, people) == 1
    assert chance(people) == pytest.approx(0.5)
    assert likeness_auc(np.ones((3, 2)), np.ones((3, 2)), people) == pytest.approx(0.5)
    assert np.isnan(known_again(gallery, gallery, ['a', 'b', 'c']))


def test_a_recognizer_does_not_know_who_is_hidden(data_folder, astronaut, hopper):
    """What it sees of a hidden face is as near to somebody else's as to the person's own."""
    recognizer = Recognizer(data_folder / 'teachers/face_backbone_mobilenet_vggface2.onnx')
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    clear, mirrored, hidden = [], [], []
    for image in (astronaut, hopper):
        box = detector.detect(image)[0].box
        canvas = image.copy()
        anonymize(canvas, load_concealment().places(image, 0.0))
        other = BoundingBox(image.shape[1] - box.x - box.width, box.y, box.width, box.height)
        clear.append(recognizer.features(image, box))
        mirrored.append(recognizer.features(np.ascontiguousarray(image[:, ::-1]), other))
        hidden.append(recognizer.features(canvas, box))
    for i in range(2):
        assert clear[i] @ mirrored[i] > 0.8
        assert clear[i] @ hidden[i] < 0.6
        assert clear[i] @ hidden[i] < clear[i] @ mirrored[i] - 0.3


def test_nobody_finds_a_face_in_the_mosaic(astronaut, hopper):
    """Neither the analysis nor, for lack of a face, its landmarks and emotion."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'), score_threshold=0.4)
    for image in (astronaut, hopper):
        face = detector.detect(image)[0].box
        canvas = image.copy()
        anonymize(canvas, load_concealment().places(image, 0.0))
        assert not [d for d in detector.detect(canvas) if d.box.iou(face)]


@pytest.fixture(scope='module')
def folder(tmp_path_factory, astronaut):
    """Lay out a portrait and a picture without a face as a data set."""
    root = tmp_path_factory.mktemp('faces')
    cv2.imwrite(str(root / 'her.png'), astronaut)
    cv2.imwrite(str(root / 'empty.png'), np.full((200, 300, 3), 90, np.uint8))
    x, y, width, height = BOX[0].tolist()
    tables = {
        'images': [{'image': 'her.png', 'split': 'val'}, {'image': 'empty.png', 'split': 'val'}],
        'labels': [{'image': 'her.png', 'ignore': '0', 'x': x, 'y': y, 'w': width, 'h': height,
                    **{f'lmk_{axis}{i}': 'nan' for i in range(1, 6) for axis in 'xy'}}],
        'boxes_human': [{'image': 'her.png', 'source': 'other', 'matched': '1'}]}
    for name, rows in tables.items():
        with gzip.open(root / f'{name}.csv.gz', 'wt', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return root


def test_the_command(folder, tmp_path, monkeypatch, capsys):
    """A table, a plot, and the figures with the machine they were measured on."""
    monkeypatch.setattr(evaluate, '_PASSES', 2)
    monkeypatch.setattr(evaluate, 'SHOWN', {
        name: SHOWN[name] for name in ('as_they_are', 'turned_90')})
    assert evaluate.main(['--data', str(folder), '--output', str(tmp_path)]) == 0
    assert '| turned 90 |' in capsys.readouterr().out
    kept = json.loads((tmp_path / 'anonymize.json').read_text(encoding='utf-8'))
    assert kept['machine']['processor'] and (tmp_path / 'anonymize.png').exists()
    assert kept['pictures']['anonymize']['turned_90']['in_clear'] == 0
    assert kept['pictures']['analyzed']['turned_90']['in_clear'] == 1
    assert kept['pictures']['anonymize']['as_they_are']['hidden_background'] < 0.5


@pytest.mark.parametrize('data, network', [('clips', 'teacher'), ('people', 'recognizer')])
def test_what_is_missing_is_named(data, network, folder):
    """Before anything is measured."""
    with pytest.raises(ValueError, match=f'--{data} needs --{network}'):
        evaluate.main(['--data', str(folder), f'--{data}', str(folder)])


def test_clips(data_folder, tmp_path):
    """On a real clip every face is hidden from the first frame on."""
    source = open_frame_source(str(data_folder / 'footage/no.mkv'))
    clip = cv2.VideoWriter(
        str(tmp_path / 'no.avi'), cv2.VideoWriter_fourcc(*'MJPG'), 30.0, (640, 480))
    for image in itertools.islice(source, 12):
        clip.write(image)
    clip.release()
    rows = evaluate.judge_clips(tmp_path, data_folder / 'detectors/yunet_n_dynamic.onnx')
    assert set(rows) == {'no.avi, as_it_is', 'no.avi, lying', 'no.avi, dark'}
    assert rows['no.avi, as_it_is'] == {
        'faces': 12, 'analyzed': 0, 'coasting': 0, 'anonymize': 0, 'switched_on_faces': 2,
        'switched_on': 0}
    assert rows['no.avi, lying']['analyzed'] > 0 == rows['no.avi, lying']['anonymize']


def test_a_picture_has_outlines(portrait):
    """Corners in order around the box."""
    picture = shown(portrait)
    assert isinstance(picture, ShownPicture) and picture.faces.shape == (1, 4, 2)
    assert cv2.contourArea(picture.faces[0]) == pytest.approx(92 * 115)
