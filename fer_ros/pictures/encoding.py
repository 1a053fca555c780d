"""Pictures as a browser takes them: a file's bytes, or where the file lies."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from urllib.parse import quote

import cv2
import numpy as np

_QUALITY = 88


@dataclass(frozen=True)
class EncodedImage:
    """
    A JPEG.

    :param data: its bytes; empty if it lies in a file.
    :param width: [px].
    :param height: [px].
    :param url: where a page finds it, percent-encoded; '' if its bytes are here.
    """

    data: bytes
    width: int
    height: int
    url: str = ''

    @property
    def source(self) -> str:
        """What ``src`` of an ``img`` is: a relative address, or the bytes as a data: URI."""
        return self.url or 'data:image/jpeg;base64,' + base64.b64encode(self.data).decode('ascii')

    def lying_at(self, path: str) -> EncodedImage:
        """
        Return it without its bytes.

        :param path: of its file, from the folder of the page.
        """
        return replace(self, data=b'', url=quote(path, errors='surrogateescape'))


def encode(picture: np.ndarray) -> EncodedImage:
    """
    Return a picture as a JPEG.

    :param picture: uint8 (H, W) or (H, W, 3) BGR.
    """
    _, data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return EncodedImage(data.tobytes(), picture.shape[1], picture.shape[0])
