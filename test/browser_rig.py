"""The page in a real browser: Chromium, driven by playwright, before who really serves it."""

import re
import shutil
from contextlib import contextmanager

import pytest

#: Chromium's sandbox does not start as root, and it asks its maker for news unless told not to.
_ARGUMENTS = (
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync')
#: Of a loaded machine [ms].
PATIENCE = 30_000
#: Numbers of some pixels of the live picture, all over it.
PIXELS = """() => {
  const video = document.getElementById('video');
  const copy = Object.assign(document.createElement('canvas'), {width: 32, height: 24});
  const context = copy.getContext('2d', {willReadFrequently: true});
  context.drawImage(video, 0, 0, 32, 24);
  return context.getImageData(0, 0, 32, 24).data.join();
}"""
#: Whether they are others than before.
MOVED = f'(before) => ({PIXELS})() !== before'
_LANGUAGE = 'en-US'


@contextmanager
def running_browser():
    """
    Start Chromium; skips where there is none.

    Not for a whole session: playwright's event loop is that of this thread until it is stopped.
    """
    program = next(filter(None, map(shutil.which, (
        'chromium', 'google-chrome', 'google-chrome-stable'))), None)
    if program is None:
        pytest.skip('needs a browser: sudo apt install chromium')
    playwright = pytest.importorskip(
        'playwright.sync_api', reason='needs playwright: pip install playwright')
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, allowed='$^', path='/', **options):
    """
    Open the page; when done, nothing may have gone wrong in it, nor anybody else been asked.

    :param browser: of :func:`running_browser`.
    :param address: of the server.
    :param allowed: pattern of console lines that this test brings about.
    :param options: of playwright's ``new_context``.
    """
    context = browser.new_context(**{'locale': _LANGUAGE, **options})
    context.set_default_timeout(PATIENCE)
    complaints, asked = [], []
    context.on('console', lambda line: complaints.append(line.text) if line.type in (
        'error', 'warning') else None)
    context.on('weberror', lambda error: complaints.append(str(error.error)))
    context.on('request', lambda request: asked.append(request.url))
    page = context.new_page()
    page.on('websocket', lambda socket: asked.append(socket.url))
    page.goto(address.rstrip('/') + path)
    page.asked, page.complaints = asked, complaints
    yield page
    context.close()
    host = address.split('/')[2]
    foreign = [url for url in asked if not re.match(rf'(blob:)?(http|ws)://{host}/|data:', url)]
    assert not foreign, f'the page asked elsewhere: {foreign}'
    complaints = [line for line in complaints if not re.search(allowed, line)]
    assert not complaints, f'in the console: {complaints}'
