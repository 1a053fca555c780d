"""Image messages as no camera should send them, for fuzzing and soaking."""

from __future__ import annotations

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from benchmark.odd_pictures import odd_pictures

_SIZES = (0, 1, 2, 3, 7, 16, 64, 639, 32768, 32769, 2 ** 32 - 1)
_ENCODINGS = ('bgr8', 'rgb8', 'mono8', 'mono16', 'bgra8', 'rgba8', 'yuv422', 'yuv422_yuy2',
              'bayer_rggb8', '8UC1', '8UC3', '16UC1', '32FC1', '', 'BGR8', 'h264', 'ürgb')


class Mangler:
    """
    An endless source of damaged messages.

    :param seed: the same seed gives the same messages.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        picture = self._random.integers(0, 256, (24, 40, 3), np.uint8)
        self._files = [cv2.imencode(ending, image)[1].tobytes()
                       for ending in ('.jpg', '.png', '.webp')
                       for image in (picture, picture[..., 0], picture[:1, :1])]
        self._odd = [odd.data for odd in odd_pictures().values() if len(odd.data) < 1 << 18]

    def image(self) -> Image:
        """Return an Image whose fields mostly contradict each other."""
        pick = self._random.choice
        message = Image(height=int(pick(_SIZES)), width=int(pick(_SIZES)),
                        encoding=str(pick(_ENCODINGS)), is_bigendian=int(pick((0, 1, 255))))
        likely = message.width * int(pick((1, 2, 3, 4)))
        message.step = min(int(pick((0, 1, likely, likely + 3, 2 ** 32 - 1))), 2 ** 32 - 1)
        fitting = min(message.step * message.height, 1 << 14)
        length = max(int(pick((0, 1, fitting - 1, fitting, fitting + 1))), 0)
        message.data = array.array('B', self._random.bytes(length))
        self._spoil_header(message)
        return message

    def compressed(self) -> CompressedImage:
        """Return a picture file that is cut off, flipped, odd, a bomb or no picture at all."""
        data = bytearray(self._files[int(self._random.integers(len(self._files)))])
        kind = int(self._random.integers(6))
        if kind == 0:
            data = data[:int(self._random.integers(len(data) + 1))]
        elif kind == 1:
            data = bytearray(self._random.bytes(int(self._random.integers(300))))
        elif kind == 2:
            data = bytearray(self._odd[int(self._random.integers(len(self._odd)))])
        else:
            for _ in range(int(self._random.integers(1, 6))):
                # Mostly at the front: that is where sizes and tables stand.
                place = int(len(data) * self._random.random() ** 2)
                data[place] ^= 1 << int(self._random.integers(8))
        message = CompressedImage(
            format=str(self._random.choice((
            'jpeg', 'png', '', 'bgr8; jpeg compressed bgr8', '16UC1; compressedDepth png'))))
        message.data = array.array('B', bytes(data))
        self._spoil_header(message)
        return message

    def _spoil_header(self, message: Image | CompressedImage) -> None:
        pick = self._random.choice
        message.header.stamp.sec = int(pick((-2 ** 31, -1, 0, 1, 1_700_000_000, 2 ** 31 - 1)))
        message.header.stamp.nanosec = int(pick((0, 999_999_999, 2 ** 32 - 1)))
        message.header.frame_id = str(pick(('', 'camera', '/ä b')))
