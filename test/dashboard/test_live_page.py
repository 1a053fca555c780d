"""The page over the demo scene as it plays: what moves on it."""

import pytest
from browser_rig import MOVED, PIXELS, opened

from benchmark.view_process import View, viewing

#: The card of somebody of a state whose longest bar is that of the state.
CARD_OF = """(state) => [...document.querySelectorAll('.person')].some((card) => {
  const bars = [...card.querySelectorAll('.bars li')];
  const length = (bar) => bar.querySelector('.fill').getBoundingClientRect().width;
  const longest = bars.reduce((best, bar) => (length(bar) > length(best) ? bar : best));
  return card.querySelector('h3').textContent.includes(`: ${state} `)
    && longest.firstChild.textContent === state && length(longest) > 20;
})"""
#: Width of all that is drawn for the states in the time line.
DRAWN = """() => [...document.querySelectorAll('#line rect > title')].reduce(
  (sum, title) => sum + title.parentNode.width.baseVal.value, 0)"""


@pytest.fixture(scope='module')
def demo():
    """Return ``fer_ros view demo``."""
    with viewing('demo') as result:
        yield result


@pytest.fixture
def live(browser, demo):
    """Return the page over the demo scene."""
    with opened(browser, demo.address) as result:
        yield result


def test_video_moves(live):
    live.wait_for_selector('#connection.on')
    for _ in range(3):
        live.wait_for_function(MOVED, arg=live.evaluate(PIXELS))
    size = live.evaluate('() => { const v = document.getElementById("video");'
                         ' return [v.width, v.height]; }')
    assert size == [640, 480]
    live.wait_for_function('() => /with [12] faces: f\\d+ /.test('
                           'document.getElementById("video").getAttribute("aria-label"))')


@pytest.mark.parametrize('state', ['happy', 'neutral'])
def test_bars_follow_the_emotion(live, state):
    """The astronaut smiles, the officer does not."""
    live.wait_for_function(CARD_OF, arg=state)


def test_time_line_grows(live):
    live.wait_for_function(f'() => ({DRAWN})() > 0')
    before = live.evaluate(DRAWN)
    live.wait_for_function(f'(before) => ({DRAWN})() > before + 5', arg=before)
    assert live.locator('#legend li').count() > 0


def test_tone_is_told_with_its_reason(live):
    live.wait_for_function('() => /looks happy/.test(document.getElementById("tone").textContent)')
    told = live.locator('#tone').inner_text()
    assert 'Why: ' in told and 'To the dialog: Speak ' in told
    live.wait_for_function(
        '() => / pictures a second/.test(document.getElementById("figures").textContent)')


def test_comes_back_when_the_server_does(browser, portraits):
    """Ctrl-C ends the server though somebody watches; the next one on its port is found."""
    first = View(portraits).ready()
    try:
        with opened(browser, first.address, allowed='WebSocket connection .* failed') as page:
            page.locator('.person').first.wait_for()
            assert first.stop() == 130
            page.locator('#connection.off', has_text='not connected').wait_for()
            page.evaluate('() => document.getElementById("line").replaceChildren()')
            with viewing(portraits, port=first.port):
                page.locator('#line title').first.wait_for(state='attached')
                page.locator('#connection.on', has_text='connected').wait_for()
    finally:
        first.stop()


def test_these_tests_notice_what_they_forbid(browser, demo):
    """The page's policy stops a request that would leave the machine, and the rig tells of it."""
    with pytest.raises(AssertionError, match='Content Security Policy'):
        with opened(browser, demo.address) as page:
            assert page.evaluate("() => fetch('http://192.0.2.1/').catch(() => 'refused')") == (
                'refused')
    with pytest.raises(AssertionError, match='asked elsewhere'):
        with opened(browser, demo.address) as page:
            page.asked.append('http://192.0.2.1/')
