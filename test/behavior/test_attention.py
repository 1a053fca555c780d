"""Whom the robot talks to."""

import pytest

from fer_ros.behavior.attention import Attention, AttentionConfig, Person


def person(id_, size):
    """Return a happy person."""
    return Person(id_, 'happy', 0.9, size)


def test_nobody():
    """The empty case."""
    assert Attention().update(0.0, []) is None


def test_largest_first_and_stable_ties():
    """Equal faces never alternate, whatever their order."""
    attention = Attention()
    for i in range(20):
        people = [person('f2', 100), person('f10', 100)]
        chosen = attention.update(i / 10, people[::-1] if i % 2 else people)
        assert chosen.id == 'f2'


@pytest.mark.parametrize('ratio, seconds, switched', [
    (1.2, 5.0, False), (1.29, 5.0, False), (1.3, 0.9, False), (1.3, 1.0, True),
    (2.0, 0.5, False), (2.0, 1.5, True)])
def test_switching_needs_size_and_time(ratio, seconds, switched):
    """Border values of ratio and dwell."""
    attention = Attention(AttentionConfig(1.3, 1.0, 1.0))
    attention.update(0.0, [person('f1', 100)])
    for i in range(int(seconds * 10) + 1):
        chosen = attention.update(1 + i / 10, [person('f1', 100), person('f2', 100 * ratio)])
    assert (chosen.id == 'f2') is switched


def test_no_ping_pong():
    """A face that is larger for moments only never takes over."""
    attention = Attention()
    attention.update(0.0, [person('f1', 100)])
    for i in range(100):
        size = 200 if i % 8 < 7 else 90
        assert attention.update(i / 10, [person('f1', 100), person('f2', size)]).id == 'f1'


def test_a_lost_person_is_waited_for():
    """Nobody else for lost_after, then the largest of those there."""
    attention = Attention(AttentionConfig(lost_after=1.0))
    attention.update(0.0, [person('f1', 100)])
    assert attention.update(0.9, [person('f2', 300)]) is None
    assert attention.update(1.1, [person('f2', 300)]).id == 'f2'
    assert attention.update(5.0, []) is None
    assert attention.person_id == ''
