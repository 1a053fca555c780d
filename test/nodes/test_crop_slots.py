"""Crops that wait for one worker."""

import threading

import pytest

pytest.importorskip('rclpy')

from helpers import wait_for  # noqa: E402

from fer_ros.nodes.crop_slots import CropSlots  # noqa: E402


@pytest.fixture
def slots():
    """Return slots whose worker takes what waits only when ``go`` is set."""
    taken, go = [], threading.Event()

    def process(crops, nobody):
        go.wait(10)
        taken.append((crops, nobody))
    slots = CropSlots(process)
    slots.taken, slots.go = taken, go
    yield slots
    go.set()
    slots.stop()


def test_what_belongs_together_is_taken_at_once(slots):
    """The crops of all who are there; meanwhile the newest of each wins."""
    slots.expect(['a', 'b'], 'h')
    slots.put('a', 1)
    slots.put('b', 2)
    for crop in range(3, 9):
        slots.put('a', crop)
    slots.put('b', 9)
    slots.go.set()
    assert wait_for(lambda: slots.taken and slots.taken[-1][0].get('a') == 8)
    assert all(set(crops) == {'a', 'b'} for crops, _ in slots.taken)
    assert slots.received == 9 and slots.dropped == 9 - 2 * len(slots.taken)


def test_one_that_does_not_come_is_not_waited_for(slots):
    slots.go.set()
    slots.expect(['a', 'b'], 'h')
    slots.put('a', 1)
    assert wait_for(lambda: slots.taken == [({'a': 1}, None)])


def test_that_nobody_is_there_is_told(slots):
    """And who has gone is not judged any more."""
    slots.expect(['a'], 'h')
    slots.put('a', 1)  # in work
    assert wait_for(lambda: not slots._crops)
    slots.put('a', 2)
    slots.expect([], 'later')
    slots.go.set()
    assert wait_for(lambda: slots.taken == [({'a': 1}, None), ({}, 'later')])


def test_draining_waits_for_the_work(slots):
    slots.expect(['a'], 'h')
    slots.put('a', 1)
    assert wait_for(lambda: slots._busy)
    slots.put('a', 2)
    threading.Timer(0.05, slots.go.set).start()
    slots.drain()
    assert slots.taken == [({'a': 1}, None)]
