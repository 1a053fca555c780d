"""A picture that somebody hands over as bytes, and why it may not be taken, in a sentence."""

from __future__ import annotations

import numpy as np

from fer_ros.media.picture_decoder import PictureError, decode_file
from fer_ros.texts import Texts

#: A telephone's picture has up to 20 MB.
MOST_BYTES = 32 << 20


def decode_upload(data: bytes, most_bytes: int = MOST_BYTES) -> np.ndarray:
    """
    Decode a file's bytes, turned upright. Nothing is written.

    :param data: of a JPEG, PNG, WebP, BMP, GIF, PNM or TIFF.
    :param most_bytes: that are taken.
    :returns: uint8 (H, W, 3) BGR.
    :raises PictureError: if it is no picture that can be used; :func:`fault_text` tells people.
    """
    if len(data) > most_bytes:
        raise PictureError('large', f'{len(data)} bytes are too many, at most {most_bytes} are '
                           'taken: save the picture smaller', megabytes=most_bytes >> 20)
    return decode_file(data)


def fault_text(error: PictureError, texts: Texts) -> str:
    """
    Return in a sentence why a picture is not taken, and what to do.

    :param error: as :func:`decode_upload` and others raise it.
    """
    return texts(f'fault.{error.kind}', **error.values)
