"""The whole core on real faces: the same states at every rate, quality, jumps, still pictures."""

from dataclasses import replace

import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception.annotator import annotate
from fer_ros.perception.pipeline import build_pipeline

BLANK = np.full((480, 640), 128, np.uint8)


@pytest.fixture
def pipeline(pipeline_config):
    """Return a fresh pipeline with the shipped networks."""
    return build_pipeline(pipeline_config)


@pytest.fixture(scope='module')
def scene():
    """Return the demo scene."""
    return DemoScene()


@pytest.mark.parametrize('rate', [5, 15, 30])
def test_the_same_states_at_every_rate(pipeline, scene, rate):
    """The astronaut is happy a third of a second after she is seen, whatever the frame rate."""
    seen = happy = None
    for i in range(3 * rate):
        t = 1 + i / rate
        for face in pipeline.process(scene.render(t), t).faces:
            seen = t if seen is None else seen
            if face.emotion.label == 'happy' and happy is None:
                happy = t
    assert happy - seen == pytest.approx(0.3, abs=1.01 / rate + 0.01)


def test_one_id_over_ten_seconds_of_moving(pipeline, scene):
    """Turning, shrinking and growing; a second person gets a second id."""
    ids = {}
    for i in range(10, 330):
        t = i / 15
        if t > 20:
            break
        for face in pipeline.process(scene.render(t), t).faces:
            ids.setdefault(face.track.id, []).append(face.track.detection.box.center[0])
    assert len(ids) == 2
    first, second = ids.values()
    assert np.median(first) < 320 < np.median(second)


def test_empty_frames_age_tracks_and_a_jump_resets(pipeline, astronaut):
    """Away for less than max_age: same id and state; time going back: a new id."""
    for i in range(10):
        result = pipeline.process(astronaut, i / 10)
    first = result.faces[0]
    assert first.emotion.label == 'happy'
    for i in range(10, 17):
        assert not pipeline.process(BLANK, i / 10).faces
    again = pipeline.process(astronaut, 1.7).faces[0]
    assert (again.track.id, again.emotion.label) == (first.track.id, 'happy')
    result = pipeline.process(astronaut, 0.0)
    assert result.time_jumped_back
    assert not pipeline.process(astronaut, 0.05).time_jumped_back
    assert pipeline.process(astronaut, 0.1).faces[0].track.id != first.track.id


@pytest.mark.parametrize('quality, change', [
    ('too_small', {'min_size': 400.0}), ('blurred', {'min_sharpness': 10.0})])
def test_quality_says_why(pipeline_config, astronaut, quality, change):
    """A face that is not judged keeps its track and says why."""
    config = replace(pipeline_config, quality=replace(pipeline_config.quality, **change))
    pipeline = build_pipeline(config)
    for i in range(4):
        faces = pipeline.process(astronaut, i / 10).faces
    face = faces[0]
    assert face.emotion.quality == quality
    assert face.emotion.label == 'uncertain'
    assert len(face.emotion.raw_probabilities) == 0


def test_a_face_at_the_border_is_cut_off(pipeline, astronaut):
    """Half a face is followed but not judged."""
    half = np.ascontiguousarray(astronaut[:, 232:])
    for i in range(6):
        faces = pipeline.process(half, i / 10).faces
    for face in faces:
        visible = face.track.detection.box.clipped(half.shape[1], half.shape[0]).area
        expected = 'ok' if visible >= 0.7 * face.track.detection.box.area else 'cut_off'
        assert face.emotion.quality == expected


def test_still_pictures_leave_tracks_alone(pipeline, astronaut, hopper):
    """analyze() in the middle of a video changes nothing."""
    for i in range(5):
        faces = pipeline.process(astronaut, i / 10).faces
    before = faces[0]
    still = pipeline.analyze(hopper)
    assert [face.emotion.label for face in still] == ['neutral']
    after = pipeline.process(astronaut, 0.5).faces[0]
    assert after.track.id == before.track.id
    assert pipeline.analyze(BLANK) == []


def test_everything_is_published_not_only_the_last(pipeline, astronaut, hopper):
    """The peers' defect (OpenDR drew all faces and published the last)."""
    both = np.hstack([astronaut, np.resize(hopper[:512], (512, 512, 3))])
    for i in range(6):
        faces = pipeline.process(both, i / 10).faces
    by_place = sorted(faces, key=lambda f: f.track.detection.box.x)
    assert [f.emotion.label for f in by_place] == ['happy', 'neutral']
    assert annotate(both, faces, pipeline.labels).shape == both.shape


def test_forgotten_people_leave_no_memory(pipeline, astronaut):
    """The peers' defect: state per person that was never pruned."""
    for i in range(20):
        pipeline.process(astronaut, 10.0 * i)
        pipeline.process(astronaut, 10.0 * i + 0.1)
    assert len(pipeline._people) == 1


@pytest.mark.parametrize('shape', [(1, 1), (2, 3000), (31, 33), (33, 31, 3), (2000, 3, 3)])
def test_odd_sizes(pipeline, shape):
    """Tiny, huge, narrow: no face and no fault."""
    assert pipeline.process(np.zeros(shape, np.uint8), 0.0).faces == []


@pytest.mark.parametrize('image', [np.zeros((0, 0), np.uint8), np.zeros((0, 5, 3), np.uint8),
                                   np.zeros((4, 4), np.float64)])
def test_bad_images_are_refused(pipeline, image):
    """Empty or of another dtype; the next good frame works."""
    with pytest.raises(ValueError):
        pipeline.process(image, 0.0)
    assert pipeline.process(BLANK, 0.1).faces == []


def test_faces_coast_between_two_looks(pipeline_config, scene):
    """Each third frame looked at: every frame reports the face, where an unbroken watch does."""
    every = build_pipeline(pipeline_config)
    third = build_pipeline(replace(pipeline_config, detector_interval=3))
    happy, looked, overlaps = {}, [], []
    for i in range(90):
        t = 1 + i / 30
        frame = scene.render(t)
        wanted, found = every.process(frame, t), third.process(frame, t)
        looked.append(found.looked)
        assert len(found.faces) == len(wanted.faces) or i < 12  # the first sights come later
        for name, faces in (('every', wanted.faces), ('third', found.faces)):
            if faces and faces[0].emotion.label == 'happy':
                happy.setdefault(name, t)
        if found.faces:
            face = found.faces[0]
            assert (len(face.emotion.raw_probabilities) > 0) == found.looked
            overlaps.append(face.track.detection.box.iou(wanted.faces[0].track.detection.box))
            assert len(found.regions) >= 1
    assert looked[30:36] in ([True, False, False] * 2, [False, True, False] * 2,
                             [False, False, True] * 2)
    assert abs(happy['third'] - happy['every']) < 0.11
    assert np.median(overlaps) > 0.9 and min(overlaps) > 0.75


def test_a_new_face_is_looked_at_twice_at_once(pipeline_config, astronaut):
    """Its confirmation does not wait for the next turn; then the turns go on."""
    pipeline = build_pipeline(replace(pipeline_config, detector_interval=5))
    results = [pipeline.process(astronaut, i / 30) for i in range(8)]
    assert [r.looked for r in results] == [True, True] + [False] * 4 + [True, False]
    assert [len(r.faces) for r in results] == [0] + [1] * 7


def test_what_is_no_picture_is_refused_between_looks_too(pipeline_config, astronaut):
    """Bad input never passes unseen."""
    pipeline = build_pipeline(replace(pipeline_config, detector_interval=5))
    for i in range(3):
        pipeline.process(astronaut, i / 30)
    with pytest.raises(ValueError, match='float64'):
        pipeline.process(np.zeros((4, 4)), 0.1)


def test_the_interval_can_change_while_running(pipeline_config, astronaut):
    """Nobody is lost."""
    pipeline = build_pipeline(pipeline_config)
    for i in range(6):
        before = pipeline.process(astronaut, i / 30).faces[0:1]
    pipeline.reconfigure(replace(pipeline_config, detector_interval=4))
    results = [pipeline.process(astronaut, (6 + i) / 30) for i in range(5)]
    assert [r.looked for r in results] == [True, False, False, False, True]
    assert pipeline.interval == 4
    assert {f.track.id for r in results for f in r.faces} == {before[0].track.id}


def test_maps_stay_between_looks(pipeline_config, astronaut):
    """The overlay of activation maps does not flicker."""
    pipeline = build_pipeline(replace(pipeline_config, detector_interval=3, maps=True))
    results = [pipeline.process(astronaut, i / 30) for i in range(6)]
    assert all(f.activation_map is not None for r in results[1:] for f in r.faces)
