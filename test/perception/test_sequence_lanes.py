"""Senders that count are told apart by their counts."""

import numpy as np
import pytest

from fer_ros.perception.sequence_lanes import SequenceLanes


def test_one_sender_has_one_lane():
    """Whatever is lost on the way."""
    lanes, random = SequenceLanes(), np.random.default_rng(0)
    numbers = np.cumsum(random.integers(1, 50, 1000))
    assert {lanes.lane(int(number)) for number in numbers} == {1}


@pytest.mark.parametrize('begins', [(0, 0), (1000, 0), (0, 1000), (7, 8), (10, 20, 30)])
def test_several_senders(begins):
    """In turn: after a round or two each has a lane of its own."""
    lanes = SequenceLanes()
    seen = [[lanes.lane(begin + i) for begin in begins] for i in range(100)]
    assert len(set(map(tuple, seen[-5:]))) == 1
    assert len(set(seen[-1])) == len(begins)


def test_one_that_begins_anew_has_a_new_lane():
    """And few are remembered."""
    lanes = SequenceLanes()
    assert len({lanes.lane(i) for _ in range(100) for i in range(50, 100)}) == 100
    assert len(lanes._lasts) <= 16
