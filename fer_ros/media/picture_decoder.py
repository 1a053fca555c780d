"""
The one way by which pictures of others become arrays: cameras' messages and people's files.

What a picture claims to be is checked before anything is decoded: a few bytes can fill the
memory. OpenCV decodes JPEG, three times as fast as Pillow; Pillow the rest: it notices what is
cut off, and libpng, called by OpenCV, writes past every log.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from fer_ros.media.picture_formats import count_png_chunks, format_of, read_jpeg_header

#: No camera has more pixels a side.
MAX_SIDE = 32768
#: No camera has more pixels: 200 MB, decoded.
MAX_PIXELS = 1 << 26
#: No picture of so many pixels takes more, not even three colors of 16 bits as they are.
MAX_BYTES = 1 << 29
#: Each scan of a JPEG goes over all pixels again; encoders write about ten.
MAX_SCANS = 64
#: Pillow takes half a second for so many; encoders write 8 KB a chunk and more.
MAX_CHUNKS = 1 << 16
#: What cameras send.
CAMERA_FORMATS = ('JPEG', 'PNG', 'WebP')
#: What people keep.
FILE_FORMATS = (*CAMERA_FORMATS, 'BMP', 'GIF', 'PNM', 'TIFF')

#: Not Image.open: it asks every plugin, and its own limit speaks of no size.
_OPENERS: dict[str, Callable[[io.BytesIO], Any]] = {
    'PNG': PngImagePlugin.PngImageFile, 'WebP': WebPImagePlugin.WebPImageFile,
    'BMP': BmpImagePlugin.BmpImageFile, 'GIF': GifImagePlugin.GifImageFile,
    'PNM': PpmImagePlugin.PpmImageFile, 'TIFF': TiffImagePlugin.TiffImageFile}
# Odd metadata is nobody's concern here, and one warning a tag floods the log.
warnings.filterwarnings('ignore', module=r'PIL\.')


class PictureError(ValueError):
    """
    Bytes that are no picture, or none that is taken.

    :param kind: a short stable name of the fault.
    :param text: what is wrong, with the offending value and the remedy.
    :param values: those that a sentence for people tells (``fault.<kind>`` in
        config/pages/texts.yaml).
    """

    def __init__(self, kind: str, text: str, **values: object) -> None:
        super().__init__(text)
        self.kind, self.values = kind, values


def decode_picture(data: bytes, formats: Collection[str] = CAMERA_FORMATS,
                   upright: bool = False) -> np.ndarray:
    """
    Decode a picture; of an animation the first frame. Bytes after its end do not matter.

    :param data: the file's bytes.
    :param formats: names of those that are taken.
    :param upright: turn it as its EXIF orientation says; else its pixels stay as they are stored.
    :returns: uint8 (H, W) gray or (H, W, 3) BGR; 16 bits keep the upper 8, alpha is left out.
    :raises PictureError: if it is empty, of another format, too large, cut off or damaged.
    """
    if not data:
        raise PictureError('empty', 'the picture holds no data')
    name = format_of(data)
    if name is None:
        raise PictureError('decode', f'{len(data)} bytes that begin with {data[:8].hex(" ")} are '
                           f'no picture; taken are {", ".join(formats)}')
    if name not in formats:
        raise PictureError('format', f'the format is {name}, but only {", ".join(formats)} are '
                           'taken: save it as JPEG', format=name)
    try:
        return (_decode_jpeg if name == 'JPEG' else _decode_other)(data, name, upright)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:  # WebP's plugin asks before we can
        raise PictureError('size', f'the {name} of {len(data)} bytes is too large: {error}',
                           megapixels=MAX_PIXELS // 10 ** 6) from error
    except Exception as error:  # decoders raise all sorts of things over damaged data
        text = ' '.join(str(error).split())
        if 'truncated' in text.lower():
            raise PictureError('truncated', f'the {name} of {len(data)} bytes is cut off') from (
                error)
        raise PictureError('decode', f'the {name} of {len(data)} bytes cannot be decoded: '
                           f'{text or type(error).__name__}') from error


def read_picture(path: Path) -> np.ndarray:
    """
    Read a picture file, turned upright.

    :returns: uint8 (H, W, 3) BGR.
    :raises PictureError: if it is not there or cannot be used; the text says why, without path.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            raise PictureError('missing', 'it is no file')
        if path.stat().st_size > MAX_BYTES:
            raise PictureError('large', f'it has {path.stat().st_size} bytes, at most {MAX_BYTES} '
                               'are taken: save the picture smaller', megabytes=MAX_BYTES >> 20)
        data = path.read_bytes()
    except OSError as error:
        raise PictureError('missing', f'it cannot be read: {error.strerror}') from error
    return decode_file(data)


def decode_file(data: bytes) -> np.ndarray:
    """
    Decode what people keep, turned upright.

    :param data: the file's bytes.
    :returns: uint8 (H, W, 3) BGR.
    :raises PictureError: if it cannot be used.
    """
    picture = decode_picture(data, FILE_FORMATS, upright=True)
    return picture if picture.ndim == 3 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))


def _check_size(size: tuple[int, int], name: str, count: int) -> None:
    width, height = size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise PictureError('size', f'{count} bytes claim to be a {name} of {width}x{height}; at '
                           f'most {MAX_PIXELS} pixels are taken, {MAX_SIDE} a side',
                           megapixels=MAX_PIXELS // 10 ** 6)


def _decode_jpeg(data: bytes, name: str, upright: bool) -> np.ndarray:
    header = read_jpeg_header(data)
    _check_size((header.width, header.height), name, len(data))
    # OpenCV fills what is missing with gray and calls it a success. Among coded pixels an FF is
    # followed by no D9, and thumbnails stand before the scan.
    if data.rfind(b'\xff\xd9', header.scan) < 0:
        raise PictureError('truncated', f'the JPEG of {len(data)} bytes is cut off')
    scans = 1 if header.one_scan else 1 + data.count(b'\xff\xda', header.scan)
    if scans > MAX_SCANS:
        raise PictureError('scans', f'the JPEG of {len(data)} bytes has {scans} scans, at most '
                           f'{MAX_SCANS} are taken; save it as baseline JPEG')
    flags = cv2.IMREAD_ANYCOLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if picture is None or picture.dtype != np.uint8 or (
            sorted(picture.shape[:2]) != sorted((header.height, header.width))):
        raise ValueError('OpenCV cannot read it')
    return picture


def _decode_other(data: bytes, name: str, upright: bool) -> np.ndarray:
    if name == 'PNG' and count_png_chunks(data, MAX_CHUNKS) > MAX_CHUNKS:
        raise PictureError('chunks', f'the PNG of {len(data)} bytes has more than {MAX_CHUNKS} '
                           'chunks')
    image = _OPENERS[name](io.BytesIO(data))
    _check_size(image.size, name, len(data))
    image.load()
    if upright and name != 'TIFF':  # whose plugin has done so
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I'):
        return np.clip(np.asarray(image) >> 8, 0, 255).astype(np.uint8)
    if image.mode in ('1', 'L', 'LA'):
        return np.asarray(image.convert('L'))
    if image.mode == 'F':
        raise ValueError('it holds numbers, not colors')
    if image.mode != 'RGB':
        image = image.convert('RGB')
    pixels = np.asarray(image)
    del image  # a large one is in memory once less
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
