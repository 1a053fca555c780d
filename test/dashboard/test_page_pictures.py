"""Still pictures on the page: chosen, dropped, saved, and told why one is not taken."""

import base64

import cv2
import numpy as np
import pytest
from browser_rig import opened

#: What Chromium itself says of an answer that is none; the page says why.
REFUSED = 'the server responded with a status of 4'
DROP = """({target, name, data}) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  for (const type of ['dragover', 'drop']) {
    document.querySelector(target).dispatchEvent(
      new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""
LONGEST = """(bars) => [...bars.children].reduce((best, bar) => (
  bar.querySelector('.fill').offsetWidth > best.querySelector('.fill').offsetWidth ? bar : best
)).firstChild.textContent"""
SHOWN = """(root) => [...root.querySelectorAll('img')].every(
  (image) => image.complete && image.naturalWidth > 0)"""


@pytest.fixture(scope='module')
def portrait(astronaut):
    """Return a JPEG of a smiling face."""
    return cv2.imencode('.jpg', astronaut)[1].tobytes()


def choose(page, name, data):
    page.locator('#choose').set_input_files({'name': name, 'mimeType': '', 'buffer': data})


def test_chosen_picture_gives_chart_map_and_a_page_to_keep(page, browser, portrait, tmp_path):
    """The page that is kept is whole in itself: it asks nobody for anything."""
    choose(page, 'me & <you>.jpg', portrait)
    report = page.locator('.report')
    report.wait_for()
    assert page.locator('#looking').inner_text() == 'me & <you>.jpg: 1 found'
    assert report.locator('.bars').evaluate(LONGEST) == 'happy'
    assert report.locator('.pair img').count() == 2, 'the face and its map of evidence'
    assert report.locator('.pair img').nth(1).get_attribute('alt').endswith('spoke for happy')
    assert report.evaluate(SHOWN)
    with page.expect_download() as download:
        report.get_by_role('link', name='Save as a page').click()
    kept = tmp_path / download.value.suggested_filename
    download.value.save_as(kept)
    assert kept.suffix == '.html'
    read_alone(browser, kept)
    report.get_by_role('button', name='Remove').click()
    report.wait_for(state='detached')


def read_alone(browser, file):
    """Open a page from its file: nothing is asked for, all pictures are there."""
    page, asked = browser.new_page(), []
    page.on('request', lambda request: asked.append(request.url[:60]))
    page.goto(file.as_uri())
    assert page.locator('img').count() >= 3 and page.locator('body').evaluate(SHOWN)
    assert 'me & <you>.jpg' in page.locator('body').inner_text()
    assert 'happy' in page.locator('body').inner_text()
    page.close()
    assert not [url for url in asked[1:] if not url.startswith('data:')]


def test_dropped_picture_is_judged_in_the_language_of_the_page(browser, view, portrait):
    with opened(browser, view.address, locale='tr-TR') as page:
        page.wait_for_selector('#connection.on')
        page.evaluate(DROP, {'target': '#drop', 'name': 'ben.jpg',
                             'data': base64.b64encode(portrait).decode()})
        page.locator('.report .bars').wait_for()
        assert page.locator('#looking').inner_text() == 'ben.jpg: 1 yüz'
        assert 'mutlu' in page.locator('.report .person h3').inner_text()


def test_dropped_beside_its_place(page, portrait):
    """The browser must not go away to show it: the stream would be lost."""
    page.evaluate(DROP, {'target': 'footer', 'name': 'me.jpg',
                         'data': base64.b64encode(portrait).decode()})
    page.locator('#connection.on').wait_for()
    assert page.locator('#looking').inner_text() == ''


def test_picture_without_a_face(page):
    wall = cv2.imencode('.png', np.full((120, 160, 3), 90, np.uint8))[1].tobytes()
    choose(page, 'wall.png', wall)
    page.get_by_text('No face found in wall.png.').wait_for()


def test_what_is_no_picture_is_told_in_a_sentence(browser, view, portrait, tmp_path):
    files = {
        'phone.heic': (b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(400),
                       'This is HEIC, which is not taken here: save the picture as JPEG.'),
        'letter.jpg': (b'Dear robot, ' * 30, 'This is no picture'),
        'empty.png': (b'', 'The file is empty'),
        'half.jpg': (portrait[:len(portrait) // 2], 'The picture is cut off'),
        'huge.jpg': (b'\xff\xd8' + bytes(33 << 20), 'The file is larger than 32 MB')}
    with opened(browser, view.address, allowed=REFUSED) as page:
        page.wait_for_selector('#connection.on')
        for name, (data, told) in files.items():
            (tmp_path / name).write_bytes(data)
            page.locator('#choose').set_input_files(tmp_path / name)
            page.locator('#looking', has_text=f'{name}: {told}').wait_for()
            assert page.locator('#looking').inner_text().endswith('.')
        assert page.locator('.report').count() == 0
