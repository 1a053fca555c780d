"""What is told of a picture, for people and for programs."""

import csv
import io
import json
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.pictures.json_report import advice_text, report_json
from fer_ros.pictures.report import report_picture
from fer_ros.pictures.table import write_table
from fer_ros.texts import LANGUAGES, load_texts


def decoded(image):
    """Return the pixels of an encoded image."""
    pixels = cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (image.height, image.width, 3)
    return pixels


def numbers(value):
    """Return every number in a JSON value."""
    if isinstance(value, dict):
        return [n for each in value.values() for n in numbers(each)]
    if isinstance(value, list):
        return [n for each in value for n in numbers(each)]
    return [value] if isinstance(value, float) else []


def table_of(labels, reports):
    """Return the rows of the table, read again."""
    file = io.StringIO(newline='')
    write_table(file, labels, reports)
    return list(csv.reader(io.StringIO(file.getvalue(), newline='')))


def test_two_people(reports, couple):
    """Each with a state, eight probabilities, a face close up and a map over it."""
    report = reports[0]
    assert (report.name, report.width, report.height) == ('couple', 1024, 512)
    assert len(report.labels) == 8 and set(report.models) == {'detector', 'emotion'}
    assert [face.id for face in report.faces] == ['f1', 'f2']
    assert [face.state for face in sorted(report.faces, key=lambda f: f.box.x)] == [
        'happy', 'neutral']
    for face in report.faces:
        assert face.judged and face.quality == 'ok' and face.advice == ''
        assert sum(face.probabilities) == pytest.approx(1, abs=1e-4)
        assert face.likeliest(report.labels) == face.state
        assert face.confidence == pytest.approx(max(face.probabilities))
        assert -1 <= face.valence <= 1 and -1 <= face.arousal <= 1
        close, map_ = decoded(face.thumbnail), decoded(face.evidence)
        assert close.shape == map_.shape == (160, 160, 3)
        assert np.abs(close.astype(int) - map_).mean() > 2
    assert decoded(report.annotated).shape == couple.shape


def test_nobody_in_a_pixel(reports):
    """No face, and a copy large enough to be looked at."""
    assert reports[2].faces == () and decoded(reports[2].annotated).shape == (480, 480, 3)


def test_who_was_not_judged_gets_advice(reports):
    """The reason, what to do, and no numbers."""
    [face] = reports[1].faces
    assert (face.quality, face.state) == ('too_small', 'uncertain')
    assert face.advice == 'advice.too_small'
    assert not face.judged and face.probabilities == () and face.evidence is None
    assert face.valence is None and face.arousal is None and face.confidence == 0
    assert advice_text(face, load_texts()) == (
        'The face is too small: come closer, or take a picture with more pixels.')
    assert advice_text(replace(face, quality='new'), load_texts()) == (
        'The face was not judged (new).')


def test_the_same_twice(pipeline, couple):
    """A picture has one report; it is not changed, and no track is left."""
    before = couple.copy()
    once, again = (report_picture(pipeline, couple, 'x') for _ in range(2))
    assert once == again and (couple == before).all()


def test_without_maps_there_is_no_evidence(astronaut):
    """A pipeline that computes none costs no more."""
    [face] = report_picture(build_pipeline(PipelineConfig()), astronaut, 'x').faces
    assert face.judged and face.evidence is None


def test_a_gray_picture(pipeline, astronaut):
    """As a file of gray levels is decoded."""
    gray = cv2.cvtColor(cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    [face] = report_picture(pipeline, gray, 'gray').faces
    assert face.state == 'happy'


@pytest.mark.parametrize('factor', [1, 5])
def test_anonymized_pictures_show_nobody(pipeline, concealment, astronaut, factor):
    """Neither copy nor thumbnail nor map; a telephone's picture too; the answer stays."""
    picture = cv2.resize(astronaut, None, fx=factor, fy=factor)
    clear, hidden = (report_picture(pipeline, picture, 'x', each, 'none')
                     for each in (None, concealment))
    assert hidden.anonymized and not clear.anonymized
    [face], [seen] = hidden.faces, clear.faces
    assert (face.state, face.probabilities) == (seen.state, seen.probabilities)
    # A mosaic of six cells across has next to no detail that is finer than half a cell.
    for one, other in ((face.thumbnail, seen.thumbnail), (face.evidence, seen.evidence)):
        fine = [np.median(np.abs(cv2.Laplacian(cv2.cvtColor(decoded(image), cv2.COLOR_BGR2GRAY),
                                               cv2.CV_16S))) for image in (one, other)]
        assert fine[0] < fine[1] / 2
    scale = hidden.annotated.width / 512
    part = (slice(round(66 * scale), round(174 * scale)),
            slice(round(186 * scale), round(270 * scale)))
    difference = np.abs(decoded(hidden.annotated)[part].astype(int)
                        - decoded(clear.annotated)[part])
    assert difference.mean() > 10


def test_hiding_a_still_does_not_touch_what_is_held_live(concealment, astronaut):
    """The live video's places stay, and do not appear in a picture dropped meanwhile."""
    black = np.zeros((200, 200, 3), np.uint8)
    assert concealment.places(astronaut, 1.0)
    assert concealment.in_still(black) == []
    assert concealment.places(black, 1.1)
    assert len(concealment.in_still(astronaut)) > 0 and concealment.places(black, 1.2)


@pytest.mark.parametrize('language', [None, *LANGUAGES])
def test_json(reports, language):
    """It can be written without NaN, with pictures if asked for, and says what the report says."""
    texts = language and load_texts(language)
    for report in reports:
        told = json.loads(json.dumps(report_json(report, texts, images=True), allow_nan=False))
        assert told['labels'] == list(report.labels) and told['models'] == report.models
        assert told['annotated'].startswith('data:image/jpeg;base64,')
        assert [face['face'] for face in told['faces']] == [face.id for face in report.faces]
        for face, one in zip(told['faces'], report.faces):
            assert face['thumbnail'] == one.thumbnail.source
            assert (face['evidence'] is None) == (one.evidence is None)
            if one.judged:
                assert list(face['probabilities']) == list(report.labels)
            else:
                assert face['probabilities'] is face['valence'] is face['confidence'] is None
            if texts:
                assert face['state_text'] == texts(f'label.{one.state}')
                assert bool(face['advice']) == (not one.judged)
        assert ('label_texts' in told) == (texts is not None)
    assert 'annotated' not in report_json(reports[0])


def test_what_is_no_number_is_null(reports):
    """Wherever it comes from."""
    report = reports[0]
    face = replace(report.faces[0], valence=math.nan, confidence=math.inf,
                   probabilities=(math.nan,) * 8)
    told = report_json(replace(report, faces=(face,)))
    assert all(map(math.isfinite, numbers(told)))
    assert told['faces'][0]['probabilities'] == dict.fromkeys(report.labels)


def test_table(reports):
    """A row a face, and one for a picture without; numbers read as they were."""
    labels = reports[0].labels
    columns, *rows = table_of(labels, reports)
    assert columns == ['picture', 'face', 'x', 'y', 'width', 'height', 'detection_score', 'state',
                       'confidence', 'quality', *labels, 'valence', 'arousal']
    assert [row[:2] for row in rows] == [
        ['couple', 'f1'], ['couple', 'f2'], ['far away', 'f1'], ['nobody', '']]
    assert {len(row) for row in rows} == {len(columns)}
    first, far, none = (dict(zip(columns, row)) for row in (rows[0], rows[2], rows[3]))
    face = reports[0].faces[0]
    for label, p in zip(labels, face.probabilities):
        assert float(first[label]) == pytest.approx(p, abs=1e-6)
    assert far['quality'] == 'too_small' and far['happy'] == far['confidence'] == ''
    assert set(none.values()) == {'nobody', ''}


@pytest.mark.parametrize('name, told', [
    ('plain.png', 'plain.png'), ('a "b", c;d.png', None), ('two\nlines.png', None),
    ('yüz 😀.png', None), ('=cmd()|x.png', './=cmd()|x.png'), ('+1.png', './+1.png'),
    ('-1.png', './-1.png'), ('@SUM(A1).png', './@SUM(A1).png'), ('\t=1.png', './\t=1.png'),
    ('\r=1.png', './\r=1.png'), ('\n=1.png', './\n=1.png'), ("'=1.png", None),
    ('folder/=1.png', None)])
def test_names_in_the_table(reports, name, told):
    """They come back as they are; what a spreadsheet would compute names the same file."""
    _, row = table_of(reports[2].labels, [replace(reports[2], name=name)])
    assert row[0] == (told or name)
