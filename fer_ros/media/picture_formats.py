"""What picture a file claims to be, read from its first bytes and without decoding it."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A JPEG of a camera has about ten segments before its pixels, a photograph with much written
#: into it a few hundred.
_MOST_SEGMENTS = 4096
_SIGNATURES = {
    'JPEG': rb'\xff\xd8\xff', 'PNG': rb'\x89PNG\r\n\x1a\n', 'WebP': rb'RIFF....WEBP',
    'BMP': rb'BM', 'GIF': rb'GIF8[79]a', 'PNM': rb'P[1-6]\s',
    'TIFF': rb'II[*+]\0|MM\0[*+]', 'HEIC': rb'....ftyp(?:hei|hev|mif1|msf1)',
    'AVIF': rb'....ftypavi', 'camera raw': rb'....ftypcrx|FUJIFILM', 'video': rb'....ftyp|'
    rb'\x1a\x45\xdf\xa3|RIFF....AVI |....(?:moov|mdat)', 'PDF': rb'%PDF', 'ZIP': rb'PK\x03\x04',
    'JPEG 2000': rb'\0\0\0\x0cjP  |\xff\x4f\xff\x51', 'JPEG XL': rb'\xff\x0a|\0\0\0\x0cJXL ',
    'OpenEXR': rb'\x76\x2f\x31\x01', 'Radiance HDR': rb'#\?R', 'Sun raster': rb'\x59\xa6\x6a\x95',
    'PFM': rb'P[Ff]\s', 'PAM': rb'P7\s', 'icon': rb'\0\0[\x01\x02]\0', 'Photoshop': rb'8BPS',
    'SVG or XML': rb'\s*<(?:\?xml|svg)', 'H.264 or H.265': rb'\0\0\0?\x01',
}
_FORMATS = re.compile(b'|'.join(b'(%b)' % text for text in _SIGNATURES.values()), re.DOTALL)
#: Like libjpeg: what does not belong there is skipped, and a marker may be filled up with FF.
_MARKER = re.compile(rb'\xff+([\x01-\xfe])', re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA


class JpegHeader(NamedTuple):
    """
    What stands before the pixels of a JPEG.

    :param width: [px].
    :param height: [px].
    :param scan: where its first scan begins [bytes].
    :param one_scan: whether that is the only one that a decoder reads.
    """

    width: int
    height: int
    scan: int
    one_scan: bool


def format_of(data: bytes) -> str | None:
    """Return the name of a picture's format, None if it is none that we know."""
    found = _FORMATS.match(data)
    return list(_SIGNATURES)[found.lastindex - 1] if found and found.lastindex else None


def read_jpeg_header(data: bytes) -> JpegHeader:
    """
    Read the segments before the first scan as libjpeg reads them, so that both see one size.

    Not by Pillow: for each picture it reads EXIF too, warns of every odd tag, and takes about a
    second for a megabyte of empty segments.

    :raises ValueError: if there is no scan, or no size or two before it.
    """
    place, size, parts = 2, None, 0
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, place)
        if found is None:
            break
        marker, place = found[1][0], found.end()
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(data[place:place + 2], 'big')
        if marker in (_START, _END) or length < 2:
            break
        if place + max(length, 8) > len(data):
            raise ValueError('truncated before its pixels')
        if marker == _SCAN:
            if size is None:
                raise ValueError('its pixels begin before its size')
            return JpegHeader(*size, place, data[place + 2] == parts)
        if marker in _FRAMES:
            if size is not None:
                raise ValueError('it has two sizes')
            size = (int.from_bytes(data[place + 5:place + 7], 'big'),
                    int.from_bytes(data[place + 3:place + 5], 'big'))
            parts = -1 if marker in _PROGRESSIVE else data[place + 7]
        place += length
    raise ValueError(f'no pixels follow its first {place} bytes')


def count_png_chunks(data: bytes, most: int) -> int:
    """Return how many chunks a PNG has, counted no further than one above ``most``."""
    place, count = 8, 0
    while place < len(data) and count <= most and data[place + 4:place + 8] != b'IEND':
        place += 12 + int.from_bytes(data[place:place + 4], 'big')
        count += 1
    return count
