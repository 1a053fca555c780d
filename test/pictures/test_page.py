"""The page: whole in itself, told in words, and fit for phone and desk, day and night."""

from dataclasses import replace

import pytest
from browsing import Page, browser, words

from fer_ros.pictures.page import report_page, summary
from fer_ros.texts import LANGUAGES, load_texts

NASTY = '<script>alert(1)</script>"\' onerror=x {{ 7 * 7 }} &amp;\n.png'


def test_whole_in_itself(reports):
    """Nothing is asked for; no script; and the page itself forbids both."""
    page = Page(report_page(reports))
    assert page.addresses() == [] and not page.all('script') and not page.all('link')
    assert len(page.all('img')) == 3 + 3 + 2  # copies, faces, maps
    assert all(image['alt'] and image['width'] for image in page.all('img'))
    assert page.all('meta')[2]['content'].startswith("default-src 'none'; img-src data:")


@pytest.mark.parametrize('language', LANGUAGES)
def test_told_in_words(reports, language):
    """State, reason and every probability can be read and heard, in the page's language."""
    texts = load_texts(language)
    page = Page(report_page(reports, texts, ['x.png: not taken']))
    text = words(page)
    assert page.all('html') == [{'lang': language}]
    assert texts('advice.too_small') in text and texts('page.no_face') in text
    assert 'x.png: not taken' in text and texts('page.skipped') in text
    charts = page.all('svg')
    assert len(charts) == 2 and {chart['role'] for chart in charts} == {'img'}
    names = {attributes['id'] for _, attributes in page.tags if 'id' in attributes}
    assert len(names) == sum('id' in attributes for _, attributes in page.tags)
    for _, attributes in page.tags:
        assert set(attributes.get('aria-labelledby', '').split()) <= names
    for face in reports[0].faces:
        told = ', '.join(f'{texts(f"label.{label}")} '
                         + texts('page.percent', value=round(100 * p))
                         for label, p in zip(reports[0].labels, face.probabilities))
        assert told in text


def test_languages_differ(reports):
    assert 'mutlu' in report_page(reports, load_texts('tr'))
    assert 'mutlu' not in report_page(reports)


def test_names_are_text(reports):
    """Whatever a file is called."""
    page = Page(report_page([replace(reports[0], name=NASTY), reports[2]], None, [NASTY]))
    assert not page.all('script') and page.text.count(NASTY) == 4
    assert page.all('img')[0]['alt'] == f'{NASTY}, with the faces that were found'
    assert not any('onerror' in attributes for _, attributes in page.tags)


def test_unsure(reports):
    """Without a state the likeliest emotion is told."""
    face = replace(reports[0].faces[0], state='uncertain', confidence=0.34)
    page = Page(report_page([replace(reports[0], faces=(face,))]))
    likeliest = face.likeliest(reports[0].labels)
    assert f'f1: uncertain (likeliest: {likeliest} 34 %)' in words(page)


def test_no_picture_at_all():
    assert '0 pictures, 0 faces' in report_page([])


@pytest.mark.parametrize('states, en, tr', [
    ([['happy']], '1 picture, 1 face: 1 happy', '1 resim, 1 yüz: 1 mutlu'),
    ([['sad', 'sad'], [], []], '3 pictures, 2 faces: 2 sad; 2 pictures without a face',
     '3 resim, 2 yüz: 2 üzgün; 2 resimde yüz yok'),
    ([[]], '1 picture, 0 faces; 1 picture without a face', '1 resim, 0 yüz; 1 resimde yüz yok')])
def test_summary(states, en, tr):
    assert [summary(states, load_texts(language)) for language in LANGUAGES] == [en, tr]


def test_in_a_browser(reports, tmp_path):
    """Every picture shows, nothing is asked for, nothing is wider than a phone; dark is dark."""
    (tmp_path / 'page.html').write_text(report_page(reports), encoding='utf-8')
    grounds = []
    with browser() as chromium:
        for scheme, width in (('light', 1200), ('dark', 390)):
            page = chromium.new_page(color_scheme=scheme,
                                     viewport={'width': width, 'height': 800})
            asked, said = [], []
            page.on('request', lambda request, asked=asked: asked.append(request.url))
            page.on('console', lambda message, said=said: said.append(message.text))
            page.goto(f'file://{tmp_path}/page.html')
            assert [url for url in asked if not url.startswith('data:')] == [
                f'file://{tmp_path}/page.html'] and said == []
            assert page.evaluate('[...document.images].every(image => image.naturalWidth > 0)')
            assert page.evaluate('document.documentElement.scrollWidth') == width
            color = page.evaluate('getComputedStyle(document.body).backgroundColor')
            grounds.append(int(color.split('(')[1].split(',')[0]))
    assert grounds[0] > 200 and grounds[1] < 60
