"""The tones a robot can speak in, and text with a tone's prosody (SSML)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

_SSML = 'http://www.w3.org/2001/10/synthesis'
#: Elements that SSML allows at the start of <speak> only.
_HEAD = ('lexicon', 'meta', 'metadata')
#: Characters that XML 1.0 does not allow, not even escaped.
_FORBIDDEN = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


@dataclass(frozen=True)
class Tone:
    """
    How to speak.

    :param name: as in the policy file.
    :param rate: speed factor, 1 = the voice's normal.
    :param pitch: pitch factor.
    :param volume: amplitude factor.
    :param style_prompt: one sentence for a language-model dialog manager.
    :param suggestions: activities to offer, in turn.
    :param expresses: the emotion that the tone itself shows, '' for none.
    """

    name: str
    rate: float = 1.0
    pitch: float = 1.0
    volume: float = 1.0
    style_prompt: str = ''
    suggestions: tuple[str, ...] = ()
    expresses: str = ''


def to_ssml(text: str, tone: Tone, language: str = 'en') -> str:
    """
    Return a text with a tone's prosody as W3C SSML 1.1.

    :param text: plain text, or a well-formed ``<speak>`` document: its content then gets the
        prosody, so that it stays one document.
    :param language: BCP 47, such as 'en' or 'tr'.
    :returns: a ``<speak>`` document; characters that XML does not allow are left out.
    """
    clean = _FORBIDDEN.sub('', text)
    head, content, language = _parts(clean, language)
    decibels = 20 * math.log10(max(tone.volume, 1e-3))
    return (
        f'<speak version="1.1" xmlns="{_SSML}" xml:lang={quoteattr(language)}>'
        f'{head}<prosody rate="{tone.rate:.0%}" pitch="{tone.pitch - 1:+.0%}" '
        f'volume="{decibels:+.1f}dB">{content}</prosody></speak>')


def _parts(text: str, language: str) -> tuple[str, str, str]:
    """Return what must stay before the prosody element, what goes inside, and the language."""
    if not text.lstrip().startswith('<'):
        return '', escape(text), language
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return '', escape(text), language
    if root.tag not in ('speak', f'{{{_SSML}}}speak'):
        return '', escape(text), language
    for element in root.iter():  # the new <speak> declares the namespace
        element.tag = element.tag.removeprefix(f'{{{_SSML}}}')
    head, inner = '', escape(root.text or '')
    for child in root:
        if child.tag in _HEAD and not inner.strip():
            tail, child.tail = child.tail or '', None
            head += ElementTree.tostring(child, encoding='unicode')
            inner += escape(tail)
        else:
            inner += ElementTree.tostring(child, encoding='unicode')
    return head, inner, root.get('{http://www.w3.org/XML/1998/namespace}lang', language)
