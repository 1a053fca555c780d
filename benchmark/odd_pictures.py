"""
Picture files of every kind that may reach a camera's topic: good ones, odd ones and bombs.

Each is small; what it claims to be need not be.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

_WIDTH, _HEIGHT = 40, 24
_SIZE = _HEIGHT, _WIDTH
_SCENE = Image.fromarray(np.random.default_rng(3).integers(0, 256, (*_SIZE, 3), np.uint8))


class OddPicture(NamedTuple):
    """
    A file and what should become of it.

    :param data: the file.
    :param shape: of the array, None if it is refused.
    :param fault: kind of the refusal, '' if it is taken.
    :param text: what the refusal says, a regular expression.
    """

    data: bytes
    shape: tuple[int, ...] | None = None
    fault: str = ''
    text: str = ''


def odd_pictures() -> dict[str, OddPicture]:
    """Return all kinds by name."""
    return {**_good_jpegs(), **_good_others(), **_refused_formats(), **_too_large(), **_cut_off(),
            **_damaged()}


def _save(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack('>BBH', 0xFF, marker, len(content) + 2) + content


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + kind + content + struct.pack(
        '>I', zlib.crc32(kind + content))


def _before_frame(jpeg: bytes, extra: bytes) -> bytes:
    place = jpeg.index(b'\xff\xc0')
    return jpeg[:place] + extra + jpeg[place:]


def _sized(jpeg: bytes, width: int, height: int) -> bytes:
    place = jpeg.index(b'\xff\xc0') + 5
    return jpeg[:place] + struct.pack('>HH', height, width) + jpeg[place + 4:]


def _sized_png(png: bytes, width: int, height: int) -> bytes:
    return png[:8] + _chunk(b'IHDR', struct.pack(
        '>IIBBBBB', width, height, 8, 2, 0, 0, 0)) + png[33:]


def _good_jpegs() -> dict[str, OddPicture]:
    jpeg, gray = _save(_SCENE, 'JPEG'), _save(_SCENE.convert('L'), 'JPEG')
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees
    thumbnail = _segment(0xE1, b'Exif\0\0' + _save(_SCENE.resize((16, 8)), 'JPEG'))
    start, rest = jpeg[:2], jpeg[2:]
    files = {
        'JPEG': jpeg, 'progressive JPEG': _save(_SCENE, 'JPEG', progressive=True),
        'CMYK JPEG': _save(_SCENE.convert('CMYK'), 'JPEG'),
        'JPEG with restart markers': _save(_SCENE, 'JPEG', restart_marker_rows=1),
        'JPEG with fill bytes': _before_frame(jpeg, b'\xff' * 3),
        'JPEG with a megabyte of fill bytes': _before_frame(jpeg, b'\xff' * (1 << 20)),
        'JPEG with garbage between segments': _before_frame(jpeg, b'\0\1\xff\0'),
        'JPEG with 130 KB of segments': start + _segment(0xE2, bytes(65000)) * 2 + rest,
        'JPEG with a thumbnail': start + thumbnail + rest,
        'turned JPEG': _save(_SCENE, 'JPEG', exif=exif),
        'JPEG padded with 31 bytes': jpeg + bytes(31), 'JPEG padded with FF': jpeg + b'\xff' * 500,
        'JPEG padded with 1 MB': jpeg + bytes(1 << 20),
        'JPEG before the rest of another': jpeg + gray[len(gray) // 2:],
        'JPEG before the start of another': jpeg + gray[:len(gray) // 2],
    }
    return {**{name: OddPicture(data, (*_SIZE, 3)) for name, data in files.items()},
            'gray JPEG': OddPicture(gray, _SIZE),
            'gray JPEG, padded': OddPicture(gray + bytes(4096), _SIZE)}


def _good_others() -> dict[str, OddPicture]:
    png = _save(_SCENE, 'PNG')
    frames: dict[str, Any] = {
        'save_all': True, 'append_images': [_SCENE.rotate(90)], 'duration': 100}
    text = PngImagePlugin.PngInfo()
    text.add_text('Comment', 'x' * 200_000)
    deep = Image.fromarray(np.arange(_WIDTH * _HEIGHT, dtype=np.uint16).reshape(_SIZE) * 60)
    rgb16 = (png[:8] + _chunk(b'IHDR', struct.pack('>IIBBBBB', 2, 1, 16, 2, 0, 0, 0)) + _chunk(
        b'IDAT', zlib.compress(b'\0' + struct.pack('>6H', *range(0, 60000, 10000)))) + png[-12:])
    color = {
        'PNG': png, 'PNG with alpha': _save(_SCENE.convert('RGBA'), 'PNG'),
        'PNG with a palette': _save(_SCENE.convert('P'), 'PNG'),
        'animated PNG': _save(_SCENE, 'PNG', **frames),
        'PNG with much text': _save(_SCENE, 'PNG', pnginfo=text),
        'PNG padded with 31 bytes': png + bytes(31), 'PNG padded with 1 MB': png + bytes(1 << 20),
        'PNG without its last chunk': png[:-12],
        'WebP': _save(_SCENE, 'WEBP'), 'lossless WebP': _save(_SCENE, 'WEBP', lossless=True),
        'WebP with alpha': _save(_SCENE.convert('RGBA'), 'WEBP'),
        'animated WebP': _save(_SCENE, 'WEBP', **frames),
        'WebP padded with 31 bytes': _save(_SCENE, 'WEBP') + bytes(31),
    }
    gray = {'gray PNG': _save(_SCENE.convert('L'), 'PNG'), '16-bit PNG': _save(deep, 'PNG'),
            'gray PNG with alpha': _save(_SCENE.convert('LA'), 'PNG'),
            'PNG of one bit': _save(_SCENE.convert('1'), 'PNG')}
    return {**{name: OddPicture(data, (*_SIZE, 3)) for name, data in color.items()},
            **{name: OddPicture(data, _SIZE) for name, data in gray.items()},
            '16-bit color PNG': OddPicture(rgb16, (1, 2, 3))}


def _refused_formats() -> dict[str, OddPicture]:
    tiff = _save(_SCENE, 'TIFF', compression='tiff_adobe_deflate')
    screen = struct.pack('<HHBBB', 30000, 30000, 0, 0, 0)
    frame = b',' + struct.pack('<HHHHB', 0, 0, 30000, 30000, 0)
    lines = struct.pack('<IiiHHIIiiII', 40, 30000, 30000, 1, 8, 1, 4, 0, 0, 1, 1)
    files = {
        'GIF': {'GIF': _save(_SCENE, 'GIF'), 'GIF bomb of 35 bytes':
                b'GIF89a' + screen + frame + b'\x02\x02\x44\x01\0;' + bytes(6)},
        'BMP': {'BMP': _save(_SCENE, 'BMP'), 'RLE BMP bomb':
                b'BM' + struct.pack('<IHHI', 62, 0, 0, 58) + lines + b'\0\0\0\0' + b'\0\1'},
        'TIFF': {'TIFF': _save(_SCENE, 'TIFF'), 'deflate TIFF bomb': _wide_tiff(tiff)},
        'PNM': {'PPM': _save(_SCENE, 'PPM'), 'PGM': _save(_SCENE.convert('L'), 'PPM'),
                'PGM bomb': b'P5\n30000 30000\n255\n0'},
        'AVIF': {'AVIF': b'\0\0\0\x20ftypavif' + bytes(60)},
        'HEIC': {f'HEIC ({brand})': b'\0\0\0\x18ftyp' + brand.encode() + bytes(60)
                 for brand in ('heic', 'hevc', 'mif1')},
        'camera raw': {'Canon raw': b'\0\0\0\x18ftypcrx ' + bytes(60),
                       'Fuji raw': b'FUJIFILMCCD-RAW ' + bytes(60)},
        'video': {'MP4': b'\0\0\0\x20ftypisom' + bytes(60), 'WebM': b'\x1a\x45\xdf\xa3' +
                    bytes(60), 'AVI': b'RIFF\0\0\0\0AVI LIST' + bytes(60),
                    'old MOV': b'\0\0\0\x20moov' + bytes(60)},
        'PDF': {'PDF': b'%PDF-1.7\n' + bytes(60)}, 'ZIP': {'ZIP': b'PK\3\4' + bytes(60)},
        'JPEG 2000': {'JPEG 2000': b'\0\0\0\x0cjP  \r\n\x87\n' + bytes(60),
                      'JPEG 2000 stream': b'\xff\x4f\xff\x51' + bytes(60)},
        'JPEG XL': {'JPEG XL': b'\xff\x0a' + bytes(60)},
        'OpenEXR': {'EXR': b'\x76\x2f\x31\x01\2\0\0\0' + bytes(60)},
        'Radiance HDR': {'HDR': b'#?RADIANCE\n\n-Y 30000 +X 30000\n'},
        'Sun raster': {'Sun raster': struct.pack('>8I', 0x59a66a95, 30000, 30000, 8, 0, 2, 0, 0)},
        'PFM': {'PFM': b'PF\n30000 30000\n-1.0\n'}, 'PAM': {'PAM': b'P7\nWIDTH 30000\n'},
        'icon': {'icon': b'\0\0\1\0\1\0' + bytes(60)}, 'Photoshop': {'PSD': b'8BPS' + bytes(60)},
        'SVG or XML': {'SVG': b'<?xml version="1.0"?><svg/>'},
        'H.264 or H.265': {'H.264': b'\0\0\0\1\x67' + bytes(60)},
    }
    return {name: OddPicture(data, None, 'format', format) for format, group in files.items()
            for name, data in group.items()}


def _wide_tiff(tiff: bytes) -> bytes:
    """Return a TIFF that claims to be 30000 x 30000."""
    data = bytearray(tiff)
    place = int(struct.unpack('<I', data[4:8])[0])
    for entry in range(place + 2, place + 2 + 12 * struct.unpack_from('<H', data, place)[0], 12):
        if struct.unpack_from('<H', data, entry)[0] in (256, 257):
            struct.pack_into('<HII', data, entry + 2, 4, 1, 30000)
    return bytes(data)


def _too_large() -> dict[str, OddPicture]:
    png, jpeg = _save(_SCENE, 'PNG'), _save(_SCENE, 'JPEG')
    bomb = _sized(jpeg, 30000, 30000)
    webp = bytearray(_save(_SCENE, 'WEBP', lossless=True))
    webp[21:25] = struct.pack('<I', 15999 | 15999 << 14)
    files = {
        '30000x30000': {
            'JPEG bomb': bomb, 'JPEG bomb after a fill byte': _before_frame(bomb, b'\xff'),
            'JPEG bomb after 130 KB': bomb[:2] + _segment(0xE2, bytes(65000)) * 2 + bomb[2:],
            'JPEG bomb after garbage': _before_frame(bomb, b'\0\1\2'),
            'PNG bomb': _sized_png(png, 30000, 30000)},
        '256000000|16000x16000': {'WebP bomb': bytes(webp)},
        '33000x1': {'JPEG with a long side': _sized(jpeg, 33000, 1)},
        '40x0': {'JPEG without height': _sized(jpeg, _WIDTH, 0)},
    }
    return {name: OddPicture(data, None, 'size', size) for size, group in files.items()
            for name, data in group.items()}


def _cut_off() -> dict[str, OddPicture]:
    files = {'JPEG': _save(_SCENE, 'JPEG'), 'progressive JPEG': _save(
        _SCENE, 'JPEG', progressive=True), 'PNG': _save(_SCENE, 'PNG')}
    cut = {f'{name} cut at {share:.0%}': data[:int(len(data) * share)]
           for name, data in files.items() for share in (0.1, 0.5, 0.95)}
    thumbnail = _segment(0xE1, b'Exif\0\0' + files['JPEG'])
    cut['JPEG with a thumbnail, cut'] = files['JPEG'][:2] + thumbnail + files['JPEG'][2:-2]
    return {name: OddPicture(data, None, 'truncated', 'cut off') for name, data in cut.items()}


def _damaged() -> dict[str, OddPicture]:
    png, jpeg = _save(_SCENE, 'PNG'), _save(_SCENE, 'JPEG')
    scans = _save(_SCENE, 'JPEG', progressive=True)
    last = scans[scans.rindex(b'\xff\xda'):-2]
    frame = jpeg[jpeg.index(b'\xff\xc0'):][:19]
    scan = jpeg[jpeg.index(b'\xff\xda'):]
    zeros = b'x\0\0' + zlib.compress(bytes(50_000_000))
    many = b''.join(_segment(0xE5, b'') for _ in range(5000))
    broken = bytearray(png)
    broken[-30] ^= 0x55
    files = {
        'no data': ('empty', b''), 'a byte': ('decode', b'x'), 'text': ('decode', b'text' * 100),
        'zeros': ('decode', bytes(5000)), 'JPEG of zeros': ('decode', b'\xff\xd8' + bytes(50)),
        'JPEG with two sizes': ('decode', _before_frame(jpeg, _sized(frame, 30000, 30000))),
        'JPEG with the large size last': ('decode', jpeg.replace(
            frame, frame + _sized(frame, 30000, 30000))),
        'JPEG without size': ('decode', jpeg.replace(frame, b'')),
        'JPEG without scan': ('decode', jpeg.replace(scan, b'')),
        'JPEG that ends before its scan': ('decode', jpeg.replace(scan, b'\xff\xd9' + scan)),
        'JPEG of 12 bits': ('decode', jpeg.replace(frame, frame[:4] + b'\x0c' + frame[5:])),
        'lossless JPEG': ('decode', jpeg.replace(b'\xff\xc0', b'\xff\xc3')),
        'JPEG with 5000 segments': ('decode', jpeg[:2] + many + jpeg[2:]),
        'JPEG with 5000 scans': ('scans', scans[:-2] + last * 5000 + scans[-2:]),
        'PNG without width': ('decode', _sized_png(png, 0, _HEIGHT)),
        'PNG with a wrong sum': ('decode', bytes(broken)),
        'PNG with a bomb of a profile': ('decode', png[:33] + _chunk(b'iCCP', zeros) + png[33:]),
        'PNG with a bomb of text': ('decode', png[:33] + _chunk(b'zTXt', zeros) + png[33:]),
        'PNG with 70000 chunks': (
            'chunks', png[:33] + _chunk(b'teXt', b'') * 70_000 + png[33:]),
        'WebP cut off': ('decode', _save(_SCENE, 'WEBP')[:60]),
    }
    return {name: OddPicture(data, None, fault) for name, (fault, data) in files.items()}
