"""The tracker's judge: measures by hand, scenes that are what they say."""

import json

import pytest

from fer_ros.evaluation.tracker import evaluate as evaluate_tracker
from fer_ros.evaluation.tracker.evaluate import judge_scene
from fer_ros.evaluation.tracker.metrics import score_tracks
from fer_ros.evaluation.tracker.scenes import LENGTH, play, scenes
from fer_ros.perception.types import BoundingBox

HERE, THERE = BoundingBox(0, 0, 10, 10), BoundingBox(100, 0, 10, 10)


def test_perfect_tracks():
    """Everything is one, nothing went wrong."""
    truth = [{'a': HERE, 'b': THERE}] * 5
    score = score_tracks(truth, [{'f1': HERE, 'f2': THERE}] * 5)
    assert (score.idf1, score.mota, score.switches, score.fragments) == (1, 1, 0, 0)


def test_a_switch():
    """Half way the id changes: IDF1 is a half, one switch is one error of ten."""
    score = score_tracks([{'a': HERE}] * 10, [{'f1': HERE}] * 5 + [{'f2': HERE}] * 5)
    assert score.switches == 1
    assert score.idf1 == pytest.approx(0.5)
    assert score.mota == pytest.approx(0.9)


def test_a_gap():
    """Two frames missed and found again: a fragment, no switch."""
    tracks = [{'f1': HERE}] * 4 + [{}] * 2 + [{'f1': HERE}] * 4
    score = score_tracks([{'a': HERE}] * 10, tracks)
    assert (score.switches, score.fragments) == (0, 1)
    assert score.mota == pytest.approx(0.8)
    assert score.idf1 == pytest.approx(2 * 8 / 18)


def test_false_tracks_and_late_starts():
    """A track on nobody counts against MOTA; a late start is no fragment."""
    score = score_tracks([{'a': HERE}] * 4, [{'f9': THERE}] * 2 + [{'f1': HERE}] * 2)
    assert (score.switches, score.fragments) == (0, 0)
    assert score.mota == pytest.approx(1 - (2 + 2) / 4)


@pytest.mark.parametrize('truth, tracks', [([], []), ([{}], [{}]), ([{'a': HERE}], [{}])])
def test_nothing(truth, tracks):
    """No frames, no people, no tracks."""
    assert score_tracks(truth, tracks).idf1 == 0


def test_frames_must_be_the_same():
    """Both numbers are named."""
    with pytest.raises(ValueError, match='1 frames of tracks for 2'):
        score_tracks([{}, {}], [{}])


@pytest.mark.parametrize('scene', scenes(), ids=lambda scene: scene.name)
def test_scenes(scene):
    """Repeatable; people and detections in most frames; what is hidden is not detected."""
    frames = play(scene, 15, seed=1)
    again = play(scene, 15, seed=1)
    assert [f.detections for f in frames] == [f.detections for f in again]
    assert len(frames) == LENGTH * 15
    assert sum(bool(f.detections) for f in frames) > 0.6 * len(frames)
    assert all(f.visible <= set(f.truth) for f in frames)
    assert all(len(f.detections) <= len(f.visible) + 1 for f in frames)


def test_a_quiet_scene_is_tracked():
    """Eight people who stay are kept apart."""
    score = judge_scene(scenes()[-1], 30)
    assert score.idf1 > 0.95
    assert score.switches == 0


def test_command(tmp_path, capsys):
    """Every scene at every rate, and the figures."""
    assert evaluate_tracker.main(['--seeds', '1', '--output', str(tmp_path / 'out')]) == 0
    assert 'camera shake | 30' in capsys.readouterr().out
    figures = json.loads((tmp_path / 'out' / 'tracker.json').read_text(encoding='utf-8'))
    assert len(figures['scenes']) == 4 * len(scenes())


@pytest.mark.parametrize('rate', [10, 15, 30])
def test_who_is_hidden_by_a_slow_passer_by_keeps_the_id(rate):
    """Seeds 4, 6 to 9 once lost it: the hidden face was predicted to shrink and to sink."""
    scene = next(s for s in scenes() if s.name.startswith('slow crossing'))
    assert min(judge_scene(scene, rate, seed).idf1 for seed in (4, 6, 7, 8, 9)) > 0.9
