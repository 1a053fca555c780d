"""A scripted evening of four minutes: the tones that a person would expect, at every rate."""

import numpy as np
import pytest

from fer_ros.behavior.policy_file import load_policy
from fer_ros.commands.evening import UTTERANCES, draw, play
from fer_ros.resources import resource_path

SHIPPED = load_policy(resource_path('config/behavior.yaml'))

#: not before, not after [s]; tone; whom it answers to.
EXPECTED = ((0, 0, 'neutral', ''), (20, 22, 'cheerful', 'f1'),
            (55, 55.3, 'encouraging', 'f1'),   # sad since 50, but the robot speaks until 55
            (100, 102, 'neutral', 'f1'), (121, 122, 'calm', 'f2'), (140, 142, 'cheerful', 'f2'),
            (173, 173.3, 'neutral', ''),       # gone since 165, held 6 s, then speaking
            (180, 182, 'cheerful', 'f1'),
            (200, 204, 'neutral', 'f1'),       # looks away since 190: no reason any more
            (210, 212, 'calm', 'f1'),
            (223, 223.3, 'neutral', 'f3'),     # the angry one left at 222; a newcomer, uncertain
            (230, 232, 'cheerful', 'f3'))


@pytest.mark.parametrize('rate', [5, 15, 30])
@pytest.mark.parametrize('seed', [1, 2, 3])
def test_tones(rate, seed):
    """Every change in its time, none else: no burst, drop-out or look away makes one."""
    tones = play(SHIPPED, rate, seed).tones
    assert [(d.tone.name, d.person_id) for d in tones] == [row[2:] for row in EXPECTED]
    for decision, (earliest, latest, *_) in zip(tones, EXPECTED):
        assert earliest - 1 / rate <= decision.stamp <= latest + 1 / rate


@pytest.mark.parametrize('rate, seed', [(5, 1), (15, 2), (30, 3)])
def test_words_keep_a_tone_while_the_face_is_turned_away(rate, seed):
    """Happy ones, from 192 s on: still cheerful at 208 s; before, nothing is another way."""
    silent, talking = play(SHIPPED, rate, seed), play(SHIPPED, rate, seed, words=True)
    before = [[(d.stamp, d.tone.name) for d in course.tones if d.stamp < 200]
              for course in (silent, talking)]
    assert before[0] == before[1]
    assert [[d.tone.name for d in course.tones if d.stamp < 208][-1]
            for course in (silent, talking)] == ['neutral', 'cheerful']


def test_no_change_while_speaking():
    """Utterances are never cut in two."""
    for decision in play(SHIPPED).tones:
        assert not any(start < decision.stamp < end - 0.1 for start, end in UTTERANCES)


def test_suggestions_do_not_repeat():
    """Cheerful and calm twice and more: other offers, at last none."""
    offers = [d.suggestion for d in play(SHIPPED).tones if d.suggestion]
    assert len(offers) == len(set(offers)) > 3


def test_the_time_line_is_drawn(tmp_path):
    """The picture of the documentation."""
    course = play(SHIPPED)
    draw(course).savefig(tmp_path / 'evening.png', dpi=100)
    assert (tmp_path / 'evening.png').stat().st_size > 30000
    seen = course.faces['f1']
    # from 5 to 120 s and from 180 to 222 s, but for drop-outs
    assert 157 * 15 - 40 < len(seen.stamps) < 157 * 15
    np.testing.assert_allclose([row.sum() for row in seen.probabilities], 1, atol=1e-5)
