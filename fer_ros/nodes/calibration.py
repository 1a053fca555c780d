"""A camera's calibration, as ``camera_calibration`` writes it, for images of any scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from fer_ros.media.frame_source import SourceError
from fer_ros.perception.yaml_file import one_line, read_yaml

_FIELD_OF_VIEW = math.radians(60)
#: Distortion coefficients of each model (sensor_msgs/distortion_models.hpp).
_COEFFICIENTS = {'plumb_bob': (4, 5), 'rational_polynomial': (8, 12, 14), 'equidistant': (4,)}


@dataclass(frozen=True)
class Calibration:
    """
    A pinhole camera.

    :param size: (width, height) of the images that it was made with [px].
    :param model: of the distortion.
    :param d: coefficients of the distortion, as many as the model has.
    :param k: float (3, 3), the camera matrix.
    :param r: float (3, 3), the rectification.
    :param p: float (3, 4), the projection of rectified points.
    """

    size: tuple[int, int]
    model: str
    d: np.ndarray
    k: np.ndarray
    r: np.ndarray
    p: np.ndarray

    def message(self, source_size: tuple[int, int], size: tuple[int, int],
                header: Header) -> CameraInfo:
        """
        Return camera_info of an image that was resized.

        :param source_size: (width, height) as the camera gave it [px].
        :param size: (width, height) as it is published [px].
        :raises SourceError: if the camera's images have other proportions than the calibration.
        """
        if abs(source_size[0] * self.size[1] / (source_size[1] * self.size[0]) - 1) > 0.01:
            raise SourceError(
                'camera_info_file is of images of {}x{}, but the source has {}x{}: calibrate '
                'with these'.format(*self.size, *source_size))
        return CameraInfo(
            header=header, width=size[0], height=size[1], distortion_model=self.model,
            d=self.d.tolist(), r=self.r.ravel().tolist(),
            k=self._scaled(self.k, size).ravel().tolist(),
            p=self._scaled(self.p, size).ravel().tolist())

    def _scaled(self, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return K or P for another size; pixel centers are at whole numbers (OpenCV)."""
        result = matrix.copy()
        for axis in (0, 1):
            factor = size[axis] / self.size[axis]
            result[axis] *= factor
            result[axis, 2] = (matrix[axis, 2] + 0.5) * factor - 0.5
        return result


def pinhole(size: tuple[int, int]) -> Calibration:
    """Return a camera without distortion that sees 60 degrees across."""
    focal = size[0] / 2 / math.tan(_FIELD_OF_VIEW / 2)
    k = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    return Calibration(size, 'plumb_bob', np.zeros(5), k, np.eye(3),
                       np.column_stack([k, np.zeros(3)]))


def read_calibration(file: str) -> Calibration:
    """
    Read a YAML file of ``camera_calibration``.

    :raises SourceError: if it is none; names the field and what is wrong with it.
    """
    try:
        data = read_yaml(file)
        if not isinstance(data, Mapping):
            raise ValueError(f'it holds {type(data).__name__}, no fields')
        return _calibration(data)
    except (ValueError, OverflowError) as error:
        raise SourceError(f"camera_info_file '{file}' is no camera calibration: "
                          f'{one_line(str(error))}') from error


def _calibration(data: Mapping[str, Any]) -> Calibration:
    size = _numbers(data, 'image_width', (1,))[0], _numbers(data, 'image_height', (1,))[0]
    if not all(1 <= side == int(side) for side in size):
        raise ValueError(f'image_width x image_height is {size[0]:g}x{size[1]:g}')
    model = data.get('distortion_model')
    if model not in _COEFFICIENTS:
        raise ValueError(f'distortion_model is {model!r}, known are {", ".join(_COEFFICIENTS)}')
    k = _numbers(data, 'camera_matrix', (9,)).reshape(3, 3)
    p = _numbers(data, 'projection_matrix', (12,)).reshape(3, 4)
    for name, matrix in (('camera_matrix', k), ('projection_matrix', p)):
        if not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
            raise ValueError(f'{name} has the focal lengths {matrix[0, 0]:g} and '
                             f'{matrix[1, 1]:g}, they must be above 0')
    return Calibration(
        (int(size[0]), int(size[1])), model,
        _numbers(data, 'distortion_coefficients', _COEFFICIENTS[model]), k,
        _numbers(data, 'rectification_matrix', (9,)).reshape(3, 3), p)


def _numbers(data: Mapping[str, Any], name: str, counts: tuple[int, ...]) -> np.ndarray:
    """:raises ValueError: if a field is missing, or not so many finite numbers."""
    value = data.get(name)
    value = value.get('data') if isinstance(value, Mapping) else [value]
    if not isinstance(value, list) or len(value) not in counts or not all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
            for v in value):
        raise ValueError(f'{name} must be {" or ".join(map(str, counts))} finite numbers, is '
                         f'{one_line(str(value), 100)}')
    return np.array(value, float)
