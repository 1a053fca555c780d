"""What pictures prove: changes, their intervals, and the words for them."""

import numpy as np
import pytest

pytest.importorskip('torch')

from fer_ros.emotion_training.verdict import compare, table, verdict  # noqa: E402


def answers(pictures, gained, lost, right=0.5):
    """Return where the old and the tuned network are right."""
    before = np.arange(pictures) < right * pictures
    after = before.copy()
    after[:lost], after[len(after) - gained:] = False, True
    return before, after


@pytest.mark.parametrize('pictures, gained, lost, better, worse', [
    (13, 2, 0, False, False), (13, 5, 0, False, False), (150, 40, 10, True, False),
    (150, 0, 0, False, False), (150, 12, 9, False, False), (150, 10, 40, False, True)])
def test_noise_is_no_gain(pictures, gained, lost, better, worse):
    """Few changes prove nothing, whatever their direction; an exact test and the interval."""
    change = compare('x', *answers(pictures, gained, lost))
    assert (change.gained, change.lost, change.pictures) == (gained, lost, pictures)
    assert (change.better, change.worse) == (better, worse)
    assert change.low <= change.change <= change.high
    assert change.change == pytest.approx((gained - lost) / pictures)


def test_no_change_in_few_pictures_is_not_sure_either():
    """None of ten may be up to three of ten (Clopper and Pearson 1934)."""
    few, many = compare('x', *answers(10, 0, 0)), compare('x', *answers(1000, 0, 0))
    assert few.high == -few.low == pytest.approx(0.308, abs=1e-3)
    assert 0.003 < many.high < 0.004 and not few.better and not few.worse


def test_pictures_that_are_alike_are_one_piece_of_evidence():
    """Forty gains that are one picture forty times prove nothing."""
    before, after = answers(150, 40, 0)
    groups = np.minimum(np.arange(150), 110)
    assert compare('x', before, after).better
    assert not compare('x', before, after, groups).better


def test_words():
    """The table and the sentence hold the figures; where nothing is proven, what would be."""
    few = compare('your pictures', *answers(13, 2, 1))
    assert '(' in table([few]) and 'before %' in table([few])
    told = verdict(few, None)
    assert 'Your 13 pictures prove nothing' in told and 'left as it was' in told
    assert few.needed >= 50 and f'about {few.needed} pictures' in told
    assert 'only 4 answers change' in verdict(compare('x', *answers(45, 4, 0)), None)
    many = compare('your pictures', *answers(150, 40, 10))
    assert 'improve it' in verdict(many, 0.93) and '93 of 100' in verdict(many, 0.93)
    assert 'forgets other faces' in verdict(many, None)
