"""Bytes that somebody drops: taken and turned upright, or refused in a sentence with a remedy."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from benchmark.odd_pictures import odd_pictures
from fer_ros.media.picture_decoder import PictureError
from fer_ros.pictures.report import report_picture
from fer_ros.pictures.upload import decode_upload, fault_text
from fer_ros.texts import LANGUAGES, load_texts

ODD = odd_pictures()
TAKEN = [name for name, odd in ODD.items() if odd.shape]
REFUSED = [name for name, odd in ODD.items() if not odd.shape and not odd.text.startswith(
    ('GIF', 'BMP', 'TIFF', 'PNM'))]


def saved(picture, format='JPEG', **options):
    """Return a file's bytes."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize('name', TAKEN)
def test_every_kind_comes_in_color(name):
    """Gray, with alpha, 16 bits a color, animated, progressive."""
    height, width = ODD[name].shape[:2]
    if name == 'turned JPEG':
        height, width = width, height
    picture = decode_upload(ODD[name].data)
    assert picture.shape == (height, width, 3) and picture.dtype == np.uint8


@pytest.mark.parametrize('name', REFUSED)
@pytest.mark.parametrize('language', LANGUAGES)
def test_every_other_kind_is_refused_in_a_sentence(name, language):
    """It ends, names a remedy, and has no line break; so in each language."""
    with pytest.raises(PictureError) as caught:
        decode_upload(ODD[name].data)
    text = fault_text(caught.value, load_texts(language))
    assert re.fullmatch(r'[^\n{}]{8,}[:;] [^\n{}]{10,}\.', text)


@pytest.mark.parametrize('name, texts', [
    ('HEIC (heic)', ('This is HEIC, which is not taken here: save the picture as JPEG.',
                     'Bu dosyanın biçimi HEIC; burada kabul edilmiyor: resmi JPEG olarak '
                     'kaydedin.')),
    ('MP4', ('This is video,',)), ('PDF', ('This is PDF,',)), ('no data', ('The file is empty',)),
    ('JPEG cut at 50%', ('The picture is cut off:',)), ('text', ('This is no picture,',)),
    ('JPEG bomb', ('The picture claims a size that is not taken: save it with at most 67 ',))])
def test_what_the_sentence_says(name, texts):
    with pytest.raises(PictureError) as caught:
        decode_upload(ODD[name].data)
    for language, text in zip(LANGUAGES, texts):
        assert fault_text(caught.value, load_texts(language)).startswith(text)


def test_too_many_bytes_are_not_looked_at():
    """The limit is the caller's."""
    with pytest.raises(PictureError, match='^11 bytes are too many') as caught:
        decode_upload(bytes(11), most_bytes=10)
    with pytest.raises(PictureError) as caught:
        decode_upload(bytes((32 << 20) + 1))
    assert fault_text(caught.value, load_texts()) == (
        'The file is larger than 32 MB: save the picture smaller.')


@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_turned_photograph_is_upright(pipeline, astronaut, orientation):
    """As a telephone stores it: the face is found, upright, where one sees it."""
    back = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
            6: Image.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.ROTATE_270}[orientation]
    image = Image.fromarray(astronaut[:, 40:, ::-1])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    (image.transpose(back) if back is not None else image).save(
        file, 'JPEG', quality=95, exif=exif)
    picture = decode_upload(file.getvalue())
    assert picture.shape == (512, 472, 3)
    [face] = report_picture(pipeline, picture, 'photograph').faces
    assert face.state == 'happy' and abs(face.box.x - 137) < 12 and abs(face.box.y - 58) < 12
