"""Durations by a clock that does what clocks do."""

import pytest

from fer_ros.behavior.stopwatch import Stopwatch


@pytest.mark.parametrize('start, readings, elapsed', [
    (100.0, [101.0, 103.0], 3.0),
    (100.0, [101.0, 5.0, 7.0], 3.0),  # set back: what has passed stays
    (100.0, [160.0], 60.0),  # set forward: believed
    (0.0, [0.0, 1000.0, 1002.0], 2.0),  # simulation time, before the first /clock
    (100.0, [101.0, 0.0, 50.0, 51.0], 2.0),
    (100.0, [100.0, 100.0], 0.0)])
def test_clocks(start, readings, elapsed):
    """The last reading's answer."""
    watch = Stopwatch()
    watch.start(start)
    assert [watch.elapsed(now) for now in readings][-1] == pytest.approx(elapsed)


def test_starting_anew():
    """From 0 again."""
    watch = Stopwatch()
    watch.start(10.0)
    assert watch.elapsed(20.0) == 10.0
    watch.start(20.0)
    assert watch.elapsed(21.0) == 1.0
