"""The simulation is what it says, the measures are right by hand, the command runs."""

import json

import numpy as np
import pytest

from fer_ros.evaluation.states import bench as state_bench
from fer_ros.evaluation.states.bench import Setting, _unbeaten, at_equal_delay
from fer_ros.evaluation.states.cued import (
    Cued,
    compare_cues,
    cue_table,
    simulate_cues,
    turned_away,
)
from fer_ros.evaluation.states.simulation import BASE_RATE, Recording, simulate
from fer_ros.evaluation.states.ways import (
    Figures,
    Filtered,
    LastFrames,
    Timer,
    judge,
    labels_of,
)
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import SmoothingConfig

ERRORS = error_model({}, len(EMOTIONS))
TRUTH = np.repeat(np.arange(5), 20)
ANSWERS = np.full((100, 8), 0.02) + 0.84 * np.eye(8)[TRUTH]


@pytest.fixture(scope='module')
def recording():
    """Return two minutes of a classifier that is always right."""
    return simulate(ANSWERS, TRUTH, range(5), minutes=2, seed=3)


def test_simulation(recording):
    """Length, distribution, every emotion, segments of 3 to 8 s, bursts and drop-outs."""
    assert len(recording.stamps) == 2 * 60 * BASE_RATE
    np.testing.assert_allclose(recording.probabilities.sum(1), 1)
    starts = np.flatnonzero(np.diff(recording.truth)) + 1
    lengths = np.diff(starts) / BASE_RATE
    assert lengths.min() >= 3 - 1 / BASE_RATE and lengths.max() <= 8 + 1 / BASE_RATE
    assert 0.85 < recording.seen.mean() < 1
    right = recording.probabilities.argmax(1) == recording.truth
    assert 0.9 < right.mean() < 1


def test_simulation_is_repeatable_and_refuses_what_it_lacks(recording):
    """The seed decides; an emotion without a picture is named."""
    again = simulate(ANSWERS, TRUTH, range(5), minutes=2, seed=3)
    np.testing.assert_array_equal(again.probabilities, recording.probabilities)
    with pytest.raises(ValueError, match='no picture of emotion 7'):
        simulate(ANSWERS, TRUTH, [0, 7], minutes=1, seed=0)


@pytest.mark.parametrize('rate, text', [(0, '0 Hz'), (7, '7 Hz'), (60, '60 Hz')])
def test_rates(recording, rate, text):
    """Lower rates are frames left out; others are refused."""
    assert len(recording.at_rate(5).stamps) == len(recording.stamps) / 6
    with pytest.raises(ValueError, match=text):
        recording.at_rate(rate)


def test_figures_by_hand():
    """Ten frames a second: late by two frames, one false switch, two frames wrong."""
    truth = np.array([0] * 5 + [1] * 5)
    recording = Recording(np.arange(10) / 10, truth, np.zeros((10, 8)), np.ones(10, bool))
    figures = judge(np.array([0, 0, -1, 2, 0, 0, 0, 1, 1, 1]), recording)
    assert figures.delay == pytest.approx(0.2)
    assert figures.missed == 0
    assert figures.false_switches == pytest.approx(60 / 0.9)
    assert figures.wrong == pytest.approx(0.3)
    assert figures.uncertain == pytest.approx(0.1)


def test_a_change_that_is_never_seen():
    """It counts as missed, and as long as the segment."""
    truth = np.array([0] * 5 + [1] * 5)
    recording = Recording(np.arange(10) / 10, truth, np.zeros((10, 8)), np.ones(10, bool))
    figures = judge(np.zeros(10, int), recording)
    assert figures.missed == 1 and figures.delay == pytest.approx(0.4)


def test_peers_ways():
    """The majority of frames, and the answer of the last tick."""
    happy, sad = np.eye(8)[1], np.eye(8)[3]
    majority = LastFrames(3)
    assert [majority.step(p, 0.0) for p in (happy, sad, sad, happy, happy)] == [1, 1, 3, 3, 1]
    timer = Timer(0.5)
    assert [timer.step(p, t) for p, t in ((happy, 0.0), (sad, 0.3), (sad, 0.5))] == [1, 1, 3]


def test_ours_is_steadier_than_the_raw_answer(recording):
    """And the label stays while the face is not seen."""
    ours = judge(labels_of(Filtered(SmoothingConfig(), StateConfig(), ERRORS), recording),
                 recording)
    raw = judge(labels_of(LastFrames(1), recording), recording)
    assert ours.false_switches < raw.false_switches / 3
    assert ours.missed < 0.1


def test_the_same_at_every_rate(recording):
    """The delay differs by less than a frame period of the slowest rate."""
    delays = [judge(labels_of(Filtered(SmoothingConfig(), StateConfig(), ERRORS),
                              recording.at_rate(rate)), recording.at_rate(rate)).delay
              for rate in (5, 15, 30)]
    assert max(delays) - min(delays) <= 0.2


def test_equal_delay():
    """The best that is as fast; nothing may be."""
    curve = [Setting('hmm', 0.1, 0.5, 0.0, Figures(1.0, 0, 10.0, 0, 0)),
             Setting('hmm', 0.2, 0.5, 0.0, Figures(2.0, 0, 4.0, 0, 0))]
    assert at_equal_delay(curve, 1.5) == 10
    assert at_equal_delay(curve, 2.0) == 4
    assert np.isnan(at_equal_delay(curve, 0.5))


def test_unbeaten():
    """Slower and worse is left out; equal ones too."""
    values = [(1.0, 9.0), (1.0, 8.0), (2.0, 8.5), (3.0, 2.0), (2.5, 8.0)]
    settings = [Setting('hmm', 0.1, 0.5, 0.0, Figures(d, 0, f, 0, 0)) for d, f in values]
    kept = [(s.figures.delay, s.figures.false_switches) for s in _unbeaten(settings)]
    assert kept == [(1.0, 8.0), (3.0, 2.0)]


def test_command(tmp_path, astronaut, capsys):
    """Table, plot and figures, from pictures in the layout of training."""
    import cv2
    face = cv2.resize(astronaut[55:185, 165:295, 1], (48, 48))
    n = 25
    votes = np.zeros((n, 10), np.uint8)
    votes[np.arange(n), np.arange(n) % 5] = 10
    np.savez(tmp_path / 'd.npz', images=np.repeat(face[None], n, 0), split=np.ones(n, np.uint8),
             labels=np.zeros(n, np.uint8), ferplus_votes=votes)
    out = tmp_path / 'out'
    assert state_bench.main(['--data', str(tmp_path / 'd.npz'), '--minutes', '0.5',
                             '--output', str(out)]) == 0
    printed = capsys.readouterr().out
    assert '| exponential (default) | 30 |' in printed
    assert '| face in view, cues right 80 % |' in printed
    figures = json.loads((out / 'state_bench.json').read_text(encoding='utf-8'))
    assert len(figures['cues']) == 6
    assert set(figures['trade_off']) == {'exponential', 'hmm', 'majority'}
    assert (out / 'state_bench.png').stat().st_size > 10000


def test_cues_of_stated_quality(recording):
    """One each five seconds, right as often as it says; the same with the same seed."""
    cues = simulate_cues(recording, 0.8, range(5), seed=1)
    stamps = [cue.stamp for cue in cues]
    np.testing.assert_allclose(np.diff(stamps), 5.0)
    truth = recording.truth[np.searchsorted(recording.stamps, stamps)]
    right = np.mean([cue.label == EMOTIONS[t] for cue, t in zip(cues, truth)])
    assert 0.6 <= right <= 1 and len(cues) == 23
    again = simulate_cues(recording, 0.8, range(5), seed=1)
    assert [cue.label for cue in again] == [cue.label for cue in cues]


def test_what_cues_bring(recording):
    """Without them the way is as before; with good ones a face that turns away is read better."""
    plain = Filtered(SmoothingConfig(), StateConfig(), ERRORS)
    results = compare_cues(recording, range(5), ERRORS, seed=1)
    assert results['face in view, no cues'] == judge(labels_of(plain, recording), recording)
    longer = simulate(ANSWERS, TRUTH, range(5), minutes=10, seed=3)
    turned = turned_away(longer, 1)
    away = np.isnan(turned.probabilities[:, 0])
    right = [(labels_of(Cued(SmoothingConfig(), StateConfig(), ERRORS, cues), turned)
              == longer.truth)[away].mean()
             for cues in ((), simulate_cues(longer, 0.8, range(5), seed=1))]
    assert 0.05 < away.mean() < 0.6 and right[1] > right[0]
    assert len(cue_table(results).splitlines()) == 2 + len(results)
