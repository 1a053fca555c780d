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
    attention = Attention(AttentionConfig('nearest', 1.3, 1.0, 1.0))
    attention.update(0.0, [person('f1', 100)])
    for i in range(int(seconds * 10) + 1):
        chosen = attention.update(1 + i / 10, [person('f1', 100), person('f2', 100 * ratio)])
    assert (chosen.id == 'f2') is switched


def seen(id_, size=100, **values):
    """Return a person with more than a size."""
    return Person(id_, 'happy', 0.9, size, **values)


@pytest.mark.parametrize('mode, people, expected', [
    ('nearest', [seen('f1', 90), seen('f2', 100)], 'f2'),
    ('nearest', [seen('f1', 90, distance=1.0), seen('f2', 100, distance=2.0)], 'f1'),
    ('nearest', [seen('f1', 90, distance=1.0), seen('f2', 100)], 'f2'),  # one is not known
    ('nearest', [seen('f1', 90, distance=0.0), seen('f2', 100, distance=2.0)], 'f1'),
    # Who is turned aside looks smaller; where nothing is known, sizes tell: 95 px are at 1.55 m.
    ('nearest', [seen('f1', 80, distance=2.0), seen('f2', 90, distance=1.5),
                 seen('f3', 95)], 'f2'),
    ('nearest', [seen('f1', 0, distance=2.0), seen('f2', 100)], 'f2'),
    ('central', [seen('f1', offset=0.5), seen('f2', 10, offset=0.1)], 'f2'),
    ('central', [seen('f1'), seen('f2', offset=0.9)], 'f2'),
    ('central', [seen('f2'), seen('f1')], 'f1'),
    ('longest', [seen('f1', age=1.0), seen('f2', age=30.0)], 'f2'),
    ('longest', [seen('f1', age=0.0), seen('f2', age=0.0)], 'f1')])
def test_modes(mode, people, expected):
    """What each one prefers; what is not known counts least."""
    assert Attention(AttentionConfig(mode)).update(0.0, people).id == expected


def test_unknown_mode():
    """Those that there are are named."""
    with pytest.raises(ValueError, match='nearest, central, longest'):
        AttentionConfig('loudest')


def test_the_addressee_overrules():
    """At once and without dwell; while that person is away, the mode decides; so at the end."""
    attention = Attention()
    both = [person('f1', 300), person('f2', 50)]
    assert attention.update(0.0, both).id == 'f1'
    attention.addressee = 'f2'
    assert attention.update(0.1, both).id == 'f2'
    assert attention.update(9.0, both[:1]).id == 'f1'
    assert attention.update(9.1, both).id == 'f2'
    attention.addressee = ''
    assert [attention.update(10 + i / 2, both).id for i in range(4)] == ['f2', 'f2', 'f1', 'f1']


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


def test_faces_without_an_id():
    """Whoever publishes none is answered too; nobody's id is no addressee."""
    attention = Attention()
    assert attention.update(0.0, [person('', 100)]).id == ''
    both = [person('', 100), person('f1', 300)]
    assert [attention.update(i, both).id for i in (1.0, 2.0)] == ['', 'f1']


class Counting(list):
    """Faces that count how often somebody goes through them."""

    looks = 0

    def __iter__(self):
        """Count."""
        self.looks += 1
        return super().__iter__()


@pytest.mark.parametrize('mode', ['nearest', 'central', 'longest'])
def test_a_crowd(mode):
    """With 10,000 faces nobody goes through all of them for each of them."""
    people = Counting(seen(f'f{i}', distance=1 + i / 1000, offset=i / 10_000, age=-i)
                      for i in range(10_000))
    attention = Attention(AttentionConfig(mode))
    assert attention.update(0.0, people).id == 'f0'
    assert attention.update(1.0, people).id == 'f0'
    assert people.looks < 20


def test_who_is_too_far_is_not_talked_to():
    """With a margin for the one who is talked to; not who is chosen, or where none is known."""
    attention = Attention(AttentionConfig(max_distance=2.0, switch_ratio=1.5, lost_after=1.0))
    near, edge, far = (seen('f1', distance=d) for d in (2.0, 2.5, 3.5))

    def talked_to(stamp, *people):
        chosen = attention.update(stamp, attention.in_reach(people))
        return chosen and chosen.id
    assert talked_to(0, edge) is None
    assert talked_to(1, near) == talked_to(2, edge) == 'f1'
    assert talked_to(3.5, far) is None and attention.person_id == ''
    assert talked_to(4, edge, seen('f2')) == 'f2'
    attention.addressee = 'f1'
    assert talked_to(5, far, seen('f2')) == 'f1'
    everybody = [near, far]
    assert Attention().in_reach(everybody) is everybody
