"""Every kind of picture file: taken or refused by name, before it can fill the memory."""

import io
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmark.odd_pictures import odd_pictures
from fer_ros.media.picture_decoder import (
    FILE_FORMATS,
    PictureError,
    decode_picture,
    read_picture,
)
from fer_ros.media.picture_formats import format_of, read_jpeg_header

ODD = odd_pictures()
JPEGS = [name for name, odd in ODD.items() if odd.shape and format_of(odd.data) == 'JPEG']


def saved(picture, format, **options):
    """Return a file's bytes."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize('name', ODD)
def test_every_kind(name):
    """Taken with its own size, or refused in one line that says why."""
    odd = ODD[name]
    if odd.shape:
        picture = decode_picture(odd.data)
        assert picture.shape == odd.shape and picture.dtype == np.uint8
        return
    with pytest.raises(PictureError) as caught:
        decode_picture(odd.data)
    assert caught.value.kind == odd.fault
    assert re.search(odd.text, str(caught.value)) and '\n' not in str(caught.value)


def test_no_kind_fills_memory_or_log():
    """A process of 8 GB, as the robot's: little memory is used and nothing is printed."""
    program = (
        'import resource\n'
        'resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\n'
        'from benchmark.odd_pictures import odd_pictures\n'
        'from fer_ros.media.picture_decoder import FILE_FORMATS, PictureError, decode_picture\n'
        'kinds = odd_pictures()\n'
        'decode_picture(kinds["JPEG"].data)\n'
        'before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
        'for formats in (("JPEG", "PNG", "WebP"), FILE_FORMATS):\n'
        '    for name, kind in kinds.items():\n'
        '        try: decode_picture(kind.data, formats, upright=True)\n'
        '        except PictureError: pass\n'
        'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n')
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 60_000  # [KB]
    # libjpeg, called by OpenCV, says a word on the one with garbage between its segments.
    assert [line for line in done.stderr.splitlines() if 'extraneous bytes' not in line] == []


@pytest.mark.parametrize('name', JPEGS)
def test_two_readers_see_one_size(name):
    """Our reader of JPEG headers and Pillow's; with garbage in it Pillow gives up."""
    header = read_jpeg_header(ODD[name].data)
    assert (header.height, header.width) == ODD[name].shape[:2]
    if 'garbage' not in name:
        assert Image.open(io.BytesIO(ODD[name].data)).size == (header.width, header.height)


def test_size_that_no_jpeg_may_hide_from_the_decoder():
    """Headers mangled by the thousand: what we read is what OpenCV makes of it, or refused."""
    random = np.random.default_rng(4)
    good = saved(random.integers(0, 256, (16, 24, 3), np.uint8), 'JPEG')
    end = good.index(b'\xff\xda') + 14
    seen = 0
    for _ in range(5000):
        data = bytearray(good)
        for place in random.integers(2, end, random.integers(1, 4)):
            data[place] = random.integers(256)
        try:
            header = read_jpeg_header(bytes(data))
        except ValueError:
            continue
        if header.width * header.height > 1 << 22:
            continue
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_IGNORE_ORIENTATION)
        if picture is not None:
            seen += 1
            assert picture.shape[:2] == (header.height, header.width)
    assert seen > 1000


def test_colors_and_depths():
    """Blue first; the upper byte of 16 bits; transparency is left out."""
    rgb = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    for format, options in (('PNG', {}), ('WEBP', {'lossless': True}), ('BMP', {}), ('TIFF', {})):
        data = saved(rgb, format, **options)
        np.testing.assert_array_equal(decode_picture(data, FILE_FORMATS), rgb[..., ::-1])
    alpha = np.dstack([rgb, np.full((5, 7), 9, np.uint8)])
    np.testing.assert_array_equal(decode_picture(saved(alpha, 'PNG')), rgb[..., ::-1])
    deep = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1800
    np.testing.assert_array_equal(decode_picture(saved(deep, 'PNG')), deep >> 8)
    assert decode_picture(ODD['16-bit color PNG'].data).tolist() == [
        [[20000 >> 8, 10000 >> 8, 0], [50000 >> 8, 40000 >> 8, 30000 >> 8]]]


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'WEBP', 'TIFF'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_files_are_turned_upright_and_messages_are_not(tmp_path, orientation, format):
    """A photograph is shown as its camera was held; a robot's image means its pixels."""
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 255  # a mark, left above
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / 'photograph'
    path.write_bytes(saved(stored, format, exif=exif))
    right, below, turned = {1: (0, 0, 0), 2: (1, 0, 0), 3: (1, 1, 0), 4: (0, 1, 0), 5: (0, 0, 1),
                            6: (1, 0, 1), 7: (1, 1, 1), 8: (0, 1, 1)}[orientation]
    shown = read_picture(path)
    assert shown.shape == ((32, 16, 3) if turned else (16, 32, 3))
    corner = shown[-4 if below else 4, -4 if right else 4]
    assert corner.min() > 200 and shown.mean() < 50
    if format != 'TIFF':
        kept = decode_picture(path.read_bytes())
        assert kept.shape == stored.shape and kept[4, 4].min() > 200


@pytest.mark.parametrize('name', ['GIF', 'BMP', 'TIFF', 'PPM', 'PGM', 'gray PNG', 'JPEG'])
def test_what_people_keep_is_read(tmp_path, name):
    """Always in color."""
    path = tmp_path / 'picture'
    path.write_bytes(ODD[name].data)
    assert read_picture(path).shape == (24, 40, 3)


@pytest.mark.parametrize('name, text', [
    *((name, '30000x30000') for name in (
        'GIF bomb of 35 bytes', 'deflate TIFF bomb', 'PGM bomb', 'JPEG bomb')),
    ('RLE BMP bomb', '30000x30000|cannot be decoded'),  # Pillow reads RLE from 9.3 on
    ('HDR', 'format is Radiance HDR'), ('JPEG 2000', 'format is JPEG 2000')])
def test_bombs_among_files_are_refused(tmp_path, name, text):
    """By the size that they claim, before anything is decoded."""
    path = tmp_path / 'picture'
    path.write_bytes(ODD[name].data)
    with pytest.raises(PictureError, match=text):
        read_picture(path)


def test_a_file_that_would_fill_the_memory(tmp_path):
    """It is refused by its size on disk; nothing of it is read."""
    with (tmp_path / 'disk.png').open('wb') as file:
        file.write(ODD['PNG'].data)
        file.truncate(1 << 32)
    with pytest.raises(PictureError, match='it has 4294967296 bytes') as caught:
        read_picture(tmp_path / 'disk.png')
    assert caught.value.kind == 'large' and caught.value.values == {'megabytes': 512}


def test_files_that_are_none(tmp_path):
    """Missing, a folder, numbers instead of colors."""
    for path in (tmp_path / 'none.png', tmp_path):
        with pytest.raises(PictureError, match='it is no file'):
            read_picture(path)
    (tmp_path / 'depth.tiff').write_bytes(saved(np.ones((4, 4), np.float32), 'TIFF'))
    with pytest.raises(PictureError, match='numbers, not colors'):
        read_picture(tmp_path / 'depth.tiff')
