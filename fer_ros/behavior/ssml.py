"""Text with a tone's prosody: W3C Speech Synthesis Markup Language (SSML) 1.1."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fer_ros.behavior.dialog_tone import Tone

#: Limits of a <speak> document: hours of speech stay below, what could hold up a robot does not.
LARGEST_BYTES = 500_000
MOST_ELEMENTS = 5_000
DEEPEST = 50

_NAMESPACE = 'http://www.w3.org/2001/10/synthesis'
_XML = 'http://www.w3.org/XML/1998/namespace'
#: Between namespace, local name and prefix: what no namespace can hold.
_SEPARATOR = '\n'
#: Elements that SSML allows at the start of <speak> only.
_HEAD = ('lexicon', 'meta', 'metadata')
#: Characters that XML 1.0 does not allow, not even escaped.
_FORBIDDEN = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+')
#: What nobody sees before or after a document: white space, byte order and direction marks.
_INVISIBLE = (' \t\r\n\x85\xa0\u2028\u2029\ufeff\u200b\u200c\u200d\u200e\u200f'
              '\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069')


def to_ssml(text: str, tone: Tone, language: str = 'en',
            on_refused: Callable[[str], object] = lambda reason: None) -> str:
    """
    Return a text with a tone's prosody as W3C SSML 1.1.

    :param text: plain text, or a well-formed ``<speak>`` document: it stays as it is, without
        its prolog, and the prosody is put around its content.
    :param language: BCP 47, such as 'en' or 'tr'; a document's own ``xml:lang`` is kept.
    :param on_refused: told why a ``<speak>`` document is spoken as the text that it is: it is
        not well-formed, declares entities, or is above the limits of this module.
    :returns: a ``<speak>`` document; characters that XML does not allow are left out.
    """
    clean, language = _FORBIDDEN.sub('', text), _FORBIDDEN.sub('', language)
    decibels = 20 * math.log10(max(tone.volume, 1e-3))
    prosody = (f'prosody rate="{tone.rate:.0%}" pitch="{tone.pitch - 1:+.0%}" '
               f'volume="{decibels:+.1f}dB"')
    source = clean.strip(_INVISIBLE)
    if source.startswith('<'):
        document = _Document()
        try:
            return document.read(source.encode()).spoken(prosody, language)
        except (expat.ExpatError, _RefusedError) as error:
            if document.is_ssml:
                on_refused(str(error))
    return (f'<speak version="1.1" xmlns="{_NAMESPACE}" xml:lang={quoteattr(language)}>'
            f'<{prosody}>{escape(clean)}</prosody></speak>')


class _RefusedError(Exception):
    """A text is no SSML document, or none that is passed on."""


class _Document:
    """
    Where the parts of a document lie, found by expat in one pass without recursion.

    Nothing is rebuilt: what is put in stands between its own bytes.
    """

    def __init__(self) -> None:
        self.is_ssml = False
        self._data = b''
        self._name = ''
        self._own: set[str] = set()
        self._has_doctype = False
        self._begin = self._tag_end = self._content = self._end = 0
        self._depth = self._elements = 0
        self._in_head, self._moves = True, False
        self._parser: Any = None

    def read(self, data: bytes) -> _Document:
        """
        Find the parts.

        :raises expat.ExpatError: if it is not well-formed.
        :raises _RefusedError: if it is not SSML, or above a limit.
        """
        if len(data) > LARGEST_BYTES:
            self.is_ssml = True
            raise _RefusedError(f'it has {len(data)} bytes, allowed are {LARGEST_BYTES}')
        self._data = data
        self._parse(data)
        # Without its document type, so that entities declared elsewhere are not taken for known.
        return _Document().read(data[self._begin:]) if self._has_doctype else self

    def spoken(self, prosody: str, language: str) -> str:
        """Return the document with a prosody element around its content."""
        needed = {'version': '1.1', 'xmlns': _NAMESPACE, 'xml:lang': language}
        name_end = self._begin + 1 + len(self._name.encode())
        tag = self._data[name_end:self._tag_end].decode().removesuffix('>').removesuffix('/')
        prefix = self._name.removesuffix('speak')
        added = ''.join(f' {key}={quoteattr(value)}'
                        for key, value in needed.items() if key not in self._own)
        return (f'<{self._name}{added}{tag}>'
                f'{self._data[self._tag_end:self._content].decode()}<{prefix}{prosody}>'
                f'{self._data[self._content:self._end].decode()}</{prefix}prosody></{self._name}>')

    def _parse(self, data: bytes) -> None:
        # The text is characters already: whatever encoding it declares is no longer true.
        self._parser = parser = expat.ParserCreate('utf-8', _SEPARATOR)
        parser.namespace_prefixes = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._stop
        parser.DefaultHandler = self._other
        try:
            parser.Parse(data, True)
        finally:
            self._parser = None  # it knows us: without this both would wait for the collector

    def _doctype(self, name: str, _system: str | None, _public: str | None,
                 has_subset: bool) -> None:
        self._has_doctype, self.is_ssml = True, name.split(':')[-1] == 'speak'
        if has_subset:
            raise _RefusedError('it declares entities or the like (DOCTYPE)')

    def _namespace(self, prefix: str | None, _uri: str | None) -> None:
        if self._depth == 0 and prefix is None:
            self._own.add('xmlns')

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._here()
        uri, local, prefix = _parts(name)
        if self._depth == 0:
            self._root(uri, local, prefix, attributes)
        elif self._depth == 1 and (local not in _HEAD or uri not in ('', _NAMESPACE)):
            self._in_head = False
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST:
            raise _RefusedError(f'its elements are nested deeper than {DEEPEST}')
        if self._elements > MOST_ELEMENTS:
            raise _RefusedError(f'it has more than {MOST_ELEMENTS} elements')

    def _root(self, uri: str, local: str, prefix: str, attributes: dict[str, str]) -> None:
        if local != 'speak' or uri not in ('', _NAMESPACE):
            raise _RefusedError('it is not SSML')
        self.is_ssml, self._moves = True, True
        self._begin = self._parser.CurrentByteIndex
        self._name = f'{prefix}:{local}' if prefix else local
        self._own |= {'version'} & attributes.keys()
        if _SEPARATOR.join((_XML, 'lang', 'xml')) in attributes:
            self._own.add('xml:lang')
        if prefix:
            self._own.add('xmlns')

    def _stop(self, _name: str) -> None:
        here = self._here()
        self._depth -= 1
        if self._depth == 0:
            self._end = here
        self._moves = self._depth == 1 and self._in_head

    def _other(self, text: str) -> None:
        self._here()
        if self._depth == 1 and not text.isspace() and not text.startswith('<'):
            self._in_head = False

    def _here(self) -> int:
        """Return where the parser is; a tag that came before ends here."""
        here = self._parser.CurrentByteIndex
        if self._moves:
            self._tag_end = self._tag_end or here
            self._content, self._moves = here, False
        return here


def _parts(name: str) -> tuple[str, str, str]:
    """Return namespace, local name and prefix of expat's name."""
    parts = name.split(_SEPARATOR) if _SEPARATOR in name else ['', name]
    return parts[0], parts[1], ''.join(parts[2:])
