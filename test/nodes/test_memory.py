"""Freed memory of images is kept: the next image finds it there."""

import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

#: Page faults over fifty images received, as rclpy holds them: three buffers at a time.
_FAULTS = """
import array, resource, sys
from fer_ros.nodes.memory import keep_freed_memory
if sys.argv[1] == 'keep':
    assert keep_freed_memory()
def image():
    return [array.array('B', bytes(921600)) for _ in range(3)]
image(), image()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    image()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    """Return the page faults of a process of its own."""
    return int(subprocess.run([sys.executable, '-c', _FAULTS, how], check=True,
                              capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != 'linux', reason='glibc only')
def test_the_next_image_needs_no_fresh_pages():
    """Which cost more than the copying."""
    assert faults('keep') < faults('give back') / 5
