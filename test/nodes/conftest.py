"""The running emotion_node that most tests of this folder use."""

import pytest


@pytest.fixture
def rig():
    """Return a running node with default parameters, its camera and its subscriber."""
    from emotion_rig import Rig
    from helpers import running
    with running(Rig) as result:
        yield result
