"""Whether the processor has 8-bit dot products, with which int8 networks are fast."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

#: As Linux names them: of x86 (with 512 or 256 bits), of 64-bit Arm.
DOT_PRODUCTS = ('avx512_vnni', 'avx_vnni', 'asimddp')
_FLAGS = re.compile(r'^(?:flags|Features)\s*:(.*)$', re.MULTILINE)


def dot_products(cpuinfo: str) -> str:
    """
    Return the flag of the 8-bit dot products that every core has.

    :param cpuinfo: the text of ``/proc/cpuinfo``.
    :returns: one of :data:`DOT_PRODUCTS`; '' if there is none, or nothing is told.
    """
    cores = [set(line.split()) for line in _FLAGS.findall(cpuinfo)]
    common = set.intersection(*cores) if cores else set()
    return next((flag for flag in DOT_PRODUCTS if flag in common), '')


@lru_cache(maxsize=1)
def processor_dot_products() -> str:
    """Return those of this processor; '' where it does not tell: other systems than Linux."""
    try:
        return dot_products(Path('/proc/cpuinfo').read_text(encoding='utf-8', errors='replace'))
    except OSError:
        return ''
