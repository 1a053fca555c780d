"""Opting out: followed on, shown to no emotion network, nothing lingers, gone with the track."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.perception.annotator import annotate, tag_text
from fer_ros.perception.opt_out import apply_request, unjudged
from fer_ros.perception.people import NOT_JUDGED
from fer_ros.perception.pipeline import build_pipeline

BLANK = np.full((512, 512), 128, np.uint8)


class Seen:
    """Notes where the faces are that the real emotion network is shown."""

    def __init__(self, pipeline):
        self.places, self.count = [], 0
        classifier = pipeline.classifier
        crops, answers = classifier.crops, classifier.answers

        def noting_crops(image, detections):
            self.places += [detection.box.center[0] for detection in detections]
            return crops(image, detections)

        def noting_answers(pictures, *rest):
            self.count += len(pictures)
            return answers(pictures, *rest)
        classifier.crops, classifier.answers = noting_crops, noting_answers

    def forget(self):
        self.places, self.count = [], 0


@pytest.fixture(scope='module')
def both(astronaut, hopper):
    """Return two people, the happy one on the left."""
    return np.hstack([astronaut, np.resize(hopper[:512], (512, 512, 3))])


def followed(pipeline, picture, start=0.0, count=6):
    """Show a picture for a while; return the faces by place."""
    for i in range(count):
        faces = pipeline.process(picture, start + i / 10).faces
    return sorted(faces, key=lambda face: face.track.detection.box.x)


def is_unjudged(face):
    """Tell whether nothing of an emotion is in a face."""
    return (face.emotion == NOT_JUDGED and face.activation_map is None
            and len(face.emotion.probabilities) == len(face.emotion.raw_probabilities) == 0)


@pytest.mark.parametrize('interval', [1, 3])
def test_one_of_two(pipeline_config, both, interval):
    """At once, coasting too: only the other one is judged; taken back, both are."""
    pipeline = build_pipeline(replace(pipeline_config, maps=True, detector_interval=interval))
    left, right = followed(pipeline, both, count=10)
    assert left.emotion.label == 'happy' and left.activation_map is not None
    seen = Seen(pipeline)
    assert apply_request(pipeline, left.track.id, False, False) == (
        f'judged no more: {left.track.id}')
    for i in range(6):
        faces = pipeline.process(both, 1 + i / 10).faces
        first, second = sorted(faces, key=lambda face: face.track.detection.box.x)
        assert first.track.id == left.track.id and is_unjudged(first)
        assert second.emotion.label == 'neutral' and second.activation_map is not None
    assert seen.count and min(seen.places) > 512
    # The picture has the reason, no bars, and no map of evidence over that face.
    plain, cam = (annotate(both, [first], pipeline.labels, way) for way in ('none', 'cam'))
    np.testing.assert_array_equal(plain, cam)
    np.testing.assert_array_equal(plain, annotate(both, [first], pipeline.labels, 'bars'))
    assert tag_text(first, pipeline.labels) == f'{first.track.id} no state (opted_out)'
    assert apply_request(pipeline, left.track.id, False, True) == f'judged again: {left.track.id}'
    first, _ = followed(pipeline, both, 1.6)
    assert first.emotion.quality == 'ok' and min(seen.places) < 512


def test_taken_back_while_coasting(pipeline_config, astronaut):
    """Nothing is known until the next look; then the state begins anew."""
    pipeline = build_pipeline(replace(pipeline_config, detector_interval=3))
    stamps = (i / 10 for i in range(60))
    while not pipeline.process(astronaut, next(stamps)).faces:
        pass
    apply_request(pipeline, '', True, False)
    while not pipeline.process(astronaut, next(stamps)).looked:
        pass
    apply_request(pipeline, '', True, True)
    coasted = 0
    while not (result := pipeline.process(astronaut, next(stamps))).looked:
        assert is_unjudged(result.faces[0])
        coasted += 1
    assert coasted and result.faces[0].emotion.quality == 'ok'


def test_still_pictures_have_ids_of_their_own(pipeline_config, astronaut):
    """analyze() is about the picture that it is given: its f1 is nobody's track."""
    pipeline = build_pipeline(pipeline_config)
    face, = followed(pipeline, astronaut)
    apply_request(pipeline, face.track.id, False, False)
    still, = pipeline.analyze(astronaut)
    assert (still.track.id, still.emotion.label) == (face.track.id, 'happy')
    assert is_unjudged(followed(pipeline, astronaut, 0.6)[0])


def test_gone_with_the_track(pipeline_config, astronaut):
    """Away for less than max_age: still opted out; longer, or after a reset: a new id, judged."""
    pipeline = build_pipeline(pipeline_config)
    old, = followed(pipeline, astronaut)
    apply_request(pipeline, '', True, False)
    for i in range(10):
        assert not pipeline.process(BLANK, 1 + i / 10).faces
    assert pipeline.followed == (old.track.id,)  # it can opt in and out while it is waited for
    face, = followed(pipeline, astronaut, 2.0)
    assert face.track.id == old.track.id and is_unjudged(face)
    for i in range(30):
        pipeline.process(BLANK, 3 + i / 10)
    assert (pipeline.followed, pipeline.opted_out) == ((), frozenset())
    face, = followed(pipeline, astronaut, 6.0)
    assert face.track.id != old.track.id and face.emotion.quality == 'ok'
    apply_request(pipeline, '', True, False)
    pipeline.reset()
    assert followed(pipeline, astronaut, 0.0)[0].emotion.quality == 'ok'
    assert not pipeline.opted_out


def test_live_parameters_forget_no_opt_out(pipeline_config, astronaut):
    pipeline = build_pipeline(pipeline_config)
    followed(pipeline, astronaut)
    apply_request(pipeline, '', True, False)
    pipeline.reconfigure(replace(pipeline_config, maps=True, smoothing=replace(
        pipeline_config.smoothing, kind='majority')))
    assert is_unjudged(followed(pipeline, astronaut, 1.0)[0])


def test_what_was_judged_before_does_not_go_out(pipeline_config, astronaut):
    """A frame that was in work when somebody opted out."""
    pipeline = build_pipeline(replace(pipeline_config, maps=True))
    face, = followed(pipeline, astronaut)
    assert unjudged([face], pipeline.opted_out) == [face]
    apply_request(pipeline, '', True, False)
    late, = unjudged([face], pipeline.opted_out)
    assert is_unjudged(late) and late.track is face.track


@pytest.mark.parametrize('person_id, everybody, take_back, told', [
    ('', False, False, 'give either person_id (f1, f2) or everybody'),
    ('f1', True, False, 'give either person_id (f1, f2) or everybody'),
    ('f9', False, False, "nobody with the id 'f9' is followed, but f1, f2"),
    ('f9\x1b[2J\n' * 9, False, True, 'is followed, but f1, f2')])
def test_unclear_requests(pipeline_config, both, person_id, everybody, take_back, told):
    """Nothing changes; one line says who is there."""
    pipeline = build_pipeline(pipeline_config)
    followed(pipeline, both)
    with pytest.raises(ValueError) as error:
        apply_request(pipeline, person_id, everybody, take_back)
    assert str(error.value).endswith(told) and str(error.value).isprintable()
    assert not pipeline.opted_out


def test_nobody_is_there(pipeline_config):
    """To opt nobody out would promise what does not hold for who comes next."""
    pipeline = build_pipeline(pipeline_config)
    for words, told in ((('f1', False, False), 'followed now, nor anybody else'),
                        (('', True, False), '~/enable with false'),
                        (('', False, True), 'give either person_id or everybody')):
        with pytest.raises(ValueError, match=told):
            apply_request(pipeline, *words)
    assert apply_request(pipeline, '', True, True) == 'nobody had opted out'


@pytest.fixture(scope='module')
def crowd(pipeline_config, both):
    """Return a pipeline with two people in view."""
    pipeline = build_pipeline(pipeline_config)
    followed(pipeline, both)
    return pipeline


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(['f1', 'f2', '']), st.booleans())))
def test_any_order_of_requests(crowd, both, requests):
    """Who is opted out is what the last request about each said."""
    crowd.opt_in(crowd.followed)
    expected = {'f1': False, 'f2': False}
    for person_id, take_back in requests:
        told = apply_request(crowd, person_id, not person_id, take_back)
        for id_ in [person_id] if person_id else list(expected):
            assert take_back or id_ in told
            expected[id_] = not take_back
    assert crowd.opted_out == {id_ for id_, out in expected.items() if out}
