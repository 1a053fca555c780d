"""Faces that somebody else cut out."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.crop_pipeline import CropPipeline, FaceCrop
from fer_ros.perception.cues import read_cue
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.perception.pipeline_config import PipelineConfig
from fer_ros.perception.types import (
    QUALITY_EXTREME_POSE,
    QUALITY_OK,
    QUALITY_OPTED_OUT,
    QUALITY_TOO_DARK,
    QUALITY_TOO_SMALL,
    BoundingBox,
    Detection,
)


@pytest.fixture(scope='module')
def pipeline():
    return CropPipeline(PipelineConfig())


@pytest.fixture
def fresh(pipeline):
    pipeline.reset()
    return pipeline


@pytest.fixture(scope='module')
def face(astronaut):
    """Return the face in the picture."""
    return build_pipeline(PipelineConfig()).analyze(astronaut)[0]


def cut(picture, box, margin=0.0, side=128):
    """Return a crop of a box with a margin around it, as a share of it."""
    x, y = int(box.x - margin * box.width), int(box.y - margin * box.height)
    right, bottom = (int(box.x + (1 + margin) * box.width),
                     int(box.y + (1 + margin) * box.height))
    return cv2.resize(picture[y:bottom, x:right], (side, side))


@pytest.mark.parametrize('margin', [0.0, 0.15, 0.5])
def test_however_it_is_framed_the_judgment_is_that_of_the_whole_picture(
        fresh, astronaut, face, margin):
    """Tight, like ours, loose: happy, within a few percent."""
    [found] = fresh.process({'a': FaceCrop(cut(astronaut, face.track.detection.box, margin))}, 1.0)
    probabilities = found.emotion.raw_probabilities
    assert found.track.id == 'a' and found.emotion.quality == QUALITY_OK
    assert probabilities[EMOTIONS.index('happy')] > 0.8
    assert np.abs(probabilities - face.emotion.raw_probabilities).max() < 0.15


def test_a_crop_without_a_face_is_taken_as_it_is(fresh):
    """It is what its maker calls one: judged, whatever comes of it; gray and narrow ones too."""
    noise = np.random.default_rng(0).integers(0, 255, (40, 90), np.uint8)
    [found] = fresh.process({'a': FaceCrop(noise)}, 1.0)
    assert found.emotion.quality == QUALITY_OK and len(found.emotion.raw_probabilities) == 8


def test_what_cannot_be_judged(fresh, astronaut, face):
    """Dark, small in the source whatever the crop's size, turned aside by its landmarks."""
    crop = cut(astronaut, face.track.detection.box)
    aside = face.track.detection.landmarks.copy()
    aside[2, 0] += 40
    cases = {
        'dark': FaceCrop(crop // 60), 'tiny': FaceCrop(cut(astronaut, BoundingBox(
            face.track.detection.box.x, face.track.detection.box.y, 9, 9), side=1)),
        'far': FaceCrop(crop, Detection(BoundingBox(10, 10, 12, 12), 0.9)),
        'aside': FaceCrop(crop, Detection(face.track.detection.box, 0.9, aside)),
        'good': FaceCrop(crop, face.track.detection)}
    found = {one.track.id: one.emotion.quality for one in fresh.process(cases, 1.0)}
    assert found == {'dark': QUALITY_TOO_DARK, 'tiny': QUALITY_TOO_SMALL,
                     'far': QUALITY_TOO_SMALL, 'aside': QUALITY_EXTREME_POSE, 'good': QUALITY_OK}


def test_states_form_by_time_and_go_with_the_face(fresh, astronaut, face):
    """Without a crop it coasts; gone for longer than ``max_age`` it is forgotten."""
    crop = FaceCrop(cut(astronaut, face.track.detection.box))
    for i in range(20):
        [found] = fresh.process({'a': crop}, i / 10)
    assert found.emotion.label == 'happy' and found.track_age == pytest.approx(1.9)
    [coasting] = fresh.process({}, 2.0, ['a', 'b'])
    assert coasting.emotion.label == 'happy' and not len(coasting.emotion.raw_probabilities)
    assert fresh.followed == ('a',)
    assert fresh.process({}, 2.1) == [] and fresh.followed == ('a',)
    assert fresh.process({}, 9.0, ['a']) == [] and fresh.followed == ()


def test_what_people_say_counts_too(fresh, astronaut, face):
    """A cue about a face, by its id; one about nobody is named as left out."""
    crop = FaceCrop(cut(astronaut, face.track.detection.box, 0.15))
    for i in range(3):
        [before] = fresh.process({'a': crop}, i / 10)
    for person in ('a', 'b'):
        fresh.cues.add(read_cue('words', ['happy', 'sad'], [0.02, 0.98], fresh.labels, 0.3,
                                person_id=person))
    [after] = fresh.process({'a': crop}, 0.3)
    sad = fresh.labels.index('sad')
    assert after.emotion.probabilities[sad] > before.emotion.probabilities[sad]
    assert after.emotion.cues == (('face', 'happy'), ('words', 'sad'))
    assert after.emotion.cue_agreement < 0
    assert len(fresh.unheard) == 1 and "'b'" in fresh.unheard[0]
    fresh.process({'a': crop}, 0.4)
    assert not fresh.unheard


def test_who_opted_out_is_not_looked_at(fresh, astronaut, face):
    """Until it is taken back."""
    crop = FaceCrop(cut(astronaut, face.track.detection.box))
    fresh.process({'a': crop, 'b': crop}, 0.0)
    fresh.opt_out(['a'])
    out, other = fresh.process({'a': crop, 'b': crop}, 0.1)
    assert out.emotion.quality == QUALITY_OPTED_OUT and not len(out.emotion.probabilities)
    assert other.emotion.quality == QUALITY_OK
    fresh.opt_in(['a'])
    assert fresh.process({'a': crop}, 0.2)[0].emotion.quality == QUALITY_OK


@pytest.mark.parametrize('picture', [
    np.zeros((0, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5), np.float32)])
def test_what_is_no_picture_is_refused(fresh, picture):
    with pytest.raises(ValueError, match='expected uint8'):
        fresh.process({'a': FaceCrop(picture)}, 0.0)


@pytest.mark.parametrize('shape', [(1, 1), (1, 300), (300, 1, 3), (2000, 1500, 3)])
def test_odd_sizes_are_survived(fresh, shape):
    assert len(fresh.process({'a': FaceCrop(np.full(shape, 90, np.uint8))}, 0.0)) == 1
