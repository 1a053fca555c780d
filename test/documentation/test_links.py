"""Every page's links lead somewhere, also to the right heading."""

import re

import pages
import pytest

_LINK = re.compile(r'\]\(([^)\s]+)\)')


def headings(text):
    """Return the anchors of a page as GitHub makes them."""
    found = re.findall(r'^#+ (.*)$', re.sub(r'```.*?```', '', text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', title.lower()).strip().replace(' ', '-') for title in found}


@pytest.mark.parametrize('page', pages.PAGES, ids=pages.name_of)
def test_links_lead_somewhere(page):
    text = pages.read(page)
    for target in _LINK.findall(text):
        if target.startswith('http'):
            continue
        path, _, anchor = target.partition('#')
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in headings(pages.read(file)), target


@pytest.mark.parametrize('page', pages.PAGES, ids=pages.name_of)
def test_files_that_are_named_are_there(page):
    """Paths in code, such as `tools/x.py` or `config/y.yaml`."""
    folders = 'fer_ros|tools|test|docs|config|launch|benchmark|models|examples'
    for path in re.findall(rf'`((?:{folders})/[\w/.]+\.\w+)`', pages.read(page)):
        assert (pages.ROOT / path).exists(), path


@pytest.mark.parametrize('page', pages.PAGES, ids=pages.name_of)
def test_launch_files_are_there(page):
    for name in re.findall(r'\b(\w+\.launch\.py)\b', pages.read(page)):
        assert (pages.ROOT / 'launch' / name).is_file(), name


def test_every_page_is_in_the_table_of_contents():
    index = pages.read(pages.ROOT / 'docs/index.md')
    for page in (pages.ROOT / 'docs').glob('*/*.md'):
        name = page.relative_to(pages.ROOT / 'docs').with_suffix('').as_posix()
        assert f'\n{name}\n' in index, name


@pytest.mark.parametrize('room', ['perception', 'behavior'])
def test_every_module_of_the_core_is_in_the_reference(room):
    shown = re.findall(rf'automodule:: fer_ros\.{room}\.(\w+)$', pages.read(
        pages.ROOT / f'docs/reference/{room}.md'), re.MULTILINE)
    modules = {path.stem for path in (pages.ROOT / 'fer_ros' / room).glob('*.py')} - {'__init__'}
    assert set(shown) == modules and len(shown) == len(modules)
