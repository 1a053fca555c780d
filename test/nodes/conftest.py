"""The running emotion_node that most tests of this folder use."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items):
    """
    Run a test of this folder once more where it fails, and list it at the end (-rR).

    These tests join processes over real DDS on whatever machine there is. A test in that list is
    a fault to look for, not one to live with.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def rig():
    """Return a running node with default parameters, its camera and its subscriber."""
    from emotion_rig import Rig
    from helpers import running
    with running(Rig) as result:
        yield result
