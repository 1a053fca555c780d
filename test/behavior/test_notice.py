"""Whom the robot has told that it reads faces: once a visit, and nothing is kept of who left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.behavior.attention import Person
from fer_ros.behavior.notice import GONE, Notices


def person(id_, age=0.0):
    """Return somebody who was first seen so long ago [s]."""
    return Person(id_, 'happy', 0.9, 100.0, age=age)


def tell(notices, stamp, *people):
    """Let a robot see people and talk to the first; return whether it tells."""
    notices.see(stamp, people)
    due = notices.is_due(people[0].id)
    if due:
        notices.told(people[0].id)
    return due


def test_once_a_visit():
    """However long it lasts; away for less than any max_age is the same visit."""
    notices = Notices()
    assert tell(notices, 10.0, person('f1', 0.1))
    for stamp in (10.1, 30.0, 1000.0, 1000.0 + GONE):
        assert not tell(notices, stamp, person('f1', stamp - 9.9))
    assert tell(notices, 1001.0 + GONE, person('f2', 0.1), person('f1', 991.1 + GONE))
    assert not notices.is_due('')  # nobody


def test_ids_that_begin_anew():
    """emotion_node was restarted: another f1, first seen after the one who was told had gone."""
    notices = Notices()
    assert tell(notices, 10.0, person('f1', 3.0))
    assert not tell(notices, 12.0, person('f1', 5.0))
    assert tell(notices, 20.0, person('f1', 0.1))
    assert not tell(notices, 20.1, person('f1', 0.2))
    # With the very first message of min_hits 1 it cannot be told yet; with the next it can.
    assert not tell(notices, 30.0, person('f1', 0.0))
    assert tell(notices, 30.1, person('f1', 0.1))


def test_a_jump_back_of_time():
    """A bag that loops: its people come anew."""
    notices = Notices()
    assert tell(notices, 10.0, person('f1', 1.0))
    assert tell(notices, 5.0, person('f1', 1.0))


@pytest.mark.parametrize('ages', [False, True])
def test_memory_stays_flat(ages):
    """Ten thousand visitors, one every ten seconds; somebody stays all day."""
    notices, most = Notices(), 0
    for i in range(10_000):
        stamp = 10.0 * i
        visitor, host = person(f'f{i + 2}', 0.1 * ages), person('f1', stamp * ages)
        assert tell(notices, stamp, visitor, host)
        assert tell(notices, stamp + 1, host, visitor) == (i == 0)
        most = max(most, len(notices))
    assert most <= GONE / 10 + 2
    notices.see(stamp + 2 * GONE, [])
    assert len(notices) == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, GONE / 41), st.lists(
    st.integers(1, 6), min_size=1, unique=True)), max_size=40), st.booleans())
def test_any_coming_and_going(frames, ages):
    """Everybody is told the first time that the robot talks to them, and never again."""
    notices, stamp, first, told = Notices(), 1_700_000_000.0, {}, set()
    for step, numbers in frames:
        stamp += step
        people = []
        for number in numbers:
            begin = first.setdefault(number, stamp - 0.1)
            people.append(person(f'f{number}', (stamp - begin) * ages))
        assert tell(notices, stamp, *people) == (numbers[0] not in told)
        told.add(numbers[0])
        assert len(notices) == len(told)
