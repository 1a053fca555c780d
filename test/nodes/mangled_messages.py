"""Read mangled messages by the ten thousand in a process of their own, and say what came of it."""

import json
import resource
import sys
from pathlib import Path

import numpy as np

from benchmark.mangling import Mangler
from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.emotion_worker import to_array
from fer_ros.nodes.image_conversions import ImageError


def memory():
    """Return the resident memory of this process [MB]."""
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * resource.getpagesize() / 2 ** 20


def read(kind, count=50_000):
    """Read so many messages; return kinds of faults, good images and growth [MB]."""
    mangler, faults, images, before = Mangler(1), set(), 0, 0.0
    for i in range(count):
        message = getattr(mangler, kind)()
        assert np.isfinite(stamp_to_seconds(message.header))
        try:
            picture = to_array(message)
        except ImageError as error:
            faults.add(error.kind)
            assert len(str(error)) > 10
        else:
            images += 1
            assert picture.dtype == np.uint8 and picture.size > 0
            assert picture.ndim == 2 or picture.shape[2] == 3
        if i == count // 10:
            before = memory()
    return {'faults': sorted(faults), 'images': images, 'growth': memory() - before}


if __name__ == '__main__':
    print(json.dumps(read(sys.argv[1])))
