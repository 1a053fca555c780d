"""One browser a file of tests, and the page over one picture that stands: both people, lit."""

import cv2
import pytest
from browser_rig import opened, running_browser

from benchmark.view_process import viewing
from fer_ros.media.demo_scene import DemoScene

#: Of the demo scene [s]: the astronaut smiles, the officer does not.
_BOTH_THERE = 11.0


@pytest.fixture(scope='module')
def browser():
    """Return Chromium."""
    with running_browser() as result:
        yield result


@pytest.fixture(scope='session')
def portraits(tmp_path_factory):
    """Return a folder with a picture of both people."""
    folder = tmp_path_factory.mktemp('portraits')
    assert cv2.imwrite(str(folder / 'both.png'), DemoScene().render(_BOTH_THERE))
    return folder


@pytest.fixture(scope='session')
def view(portraits):
    """Return ``fer_ros view`` of that picture."""
    with viewing(portraits) as result:
        yield result


@pytest.fixture
def page(browser, view):
    """Return the page, with the people in view."""
    with opened(browser, view.address) as result:
        result.locator('.person').nth(1).wait_for()
        yield result
