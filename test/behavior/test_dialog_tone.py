"""SSML: well-formed whatever the text, with the tone's prosody."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_ros.behavior.dialog_tone import Tone, to_ssml

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


def test_ssml_stays_one_document():
    """The content of a <speak> gets the prosody; its language and elements stay."""
    source = ('<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="de">'
              'Hallo <emphasis>du</emphasis> &amp; ich<break time="1s"/></speak>')
    root, prosody = parse(to_ssml(source, CALM))
    assert root.get('{http://www.w3.org/XML/1998/namespace}lang') == 'de'
    assert [child.tag for child in prosody] == [NS + 'emphasis', NS + 'break']
    assert ''.join(prosody.itertext()) == 'Hallo du & ich'


def test_what_must_stand_first_stays_first():
    """Lexicon and metadata stand before the prosody, the text inside."""
    source = ('<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis">'
              '<lexicon uri="names.pls"/><meta name="a" content="b"/>Ali <sub alias="x">y</sub>'
              '</speak>')
    root = ElementTree.fromstring(to_ssml(source, CALM))
    assert [child.tag for child in root] == [NS + 'lexicon', NS + 'meta', NS + 'prosody']
    assert ''.join(root[2].itertext()) == 'Ali y'
