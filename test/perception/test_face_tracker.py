"""Tracker: identities, gaps, crossings, jumps in time."""

from dataclasses import replace

import numpy as np
import pytest

from fer_ros.perception.face_tracker import FaceTracker, TrackerConfig
from fer_ros.perception.types import BoundingBox, Detection


def face(x, y, size=60.0, score=0.9):
    """Return a detection centered at (x, y)."""
    return Detection(BoundingBox(x - size / 2, y - size / 2, size, size), score)


def confirmed(tracks):
    """Return the ids of confirmed tracks seen in this frame."""
    return [t.id for t in tracks if t.state == 'confirmed']


def test_no_faces_ever():
    """The empty case, over and over."""
    tracker = FaceTracker()
    assert all(tracker.update([], t / 10) == [] for t in range(20))


def test_a_face_is_confirmed_at_its_second_detection():
    """One detection is tentative and vanishes if it is not seen again."""
    tracker = FaceTracker()
    assert tracker.update([face(100, 100)], 0.0)[0].state == 'tentative'
    assert tracker.update([], 0.1) == []
    tracker.update([face(100, 100)], 0.2)
    assert confirmed(tracker.update([face(101, 100)], 0.3)) == ['f2']


def test_weak_detections_keep_a_face_but_start_none():
    """The second round of ByteTrack."""
    tracker = FaceTracker()
    assert tracker.update([face(50, 50, score=0.45)], 0.0) == []
    for i in range(3):
        tracker.update([face(50, 50)], 0.1 + i / 10)
    assert confirmed(tracker.update([face(50, 50, score=0.45)], 0.5)) == ['f1']


@pytest.mark.parametrize('rate', [5.0, 15.0, 30.0, 60.0])
def test_a_walking_person_keeps_the_id_at_every_rate(rate):
    """A face of 60 px that crosses the image in 3 s and turns back."""
    tracker, ids = FaceTracker(), set()
    for i in range(int(6 * rate)):
        t = i / rate
        x = 320 + 280 * np.sin(2 * np.pi * t / 6)
        ids.update(confirmed(tracker.update([face(x, 240)], t)))
    assert ids == {'f1'}


@pytest.mark.parametrize('gap, same', [(0.5, True), (0.99, True), (1.2, False)])
def test_a_gap_shorter_than_max_age_keeps_the_id(gap, same):
    """Empty frames age the track; a face that stays away longer is a new one."""
    tracker = FaceTracker(TrackerConfig(max_age=1.0))
    for i in range(10):
        tracker.update([face(100, 100)], i / 10)
    for k in range(1, int(gap * 20)):
        lost = tracker.update([], 0.9 + k / 20)
        assert all(track.state == 'lost' for track in lost)
    back = [tracker.update([face(102, 101)], 0.9 + gap + i / 10) for i in range(2)]
    assert (back[1][0].id == 'f1') is same


def test_many_short_misses_never_add_up():
    """The peer's defect: a miss counter that was never reset killed ids after five misses."""
    tracker, ids = FaceTracker(), set()
    for i in range(200):
        seen = [] if i % 4 == 3 else [face(100 + i, 100)]
        ids.update(confirmed(tracker.update(seen, i / 30)))
    assert ids == {'f1'}


def test_two_people_pass_each_other():
    """Ids stay with their persons when paths cross at different heights."""
    tracker, first, last = FaceTracker(), None, None
    for i in range(90):
        t = i / 30
        tracks = tracker.update([face(100 + 150 * t, 200), face(550 - 150 * t, 230)], t)
        if len(confirmed(tracks)) == 2:
            last = {t.id: t.detection.box.center[1] for t in tracks}
            first = first or last
    assert first == last


def test_a_jump_back_in_time_starts_anew_and_reuses_no_id():
    """A bag that loops: all tracks go, ids count on."""
    tracker = FaceTracker()
    for i in range(5):
        tracker.update([face(100, 100)], 100 + i / 10)
    assert tracker.update([face(100, 100)], 3.0)[0].id == 'f2'
    assert confirmed(tracker.update([face(100, 100)], 3.1)) == ['f2']


def test_equal_stamps_and_long_gaps():
    """A step of zero changes nothing; after a long gap everybody is forgotten."""
    tracker = FaceTracker()
    for _ in range(3):
        tracks = tracker.update([face(100, 100)], 5.0)
    assert confirmed(tracks) == ['f1']
    assert tracker.update([], 1e6) == []


def test_32_faces_keep_their_ids():
    """A crowd on a grid that sways."""
    tracker = FaceTracker()
    for i in range(30):
        shift = 5 * np.sin(i / 5)
        faces = [face(80 * (k % 8) + 40 + shift, 100 * (k // 8) + 50, 40) for k in range(32)]
        tracks = tracker.update(faces[::-1] if i % 2 else faces, i / 30)
    assert len(confirmed(tracks)) == 32
    assert {t.id for t in tracks} == {f'f{k + 1}' for k in range(32)}


def test_a_lost_face_coasts_where_it_was_heading():
    """The predicted box moves on with the person."""
    tracker = FaceTracker()
    for i in range(15):
        tracker.update([face(100 + 10 * i, 100)], i / 30)
    lost = tracker.update([], 16 / 30)[0]
    assert lost.state == 'lost'
    assert not lost.detected
    assert lost.detection.box.center[0] == pytest.approx(260, abs=15)


@pytest.mark.parametrize('gap, same', [(0.5, True), (1.5, True), (2.9, True), (3.1, False)])
def test_a_gap_without_frames_is_no_absence(gap, same):
    """A stalled camera or machine costs nobody the id; a long pause does."""
    tracker = FaceTracker(TrackerConfig(max_age=1.0))
    for i in range(10):
        tracker.update([face(100 + 2 * i, 100)], i / 30)
    back = [tracker.update([face(125, 101)], 0.3 + gap + i / 30) for i in range(2)]
    assert (back[1][0].id == 'f1') is same


@pytest.mark.parametrize('period', [0.5, 2.0, 3.0, 5.0, 60.0])
def test_a_slow_camera_is_no_gap(period):
    """Confirmed at the third frame at the latest, whatever the rate; and kept."""
    tracker = FaceTracker()
    seen = [confirmed(tracker.update([face(100 + i % 3, 100)], (i + i % 2 / 10) * period))
            for i in range(10)]
    assert set(map(tuple, seen[2:])) == {(seen[-1][0],)}


def test_a_slow_camera_that_stops_is_a_gap():
    """Much longer than its usual period; who comes afterwards is new."""
    tracker = FaceTracker()
    for i in range(5):
        tracker.update([face(100, 100)], i * 5.0)
    back = [tracker.update([face(100, 100)], 40.0 + i * 5) for i in range(3)]
    assert confirmed(back[-1]) and confirmed(back[-1]) != ['f1']


def test_who_is_gone_after_a_gap_is_forgotten():
    """The first frame after the gap does not show the face: it is not kept for long."""
    tracker = FaceTracker(TrackerConfig(max_age=1.0))
    for i in range(5):
        tracker.update([face(100, 100)], i / 10)
    assert tracker.update([], 2.4)[0].state == 'lost'
    assert tracker.update([], 2.5) == []


def test_a_face_between_two_updates_is_where_it_should_be():
    """Box and landmarks move along; nothing of the tracker changes by asking."""
    tracker = FaceTracker()
    points = np.full((5, 2), 30.0, np.float32)
    for i in range(30):  # 90 px/s to the right
        seen = replace(face(100 + 3 * i, 100), landmarks=points + [100 + 3 * i, 100])
        tracker.update([seen], i / 30)
    at_once, later = tracker.at(29 / 30)[0], tracker.at(29 / 30 + 0.1)[0]
    assert at_once.detection.box.x == pytest.approx(157)
    assert later.detection.box.x == pytest.approx(166, abs=1)
    assert later.detection.landmarks[0, 0] == pytest.approx(30 + 187 + 9, abs=1)
    assert (later.id, later.state, later.detected) == (at_once.id, 'confirmed', True)
    assert tracker.update([face(200, 100)], 33 / 30)[0].id == at_once.id


def test_nobody_between_updates_of_an_empty_tracker():
    """Before the first frame as well."""
    tracker = FaceTracker()
    assert tracker.at(1.0) == []
    tracker.update([], 1.0)
    assert tracker.at(1.5) == []


def test_a_lost_face_goes_on_between_updates():
    """Where it was heading, at most as long as it is remembered."""
    tracker = FaceTracker()
    for i in range(15):
        tracker.update([face(100 + 3 * i, 100)], i / 30)
    lost = tracker.update([], 15 / 30)[0]
    later = tracker.at(15 / 30 + 0.1)[0]
    assert (lost.state, later.state) == ('lost', 'lost')
    assert later.detection.box.x == pytest.approx(lost.detection.box.x + 9, abs=1.5)
    assert tracker.at(100.0)[0].detection.box.x < 400
