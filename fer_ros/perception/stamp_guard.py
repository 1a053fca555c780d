"""Tell a late frame from a clock that was set back, and both from two clocks that take turns."""

from __future__ import annotations

IN_ORDER, LATE, JUMP, FOREIGN = 'in_order', 'late', 'jump', 'foreign'

#: Share of frames out of step from which clocks interleave, and below which no more.
_MANY, _FEW = 0.1, 0.02
#: How much the newest frame counts in that share.
_NEWEST = 0.05
#: Without a frame in so many, our clock may have ended, and the other one has.
_LONGEST_RUN, _LONGEST_CALM = 10, 100


class StampGuard:
    """
    Judges stamps so that results never go backwards.

    A frame a little older than the last one came late over the network and is to be dropped.
    A frame much older, or a run of old ones, means that time itself went back (a bag loop, a
    simulation reset, a clock set right): everything is to be reset, once.

    If stamps leap forth to where the old ones would be by now, and jump back again, two clocks
    take turns: the one behind is kept, frames of the other are foreign and to be dropped, until
    ours has ended. (A loop never gets beyond the end of its bag, a simulation not in one leap.)

    :param window: older by less than this is late [s].
    :param patience: so many late frames in a row are a jump.
    :param timeout: a clock that was not heard for longer has ended [s].
    """

    def __init__(self, window: float = 0.5, patience: int = 3, timeout: float = 2.0) -> None:
        self._patience = patience
        self._window, self._timeout = round(window * 1e9), round(timeout * 1e9)
        self.reset()

    def reset(self) -> None:
        """Forget all stamps."""
        self._last: int | None = None
        self._late = 0
        self._share = 0.0
        #: clocks take turns, as far as the latest frames tell.
        self.interleaving = False
        self._forget_other()

    def _forget_other(self) -> None:
        #: where the clock stood that was left by the last jump (None: long ago), and how far it is
        #: ahead of ours.
        self._other: int | None = None
        self._distance = 0
        #: it was heard again; and then ours was heard again.
        self._leapt = self._takes_turns = False
        #: frames since it was last heard.
        self._calm = 0
        #: foreign frames in a row, and the stamp of the first of them.
        self._run = self._run_began = 0

    def judge(self, stamp: int) -> str:
        """Return 'in_order', 'late', 'jump' or 'foreign' for the next frame's stamp [ns]."""
        verdict = self._verdict(stamp)
        self._late = self._late + 1 if verdict == LATE else 0
        if verdict in (IN_ORDER, JUMP):
            self._last, self._run = stamp, 0
        self._share += _NEWEST * ((verdict in (LATE, FOREIGN)) - self._share)
        self.interleaving = self._share > (_FEW if self.interleaving else _MANY)
        return verdict

    def _verdict(self, stamp: int) -> str:
        last = self._last
        if last is None:
            return IN_ORDER
        if stamp < last:
            if last - stamp < self._window and self._late + 1 < self._patience:
                return LATE
            self._takes_turns |= self._leapt
            self._leapt = False
            self._distance = max(last - stamp, self._distance if self._takes_turns else 0)
            self._other, self._calm = last, 0
            return JUMP
        if self._other is None:
            return IN_ORDER
        if stamp <= self._other or 4 * (stamp - last) < 3 * self._distance:
            self._calm += 1
            if self._calm > _LONGEST_CALM:
                self._forget_other()
            return IN_ORDER
        return self._on_leap(stamp, last)

    def _on_leap(self, stamp: int, last: int) -> str:
        """Judge a frame that may be the other clock's."""
        self._calm = 0
        if not self._takes_turns:
            self._leapt, self._distance = True, max(self._distance, stamp - last)
            return IN_ORDER
        self._run += 1
        if self._run == 1:
            self._run_began = stamp
        if self._run > _LONGEST_RUN and stamp - self._run_began > self._timeout:
            self._forget_other()
            return IN_ORDER
        return FOREIGN
