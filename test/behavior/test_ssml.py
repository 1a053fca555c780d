"""SSML: well-formed whatever the text, with the tone's prosody."""

import gc
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.ssml import to_ssml

NS = '{http://www.w3.org/2001/10/synthesis}'
CALM = Tone('calm', rate=0.9, pitch=0.96, volume=0.5)


def parse(ssml):
    """Return the prosody element of a document."""
    root = ElementTree.fromstring(ssml)
    assert root.tag == NS + 'speak'
    assert root.get('version') == '1.1'
    assert len(root) == 1
    assert root[0].tag == NS + 'prosody'
    return root, root[0]


def test_prosody_values():
    """Rate in percent, pitch as a change, volume in decibels."""
    root, prosody = parse(to_ssml('Hello', CALM, 'tr'))
    assert prosody.attrib == {'rate': '90%', 'pitch': '-4%', 'volume': '-6.0dB'}
    assert root.get('{http://www.w3.org/XML/1998/namespace}lang') == 'tr'
    assert prosody.text == 'Hello'


@pytest.mark.parametrize('text', [
    '', ' ', 'a < b & c > d', '"quoted"', "it's", '<b>bold</b>', '<speak>broken', '</speak>',
    'Grüße 😀', 'a\x00b\x07c\ud800', '<!DOCTYPE x>', '<speak/>'])
def test_any_text_is_well_formed(text):
    """Markup in plain text is escaped, what XML forbids is left out."""
    parse(to_ssml(text, CALM))


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_plain_text_comes_back(text):
    """What a parser reads is what was said."""
    if text.lstrip().startswith('<'):
        return
    _, prosody = parse(to_ssml(text, CALM))
    said = ''.join(c for c in text if c in '\t\n\r' or ' ' <= c and c not in '\ufffe\uffff'
                   and not '\ud800' <= c <= '\udfff')
    normal = said.replace('\r\n', '\n').replace('\r', '\n')
    assert (prosody.text or '') == normal


def refusals(text):
    """Return why a text is spoken as text; it is then, with nothing left out."""
    reasons = []
    _, prosody = parse(to_ssml(text, CALM, on_refused=reasons.append))
    assert not len(prosody)
    assert prosody.text == text.replace('\r\n', '\n')
    return reasons


def test_a_document_stays_as_it_is():
    """Between its tags nothing is rewritten; the prosody is put around its content."""
    content = ('Hallo <emphasis>du</emphasis> &amp; ich<break time="1s"/><!-- x --><?foo bar?>'
               '<![CDATA[<b>]]> &#65; <x:y xmlns:x="urn:x" x:z="1>2"/>')
    start = (f'<speak version="1.0" xmlns="{NS[1:-1]}" xml:lang="de" xml:base="http://a/" '
             'startmark="m" endmark="n" onlangfailure="ignorelang">')
    ssml = to_ssml(f'{start}{content}</speak>', CALM)
    assert ssml == (f'{start}<prosody rate="90%" pitch="-4%" volume="-6.0dB">{content}'
                    '</prosody></speak>')


def test_what_a_document_lacks_is_added():
    """Version, namespace and language; its own are kept."""
    root, _ = parse(to_ssml('<speak>a</speak>', CALM, 'tr'))
    assert root.get('{http://www.w3.org/XML/1998/namespace}lang') == 'tr'
    root, _ = parse(to_ssml('<speak xml:lang="de">a</speak>', CALM, 'tr'))
    assert root.get('{http://www.w3.org/XML/1998/namespace}lang') == 'de'


@pytest.mark.parametrize('head', [
    '<lexicon uri="names.pls"/><meta name="a" content="/>"/>', '\n <!-- x --> <meta/>',
    '<metadata><x:y xmlns:x="urn:x">z</x:y></metadata>', '<?foo?><meta name="a"></meta >'])
@pytest.mark.parametrize('content', [
    '', 'Ali <sub alias="x">y</sub>', '<p>a</p>', '<![CDATA[<meta/>]]>', ' <p>a</p><meta/>'])
def test_what_must_stand_first_stays_first(head, content):
    """Lexicon and metadata stand before the prosody, the content inside."""
    ssml = to_ssml(f'<speak>{head}{content}</speak>', CALM)
    before, inside = ssml.split('<prosody rate="90%" pitch="-4%" volume="-6.0dB">')
    assert before.endswith(f'>{head}')
    assert inside == f'{content}</prosody></speak>'
    ElementTree.fromstring(ssml)


@pytest.mark.parametrize('text', [
    '\n\n  <speak>ä</speak>\n', '\ufeff<speak>ä</speak>', '\u200f<speak>ä</speak>\u200f',
    '\ufeff\n<?xml version="1.0" encoding="utf-16"?>\n<speak>ä</speak>',
    '<?xml version="1.1" encoding="nonsense"?><speak>ä</speak>',
    '<!-- first --><?foo?><speak>ä</speak><!-- last -->',
    '<!DOCTYPE speak PUBLIC "-//W3C//DTD SYNTHESIS 1.0//EN" "http://www.w3.org/TR/'
    'speech-synthesis/synthesis.dtd"><speak>ä</speak>',
    '<speak\n>\x07ä\ud800\ufffe</speak  >', '<speak xml:lang="tr">ä</speak>'])
def test_documents_in_all_their_wrappings(text):
    """White space, byte order and direction marks, declarations: the markup is never spoken."""
    _, prosody = parse(to_ssml(text, CALM, on_refused=pytest.fail))
    assert ''.join(prosody.itertext()) == 'ä'


@pytest.mark.parametrize('text', ['<speak/>', '<speak></speak>', '<speak xml:lang="tr" />'])
def test_empty_documents(text):
    """Nothing is said, with prosody."""
    _, prosody = parse(to_ssml(text, CALM))
    assert not prosody.text


@pytest.mark.parametrize('prefix', ['s', 'é', 'speak'])
def test_prefixes(prefix):
    """The prosody is in the document's namespace."""
    root, prosody = parse(to_ssml(
        f'<{prefix}:speak version="1.1" xmlns:x="a b" xmlns:{prefix}="{NS[1:-1]}" xmlns="urn:y">'
        f'a<{prefix}:break/><y/><x:z/></{prefix}:speak>', CALM, on_refused=pytest.fail))
    assert [child.tag for child in prosody] == [f'{NS}break', '{urn:y}y', '{a b}z']


@pytest.mark.parametrize('text, reason', [
    ('<speak>' + '<p>' * 2000 + 'a' + '</p>' * 2000 + '</speak>', 'nested deeper than 50'),
    ('<speak>' + '<b/>' * 20_000 + '</speak>', 'more than 5000 elements'),
    ('<speak>' + '<b/>' * 1_250_000 + '</speak>', '5000015 bytes, allowed are 500000'),
    (f'<speak a="{"x" * 500_000}">a</speak>', 'bytes, allowed are 500000'),
    ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', 'declares entities'),
    ('<!DOCTYPE speak SYSTEM "x"><speak>&a;</speak>', 'undefined entity'),
    ('<!DOCTYPE speak SYSTEM "x"><speak><s a="&a;"/></speak>', 'undefined entity'),
    ('<speak>&a;</speak>', 'undefined entity'), ('<speak>a</speak><speak>b</speak>', 'junk'),
    ('<speak>a</speak> b', 'junk'), ('<speak>broken', 'no element found'),
    ('<speak><p>a</speak>', 'mismatched tag'), ('<speak><x:y/></speak>', 'unbound prefix'),
    ('<speak><p a="1" a="2"/></speak>', 'duplicate attribute')], ids=range(14))
def test_refused_documents_are_spoken_as_text(text, reason):
    """Escaped, whole, and with the reason told."""
    assert reason in refusals(text)[0]


@pytest.mark.parametrize('text', [
    '<3 you', '<b>bold</b>', '<speaker>a</speaker>', '<', '<!-- x', '<?xml', '<' * 100_000,
    '<speak xmlns="urn:x">a</speak>', 'x <speak>a</speak>', 'word ' * 100_000])
def test_other_texts_are_no_documents(text):
    """Escaped; nothing is wrong with them."""
    assert refusals(text) == []


def test_limits_are_reached():
    """What lies just below them is a document."""
    for content in ('<p>' * 49 + '</p>' * 49, '<b/>' * 4_999, 'a\n' * 249_900,
                    '<p ' + ' '.join(f'a{i}=""' for i in range(40_000)) + '/>'):
        assert len(parse(to_ssml(f'<speak>{content}</speak>', CALM,
                                 on_refused=pytest.fail))[1]) or '\n' in content


def test_nothing_is_left_behind():
    """A document is freed with the call: the garbage collector may come late."""
    gc.disable()
    try:
        for text in ('<speak>' + 'a' * 400_000 + '</speak>', '<speak>' + 'a' * 400_000):
            to_ssml(text, CALM)
        assert not [o for o in gc.get_objects() if type(o).__name__ == '_Document']
    finally:
        gc.enable()


def test_the_language_is_cleaned():
    """A control character in it does not break the document."""
    root, _ = parse(to_ssml('a', CALM, 'e\x07n"<'))
    assert root.get('{http://www.w3.org/XML/1998/namespace}lang') == 'en"<'


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='<>/&;!?[]-"= \n\ufeffspeakCDATxmln:', max_size=60))
def test_whatever_looks_like_markup(text):
    """The result is well-formed, also inside a document."""
    for source in (text, f'<speak>{text}</speak>', f'<speak {text}>a</speak>'):
        ElementTree.fromstring(to_ssml(source, CALM))
