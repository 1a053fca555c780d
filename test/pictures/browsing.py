"""Read a page as a browser does, and open it in one."""

import re
import shutil
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest

_VOID = {'img', 'meta', 'link', 'br', 'rect'}


class Page(HTMLParser):
    """
    A page's parts.

    :ivar tags: name and attributes of each tag.
    :ivar text: what is written on it.
    """

    def __init__(self, source):
        super().__init__()
        self.tags, self.text, self._open = [], '', []
        self.feed(source)
        assert not self._open, f'not closed: {self._open}'

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ['style']:
            self.text += data

    def all(self, tag):
        """Return the attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def addresses(self):
        """Return all that a browser may ask for or go to, and that is not inside."""
        return [value for _, attributes in self.tags for name, value in attributes.items()
                if name in ('src', 'href', 'srcset', 'action', 'data', 'xlink:href')
                and not value.startswith(('data:', '#'))]


def words(page):
    """Return a page's text, each run of white space as one blank."""
    return re.sub(r'\s+', ' ', page.text)


@contextmanager
def browser():
    """Start the system's Chromium; skips, and says what would install it, where there is none."""
    program = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which(
        'google-chrome')
    if program is None:
        pytest.skip('needs a browser: apt install chromium')
    playwright = pytest.importorskip('playwright.sync_api')
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=[
            '--no-sandbox', '--disable-gpu', '--disable-background-networking'])
        yield chromium
        chromium.close()
