"""Prepare the next batch while the present one is learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar('Item')
Made = TypeVar('Made')


def prepared(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """
    Yield ``make(item)`` for each item, in order, one ahead of the caller, in one other thread.

    Whatever ``make`` draws at random it draws in the order of the items: the same every time.

    :param make: must not touch what the caller changes meanwhile.
    :param items: its arguments.
    """
    with ThreadPoolExecutor(1) as worker:
        waiting = None
        for item in items:
            following = worker.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
