"""The pages that users read, and what stands in them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', ROOT / 'benchmark' / 'README.md',
         *sorted((ROOT / 'docs').rglob('*.md'))]
#: a block of code: its language and its text.
_BLOCK = re.compile(r'^```(\S*)\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r'<!--.*?-->', re.DOTALL)


class Block(NamedTuple):
    """A block of code in a page."""

    page: Path
    language: str
    text: str

    def __str__(self):
        return f'{name_of(self.page)}: {self.text.splitlines()[0][:50]}'


def name_of(page):
    """Return how a page is called in the list of tests."""
    return str(page.relative_to(ROOT))


def read(page):
    """Return the text of a page."""
    return page.read_text(encoding='utf-8')


def blocks(*languages):
    """Return the blocks of these languages in all pages."""
    return [Block(page, *found) for page in PAGES for found in _BLOCK.findall(read(page))
            if found[0] in languages]


def prose(page):
    """Return a page without its blocks and comments."""
    return _COMMENT.sub('', _BLOCK.sub('', read(page)))
