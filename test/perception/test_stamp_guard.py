"""Late frames are dropped, jumps back are told once."""

from fer_ros.perception.stamp_guard import IN_ORDER, JUMP, LATE, StampGuard


def test_verdicts():
    """A table of stamps and what the guard says to each, in turn."""
    guard = StampGuard(window=0.5, patience=3)
    table = [(10.0, IN_ORDER), (10.0, IN_ORDER), (10.1, IN_ORDER), (10.05, LATE),
             (10.2, IN_ORDER), (9.0, JUMP), (9.1, IN_ORDER), (9.0, LATE), (9.0, LATE),
             (9.0, JUMP), (9.05, IN_ORDER), (-5.0, JUMP), (0.0, IN_ORDER)]
    for stamp, expected in table:
        assert guard.judge(stamp) == expected, stamp


def test_a_looping_bag_jumps_once_a_round():
    """Only the first frame of each round is a jump, however short the bag."""
    guard = StampGuard()
    verdicts = [guard.judge(i % 20 / 10) for i in range(60)]
    assert verdicts.count(JUMP) == 2
    assert verdicts.count(LATE) == 0


def test_reset_forgets():
    """After a reset any stamp is in order."""
    guard = StampGuard()
    guard.judge(100.0)
    guard.reset()
    assert guard.judge(1.0) == IN_ORDER
