"""
The pixels of image messages, of ROS or of a bag reader: whatever has the fields counts.

What needs no conversion is a view. cv_bridge is the yardstick of a test, which wants the same
bytes, and not used at run time: it takes 1.2 to 1.8 times as long (``python -m
benchmark.conversions``), knows no ``yuyv``, ``uyvy`` and ``8UC4``, and breaks on NumPy 2 where it
was built against NumPy 1.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

import cv2
import numpy as np

from fer_ros.media.picture_decoder import MAX_SIDE, PictureError, decode_picture

#: encoding -> (bytes per channel, channels, OpenCV conversion to BGR or gray, None: as it is).
_ENCODINGS: dict[str, tuple[int, int, int | None]] = {
    'mono8': (1, 1, None), '8UC1': (1, 1, None), 'mono16': (2, 1, None), '16UC1': (2, 1, None),
    'bgr8': (1, 3, None), '8UC3': (1, 3, None), 'rgb8': (1, 3, cv2.COLOR_RGB2BGR),
    'bgra8': (1, 4, cv2.COLOR_BGRA2BGR), '8UC4': (1, 4, cv2.COLOR_BGRA2BGR),
    'rgba8': (1, 4, cv2.COLOR_RGBA2BGR),
    # ROS names a Bayer pattern by its first two pixels, OpenCV by the second row's.
    'bayer_rggb8': (1, 1, cv2.COLOR_BayerBG2BGR), 'bayer_bggr8': (1, 1, cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': (1, 1, cv2.COLOR_BayerGR2BGR), 'bayer_grbg8': (1, 1, cv2.COLOR_BayerGB2BGR),
    'yuv422': (1, 2, cv2.COLOR_YUV2BGR_UYVY), 'uyvy': (1, 2, cv2.COLOR_YUV2BGR_UYVY),
    'yuv422_yuy2': (1, 2, cv2.COLOR_YUV2BGR_YUY2), 'yuyv': (1, 2, cv2.COLOR_YUV2BGR_YUY2),
}


class ImageMessage(Protocol):
    """The fields of sensor_msgs/Image that are read."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any


class CompressedMessage(Protocol):
    """Those of sensor_msgs/CompressedImage."""

    format: str
    data: Any


class ImageError(ValueError):
    """
    A message that holds no readable image.

    :param kind: a short stable name of the fault, by which it is logged once and not per frame.
    :param text: what is wrong, with the offending value.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def image_to_array(message: ImageMessage) -> np.ndarray:
    """
    Return the pixels of an image message; a view of its data where the layout allows.

    :param message: 8- or 16-bit gray (16 bits keep the upper 8), BGR, RGB, with or without
        alpha, Bayer or YUV 4:2:2; rows may be padded.
    :returns: uint8 (H, W) gray or (H, W, 3) BGR; not to be written to.
    :raises ImageError: if size, step, encoding or amount of data do not fit; names the value.
    """
    if message.encoding not in _ENCODINGS:
        raise ImageError('encoding', f"encoding '{message.encoding}' is not supported; known are "
                         f'{", ".join(_ENCODINGS)}')
    width_bytes, channels, conversion = _ENCODINGS[message.encoding]
    pixels = _rows(message, width_bytes, channels)
    if width_bytes == 2:
        return (pixels >> 8).astype(np.uint8)
    if conversion is None:
        return pixels
    if message.encoding.startswith('bayer') and min(pixels.shape) < 2:
        raise ImageError('size', f'a Bayer image needs 2x2 pixels or more, got '
                         f'{message.width}x{message.height}')
    if channels == 2 and message.width % 2:
        raise ImageError('size', f'{message.encoding} needs an even width, got {message.width}')
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), conversion))


def depth_to_array(message: ImageMessage) -> np.ndarray:
    """
    Return the distances of a depth image (REP 118).

    :param message: 32FC1 [m] or 16UC1 [mm].
    :returns: float32 (H, W) [m], NaN where unknown.
    :raises ImageError: as :func:`image_to_array`.
    """
    if message.encoding == '16UC1':
        millimeters = _rows(message, 2, 1).astype(np.float32)
        return np.where(millimeters > 0, millimeters / 1000, np.nan).astype(np.float32)
    if message.encoding != '32FC1':
        raise ImageError('encoding', f"depth encoding '{message.encoding}' is not supported; "
                         'known are 16UC1 (mm) and 32FC1 (m)')
    meters = _rows(message, 4, 1, 'f')
    return np.where(np.isfinite(meters) & (meters > 0), meters, np.nan).astype(np.float32)


def compressed_to_array(message: CompressedMessage) -> np.ndarray:
    """
    Decode a JPEG, PNG or WebP picture.

    Its pixels stay as they were sent, whatever EXIF says of turning: camera_info, depth and
    image_transport mean these.

    :returns: uint8 (H, W, 3) BGR or, for a gray picture, (H, W).
    :raises ImageError: for empty, cut off, too large or unreadable data, or another format.
    """
    if 'compressedDepth' in message.format:
        raise ImageError('format', f"format '{message.format}' is a depth image; image/compressed "
                         'takes pictures')
    try:
        return decode_picture(np.frombuffer(message.data, np.uint8).tobytes())
    except PictureError as error:
        raise ImageError(error.kind, f"{error} (format '{message.format[:80]}')") from error


def _rows(message: ImageMessage, width_bytes: int, channels: int, kind: str = 'u') -> np.ndarray:
    """Return (H, W) or (H, W, channels) in the machine's byte order, padding cut off."""
    height, width, step = message.height, message.width, message.step
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ImageError('size', f'the size {width}x{height} is no image')
    row = width * channels * width_bytes
    if step < row:
        raise ImageError('step', f'step is {step}, but {width} pixels of {message.encoding} '
                         f'need {row} bytes a row')
    # The last row may come without its padding.
    needed = step * (height - 1) + row
    data = np.frombuffer(message.data, np.uint8)
    if data.size < needed:
        raise ImageError('data', f'{data.size} bytes of data, but {width}x{height} '
                         f'{message.encoding} with step {step} needs {needed}')
    strided = np.lib.stride_tricks.as_strided(
        data, (height, row), (step, 1), writeable=False)
    if width_bytes > 1:
        order = '>' if message.is_bigendian else '<'
        strided = np.ascontiguousarray(strided).view(f'{order}{kind}{width_bytes}')
        if (order == '>') != (sys.byteorder == 'big'):
            strided = strided.astype(f'={kind}{width_bytes}')
    return strided if channels == 1 else strided.reshape(height, width, channels)
