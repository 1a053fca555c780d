"""Which known name a wrong one was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: How alike two names must be, 0 to 1. A hint may be a little off; where other names are allowed,
#: only a slip of the pen may be held against somebody.
_ALIKE, _NEARLY_THE_SAME = 0.6, 0.8
#: difflib's time grows with the square of it.
_LONGEST = 100


def meant(name: str, known: Iterable[str], *, others_allowed: bool = False) -> str:
    """
    Return the known name most like a wrong one, '' if none is like it.

    :param name: as somebody wrote it, of any length; case, ``-`` and blanks do not count.
    :param known: the names there are.
    :param others_allowed: names that are not known are no mistake in themselves.
    """
    plain = {_plain(other): other for other in known}
    found = difflib.get_close_matches(
        _plain(name), plain, 1, _NEARLY_THE_SAME if others_allowed else _ALIKE)
    return plain[found[0]] if found else ''


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what to add to the error about a name that is not known, '' if none is like it."""
    close = meant(name, known)
    return f", did you mean '{close}'?" if close else ''


def _plain(name: str) -> str:
    return name[:_LONGEST].lower().replace('-', '_').replace(' ', '_')
