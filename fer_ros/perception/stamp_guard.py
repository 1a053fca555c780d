"""Tell a late frame from a clock that was set back."""

from __future__ import annotations

IN_ORDER, LATE, JUMP = 'in_order', 'late', 'jump'


class StampGuard:
    """
    Judges stamps so that results never go backwards.

    A frame a little older than the last one came late over the network and is to be dropped.
    A frame much older, or a run of old ones, means that time itself went back (a bag loop, a
    simulation reset): everything is to be reset, once.

    :param window: older by less than this is late [s].
    :param patience: so many late frames in a row are a jump.
    """

    def __init__(self, window: float = 0.5, patience: int = 3) -> None:
        self.window, self.patience = window, patience
        self._last: float | None = None
        self._late = 0

    def judge(self, stamp: float) -> str:
        """Return 'in_order', 'late' or 'jump' for the next frame's stamp [s]."""
        if self._last is None or stamp >= self._last:
            verdict = IN_ORDER
        elif self._last - stamp < self.window and self._late + 1 < self.patience:
            self._late += 1
            return LATE
        else:
            verdict = JUMP
        self._last, self._late = stamp, 0
        return verdict

    def reset(self) -> None:
        """Forget the last stamp."""
        self._last, self._late = None, 0
