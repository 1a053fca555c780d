"""Of several cameras on one topic one is followed, and kept."""

import numpy as np
import pytest

from fer_ros.perception.camera_guard import FOLLOWED, LEFT_OUT, TAKEN_OVER, CameraGuard


def run(guard, *cameras, until=10.0, begin=0.0):
    """Let cameras (name, rate [Hz], first frame [s]) send; return [(name, time, verdict)]."""
    frames = sorted((first + i / rate, name) for name, rate, first in cameras
                    for i in range(int((until - begin) * rate)))
    return [(name, begin + t, guard.judge(name, begin + t)) for t, name in frames]


def followed(said, after=0.0):
    """Return the names whose frames were not left out from a time on."""
    return {name for name, t, verdict in said if verdict != LEFT_OUT and t >= after}


def test_one_camera_is_followed():
    """Whatever its rate, and after a pause."""
    guard = CameraGuard()
    for begin, rate in ((0, 30), (100, 0.2), (1000, 60)):
        said = run(guard, ('a', rate, 0.0), begin=begin, until=begin + 60)
        assert {verdict for _, _, verdict in said} == {FOLLOWED}
    assert not guard.others(1060.0)


@pytest.mark.parametrize('rates', [(30, 30), (30, 5), (5, 30), (1, 1), (0.2, 0.2), (0.1, 30)])
@pytest.mark.parametrize('phase', [0.0, 0.005, 0.02])
def test_the_first_of_two_is_kept(rates, phase):
    """No frame of the other one; it is known as one that sends beside the first."""
    guard = CameraGuard()
    said = run(guard, ('a', rates[0], 0.0), ('b', rates[1], phase), until=100.0)
    # Of very slow ones the period must be known first: until then silence is silence.
    kept, other = 'ba' if rates == (0.1, 30) else 'ab'
    assert followed(said, 3.5 / min(rates)) == {kept} == {guard.chosen}
    assert TAKEN_OVER not in [verdict for _, _, verdict in said]
    assert guard.others(said[-1][1]) == [other]


def test_three():
    """The second and the third are left out alike."""
    guard = CameraGuard()
    said = run(guard, ('a', 15, 0.0), ('b', 15, 0.01), ('c', 5, 0.02))
    assert followed(said) == {'a'}
    assert sorted(guard.others(10.0)) == ['b', 'c']


def test_another_takes_over_when_the_kept_one_falls_silent():
    """Once, after the timeout; the first one is then the one left out."""
    guard = CameraGuard(timeout=2.0)
    run(guard, ('a', 30, 0.0), ('b', 30, 0.01))
    said = run(guard, ('b', 30, 0.01), begin=10.0, until=15.0)
    taken = [t for _, t, verdict in said if verdict == TAKEN_OVER]
    assert len(taken) == 1 and 11.9 < taken[0] < 12.1
    assert {verdict for _, t, verdict in said if t > taken[0]} == {FOLLOWED}
    said = run(guard, ('a', 30, 0.0), ('b', 30, 0.01), begin=15.0, until=20.0)
    assert followed(said) == {'b'} and guard.others(20.0) == ['a']


def test_a_camera_started_again_is_no_other_one():
    """A new name, never heard beside the old one: followed, after the timeout if need be."""
    guard = CameraGuard(timeout=2.0)
    run(guard, ('a', 30, 0.0), until=5.0)
    assert guard.judge('b', 10.0) == FOLLOWED
    said = run(guard, ('c', 30, 0.0), begin=10.1, until=15.0)
    assert {v for _, t, v in said if t < 12} == {LEFT_OUT}
    assert {v for _, t, v in said if t > 12.1} == {FOLLOWED}
    assert not guard.others(15.0)


def test_one_that_is_known_to_have_ended():
    """The next one need not wait."""
    guard = CameraGuard()
    run(guard, ('a', 30, 0.0), until=5.0)
    assert guard.judge('b', 5.0) == LEFT_OUT
    guard.forget('a')
    assert guard.judge('b', 5.01) == FOLLOWED
    run(guard, ('b', 30, 0.0), ('c', 30, 0.01), begin=5.1, until=6.0)
    guard.forget('b')
    assert guard.judge('c', 6.0) == TAKEN_OVER


def test_patience_lets_a_camera_change():
    """Its frames under a new name are followed at once; only names that take turns are not."""
    guard = CameraGuard(patience=3)
    run(guard, ('a', 30, 0.0), until=5.0)
    said = run(guard, ('b', 30, 0.0), begin=5.0, until=10.0)
    assert {verdict for _, _, verdict in said} == {FOLLOWED} and guard.chosen == 'b'
    said = run(guard, ('b', 30, 0.0), ('c', 30, 0.01), begin=10.0, until=20.0)
    assert followed(said, 10.2) == {'b'} and guard.others(20.0) == ['c']
    assert [verdict for _, _, verdict in said[6:10]] == [FOLLOWED, LEFT_OUT] * 2


def test_nonsense_does_not_pile_up():
    """Ever new names between the frames of a camera: all of them followed, few remembered."""
    guard = CameraGuard(patience=3)
    said = [guard.judge(name, i / 100) for i, name in enumerate(
        'camera' if i % 2 else i for i in range(2000))]
    assert set(said) == {FOLLOWED} and len(guard.cameras) <= 16
    assert np.isclose(guard.cameras['camera'].period, 0.02)
