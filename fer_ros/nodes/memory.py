"""Memory of images: kept for the next one, for the system hands out fresh pages slowly."""

from __future__ import annotations

import ctypes

#: Parameters of glibc's mallopt, see its malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: What is freed stays with the process up to here [bytes]: three copies of a picture of 8 MB.
_KEPT = 64 << 20
#: Largest that glibc allows: what is larger is mapped anew each time.
_LARGEST_IN_HEAP = 32 << 20


def keep_freed_memory() -> bool:
    """
    Let glibc keep what an image has freed, instead of giving it back at once.

    rclpy holds an image in three buffers while it is received. By default they go back to the
    system after each, and the next one pays for about 700 fresh pages: 1.7 of the 3.8 ms that a
    picture of 640x480 takes from process to process (``python -m benchmark.latency``).

    :returns: whether the C library is one that can be told so.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT) and mallopt(_MMAP_THRESHOLD, _LARGEST_IN_HEAP))
