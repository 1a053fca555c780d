"""Late frames are dropped, jumps back are told once, and of two clocks one is kept."""

import numpy as np
import pytest

from fer_ros.perception.stamp_guard import FOREIGN, IN_ORDER, JUMP, LATE, StampGuard

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def verdicts(stamps, guard=None):
    """Return what a guard says to stamps [s after now]."""
    guard = guard or StampGuard()
    return [guard.judge(NOW + round(stamp * SECOND)) for stamp in stamps]


def test_verdicts():
    """A table of stamps and what the guard says to each, in turn."""
    table = [(10.0, IN_ORDER), (10.0, IN_ORDER), (10.1, IN_ORDER), (10.05, LATE),
             (10.2, IN_ORDER), (9.0, JUMP), (9.1, IN_ORDER), (9.0, LATE), (9.0, LATE),
             (9.0, JUMP), (9.05, IN_ORDER), (-5.0, JUMP), (0.0, IN_ORDER)]
    stamps, expected = zip(*table)
    assert verdicts(stamps) == list(expected)


@pytest.mark.parametrize('back', [1, 50, 237])
def test_nanoseconds_count(back):
    """Floating seconds of today's stamps are 238 ns apart; results go back by none."""
    guard = StampGuard()
    assert [guard.judge(NOW + 7), guard.judge(NOW + 7 - back), guard.judge(NOW + 7)] == [
        IN_ORDER, LATE, IN_ORDER]


@pytest.mark.parametrize('length', [1.2, 2.0, 30.0])
@pytest.mark.parametrize('rate', [1.0, 5.0, 30.0])
def test_a_looping_bag_jumps_once_a_round(length, rate):
    """Only the first frame of each round is a jump, however short the bag."""
    count = max(int(length * rate), 2)
    said = verdicts([i % count / rate for i in range(4 * count)])
    assert [i for i, verdict in enumerate(said) if verdict != IN_ORDER] == [
        count, 2 * count, 3 * count]
    assert said.count(JUMP) == 3


def test_reset_forgets():
    """After a reset any stamp is in order."""
    guard = StampGuard()
    verdicts([100.0], guard)
    guard.reset()
    assert verdicts([1.0], guard) == [IN_ORDER]


@pytest.mark.parametrize('rate', [1.0, 5.0, 30.0])
@pytest.mark.parametrize('step', [-0.09, -0.11, -0.17, -0.4, -1.6, -3600.0])
def test_a_clock_set_right_costs_two_frames_at_most(step, rate):
    """One jump; afterwards everything is in order, also where the old stamps are passed."""
    before, after = np.arange(0, 5, 1 / rate), np.arange(5, 15, 1 / rate) + step
    said = verdicts([*before, *after])
    assert said.count(JUMP) <= 1 and said.count(LATE) <= 2 and FOREIGN not in said


def two_clocks(offset, rates=(30.0, 30.0), seconds=10.0, first=0.0):
    """Return (stamp, clock) of two cameras in the order of arrival."""
    frames = [(i / rate + phase, i / rate + shift, clock)
              for clock, (rate, phase, shift) in enumerate(
                  ((rates[0], 0.0, 0.0), (rates[1], first, offset)))
              for i in range(int(seconds * rate))]
    return [(stamp, clock) for _, stamp, clock in sorted(frames)]


@pytest.mark.parametrize('first', [0.01, -0.01])
@pytest.mark.parametrize('offset, rates', [
    (offset, rates) for offset in (0.2, 1.0, -0.2, -1.0, 3600.0, -3600.0)
    for rates in ((30.0, 30.0), (30.0, 5.0), (5.0, 30.0), (2.0, 2.0))
    if abs(offset) * rates[1] >= 1])  # else all are in order: nothing tells them apart
def test_of_two_clocks_one_is_kept(offset, rates, first):
    """At most two jumps, then one camera's frames in order and none of the other's."""
    frames = two_clocks(offset, rates, first=first)
    guard = StampGuard()
    said = verdicts([stamp for stamp, _ in frames], guard)
    assert said.count(JUMP) <= 2
    settled = len(said) - said[::-1].index(JUMP) if JUMP in said else 5
    kept = [clock for (_, clock), verdict in zip(frames[settled:], said[settled:])
            if verdict == IN_ORDER]
    assert len(set(kept)) == 1
    assert settled < 100 and len(kept) > 0.8 * 10 * rates[kept[0]] - 2
    if rates[0] == rates[1]:
        assert guard.interleaving


def test_when_the_kept_clock_ends_the_other_goes_on():
    """Two seconds later, without a jump back."""
    frames = [stamp for stamp, _ in two_clocks(-3600.0)]
    guard = StampGuard()
    verdicts(frames, guard)
    said = verdicts(10 + np.arange(0, 5, 1 / 30), guard)
    assert 50 < said.count(FOREIGN) < 70 and JUMP not in said
    assert set(said[70:]) == {IN_ORDER} and not guard.interleaving


def test_one_late_frame_is_no_second_clock():
    """Nor are four in an hour."""
    guard = StampGuard()
    stamps = [i / 30 - (0.1 if i % 900 == 450 else 0.0) for i in range(3600)]
    for stamp in stamps:
        verdicts([stamp], guard)
        assert not guard.interleaving
