"""The networks look at as many frames as the load allows, and often enough."""

import pytest

from fer_ros.perception.detection_schedule import DetectionSchedule


def looks(schedule, rate, seconds, cost=0.0, start=0.0):
    """Return the stamps of the frames looked at, each look taking a while."""
    found = []
    for i in range(round(rate * seconds)):
        stamp = start + i / rate
        if schedule.due(stamp):
            found.append(stamp)
            schedule.took(cost)
    return found


def test_an_interval_of_n_looks_at_each_nth_frame():
    """The first, the fourth, the seventh ..., whatever a look costs."""
    found = looks(DetectionSchedule(3), 30, 1, cost=1.0)
    assert found == pytest.approx([i / 10 for i in range(10)])


def test_auto_looks_at_every_frame_while_that_is_cheap():
    """Four percent of the time at 30 Hz."""
    assert len(looks(DetectionSchedule('auto', 0.05), 30, 2, cost=0.04 / 30)) == 60


@pytest.mark.parametrize('rate, cost, wanted', [
    (30, 0.0025, 15),   # 7.5 % of the time: every second frame
    (30, 0.020, 10),    # 60 %: no less often than ten times a second
    (60, 0.004, 12),    # 24 %: each fifth frame
    (15, 0.020, 15),    # 15 Hz: every second frame would be too seldom
    (5, 0.1, 5)])       # 5 Hz: every frame
def test_auto_leaves_out_frames_under_load(rate, cost, wanted):
    """Looks per second once the averages have settled."""
    schedule = DetectionSchedule('auto', 0.05)
    looks(schedule, rate, 3, cost)
    assert len(looks(schedule, rate, 4, cost, start=3)) / 4 == pytest.approx(wanted, abs=0.5)


@pytest.mark.parametrize('rate, cost', [(30, 0.06), (15, 0.06), (30, 0.2), (10, 0.2)])
def test_auto_frees_a_saturated_core(rate, cost):
    """Frames that come while one is looked at are dropped: looks must not follow each other."""
    schedule, free, looks_at = DetectionSchedule('auto', 0.05), 0.0, []
    for i in range(10 * rate):
        stamp = i / rate
        if stamp < free:
            continue  # dropped
        if schedule.due(stamp):
            looks_at.append(stamp)
            schedule.took(cost)
            free = stamp + cost
    load = cost * sum(t >= 5 for t in looks_at) / 5
    assert 0.2 < load < 0.65


def test_auto_never_pauses_for_long():
    """A camera that stumbles: the first frame after a gap is looked at."""
    schedule = DetectionSchedule('auto', 0.01)
    looks(schedule, 60, 2, 0.02)
    for stamp in (2.0, 2.5, 3.0, 3.2):
        assert schedule.due(stamp)


@pytest.mark.parametrize('interval', [5, 'auto'])
def test_nobody_coasts_for_long(interval):
    """A camera of one picture a second, or one that stopped for a while: look again."""
    schedule = DetectionSchedule(interval)
    assert len(looks(schedule, 1, 6, cost=3.0)) == 6
    schedule = DetectionSchedule(interval)
    looks(schedule, 30, 1, cost=0.01)
    assert schedule.due(9.0)


def test_who_hurries_is_served():
    """And the count begins anew."""
    schedule = DetectionSchedule(3)
    assert [schedule.due(i / 30, hurry=i == 1) for i in range(6)] == [
        True, True, False, False, True, False]


def test_the_same_stamp_again_and_again_is_no_fault():
    """A period of zero says nothing about the load: every frame is looked at."""
    schedule = DetectionSchedule('auto', 0.05)
    for _ in range(5):
        assert schedule.due(1.0)
        schedule.took(0.01)


@pytest.mark.parametrize('arguments, text', [
    ((0, 0.5), 'detector_interval is 0'), (('often', 0.5), "'often'"), ((1, 0.0), 'max_load'),
    ((1, 1.5), 'max_load is 1.5')])
def test_values_out_of_range_are_refused(arguments, text):
    """With the value named."""
    with pytest.raises(ValueError, match=text):
        DetectionSchedule(*arguments)
