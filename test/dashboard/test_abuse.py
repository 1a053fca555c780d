"""
What programs and people may do to the page's server: a little of all of it.

``python -m benchmark.dashboard_abuse`` does all of it; there stands what is watched for.
"""

import pytest

from benchmark.dashboard_abuse import Abuse
from benchmark.malformed_requests import KINDS
from benchmark.view_process import viewing
from fer_ros.dashboard.controls import checked_request


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return the folder in which the server runs, its home too."""
    return tmp_path_factory.mktemp('home')


@pytest.fixture(scope='module')
def server(portraits, folder):
    """Return ``fer_ros view`` in a process of its own."""
    with viewing(portraits, folder=folder) as result:
        yield result


@pytest.fixture
def abuse(server):
    """Return who does it; nothing may have gone wrong with it, nor the memory have risen."""
    result = Abuse(server)
    yield result
    result.weigh()
    assert result.memory_after - result.memory_before < 150, 'MB: networks are loaded once'
    assert not result.faults, result.faults


def test_twenty_kinds_of_malformed_requests(abuse):
    assert len(KINDS) == 20
    abuse.malformed(3)
    assert sum(abuse.statuses.values()) >= 60


def test_no_way_out_of_the_folder(abuse):
    abuse.traversals()


def test_connections_that_say_nothing(abuse):
    """Slow loris. That they are cut off after ten seconds: test_connections."""
    abuse.slow_loris(200, until_closed=False)


def test_uploads_that_are_too_large_or_too_many(abuse):
    abuse.uploads(40, 10)
    assert abuse.statuses['503'], 'only so many pictures may wait'


def test_picture_files_of_every_kind(abuse):
    abuse.pictures()


def test_viewers_that_never_read(abuse):
    abuse.viewers(70)


@pytest.mark.parametrize('text', ['\ud800', 'a\0b', 'calm\r\n', '\x1b[2J', '\u202e'])
def test_texts_that_no_message_can_hold(text):
    """rclpy fails over half a character, a log shows what is no text."""
    with pytest.raises(ValueError, match='cannot be printed'):
        checked_request({'name': 'tone', 'value': text})


def test_nothing_was_written(server, folder):
    assert server.process.poll() is None and not list(folder.rglob('*'))
