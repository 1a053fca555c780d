"""Image messages from arrays; the way back, :mod:`fer_ros.media.image_messages`, needs no ROS."""

from __future__ import annotations

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.media.image_messages import (
    ImageError,
    compressed_to_array,
    depth_to_array,
    image_to_array,
)

__all__ = ['ImageError', 'array_to_compressed', 'array_to_image', 'compressed_to_array',
           'depth_to_array', 'image_to_array']

_OUTPUT_CHANNELS = {'bgr8': 3, 'rgb8': 3, 'mono8': 1}


def array_to_image(picture: np.ndarray, header: Header, encoding: str | None = None) -> Image:
    """
    Build an image message.

    :param picture: uint8 (H, W) or (H, W, 3), in the order that the encoding names.
    :param header: passed on unchanged.
    :param encoding: 'mono8', 'bgr8' or 'rgb8'; None: mono8 or bgr8, by the shape.
    :raises ValueError: if picture and encoding do not fit.
    """
    encoding = encoding or ('mono8' if picture.ndim == 2 else 'bgr8')
    channels = 1 if picture.ndim == 2 else picture.shape[-1]
    if picture.dtype != np.uint8 or _OUTPUT_CHANNELS.get(encoding) != channels:
        raise ValueError(f"{picture.dtype} {picture.shape} does not fit encoding '{encoding}'")
    height, width = picture.shape[:2]
    message = Image(header=header, height=height, width=width, encoding=encoding,
                    step=width * channels)
    # rclpy checks every element of a bytes object; an array.array it takes as it is.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(picture).data)
    message.data = data
    return message


def array_to_compressed(picture: np.ndarray, header: Header, format: str = 'jpeg',
                        quality: int = 80) -> CompressedImage:
    """
    Build a compressed image message.

    :param picture: uint8 (H, W) or (H, W, 3) BGR.
    :param format: 'jpeg' or 'png'.
    :param quality: of a JPEG, 1..100.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if format == 'jpeg' else []
    _, encoded = cv2.imencode(f'.{format}', picture, options)
    message = CompressedImage(header=header, format=format)
    data = array.array('B')
    data.frombytes(encoded.tobytes())
    message.data = data
    return message
