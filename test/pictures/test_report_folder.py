"""What the command writes: for a few pictures one file to send, for many one that opens."""

import csv
import json
import os
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from browsing import Page, browser, words

from fer_ros import __version__, cli
from fer_ros.pictures.report_folder import MOST_INSIDE

NAMES = ['=cmd().png', 'a "b", c.png', 'two\nlines #1?.png', 'yüz 100%.png', '<b>.png']


def rows_of(folder):
    """Return the table's rows as mappings."""
    with (folder / 'faces.csv').open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def many(tmp_path_factory, astronaut):
    """Analyze more pictures than a page holds, some with odd names; return the two folders."""
    folder = tmp_path_factory.mktemp('many')
    face = astronaut[:220, 120:340]
    for name in NAMES:
        cv2.imwrite(str(folder / 'in.png'), face)
        (folder / 'in.png').rename(folder / name)
    for i in range(MOST_INSIDE + 1 - len(NAMES)):
        cv2.imwrite(str(folder / f'{i}.png'), np.full((9, 9), 9 * i, np.uint8))
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert cli.main(['analyze', '.', '--output', 'out', '--language', 'tr']) == 0
    finally:
        os.chdir(before)
    return folder


def test_the_page_of_many_shows_files(many):
    """Each is there, small, and loaded when it comes into view."""
    page = Page((many / 'out/gallery.html').read_text(encoding='utf-8'))
    images = page.all('img')
    assert len(images) == MOST_INSIDE + 1 + 2 * len(NAMES)
    assert all(image['loading'] == 'lazy' for image in images)
    assert all((many / 'out' / unquote(address)).is_file() for address in page.addresses())
    assert (many / 'out/gallery.html').stat().st_size < 60_000
    assert all(name in page.text for name in NAMES) and '5 mutlu' in words(page)


def test_the_page_of_many_opens(many):
    """Odd names are found; no address leads elsewhere."""
    with browser() as chromium:
        page, said = chromium.new_page(), []
        page.on('console', lambda message: said.append(message.text))
        page.goto((many / 'out/gallery.html').as_uri())
        page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
        page.wait_for_function('[...document.images].every(image => image.complete)')
        assert page.evaluate('[...document.images].every(image => image.naturalWidth > 0)')
        assert said == []


def test_tables_of_many(many):
    """A row a face or picture; names lead to their files and are no formulas."""
    rows = rows_of(many / 'out')
    assert len(rows) == MOST_INSIDE + 1
    assert sum(row['state'] == 'happy' for row in rows) == len(NAMES)
    assert {(many / row['picture']).name for row in rows} >= set(NAMES)
    assert all((many / row['picture']).is_file() for row in rows)
    assert './=cmd().png' in {row['picture'] for row in rows}
    told = json.loads((many / 'out/faces.json').read_text(encoding='utf-8'))
    assert (told['fer_ros'], len(told['labels'])) == (__version__, 8)
    assert set(told['models']) == {'detector', 'emotion'} and told['skipped'] == []
    assert {picture['picture'] for picture in told['pictures']} >= set(NAMES)


def test_a_few_are_one_file(astronaut, tmp_path, capsys):
    """The page has all inside; what is no picture is told on it, in the tables and at the end."""
    picture, photo = tmp_path / 'a.png', tmp_path / 'photo.png'
    cv2.imwrite(str(picture), astronaut)
    photo.write_bytes(b'\0\0\0\x18ftypheic' + bytes(60))
    out = tmp_path / 'out'
    assert cli.main(['analyze', str(picture), str(picture), str(photo), '--output', str(out)]) == 0
    assert f"skipped: '{photo}': the format is HEIC" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == [
        'a_emotions.png', 'faces.csv', 'faces.json', 'gallery.html']
    page = Page((out / 'gallery.html').read_text(encoding='utf-8'))
    assert page.addresses() == [] and f'{photo}: This is HEIC' in words(page)
    assert [row['state'] for row in rows_of(out)] == ['happy']
    [skipped] = json.loads((out / 'faces.json').read_text())['skipped']
    assert skipped['picture'] == str(photo) and skipped['reason'].startswith('the format is HEIC')


def test_a_name_that_is_no_utf8(astronaut, tmp_path):
    """As old disks have them; it is told, not stumbled over."""
    name = os.fsencode(str(tmp_path)) + b'/\xe9.png'
    cv2.imwrite(str(tmp_path / 'x.png'), astronaut)
    try:
        os.rename(tmp_path / 'x.png', name)
    except OSError:
        pytest.skip('this file system takes UTF-8 only')
    out = tmp_path / 'out'
    assert cli.main(['analyze', os.fsdecode(name), '--output', str(out)]) == 0
    assert rows_of(out)[0]['picture'].endswith(r'\udce9.png')
    assert r'\udce9.png' in (out / 'gallery.html').read_text(encoding='utf-8')
