"""Is this face good enough to be classified? If not, why."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.head_pose import head_pose
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import (
    QUALITY_BLURRED,
    QUALITY_CUT_OFF,
    QUALITY_EXTREME_POSE,
    QUALITY_OK,
    QUALITY_TOO_DARK,
    QUALITY_TOO_SMALL,
    Detection,
)

#: Sharpness is that of a crop of so many pixels: enlarged, any picture is blurred.
_SIDE = 48


@dataclass(frozen=True)
class QualityConfig:
    """
    :param min_size: smallest face to classify [px of the source image].
    :param min_visible: smallest share of the face's box inside the image, 0..1.
    :param min_sharpness: smallest :func:`sharpness`; 0 lets everything pass.
    :param max_turn: largest turn of the head away from the camera [deg]; 90 lets everything pass.
    :param min_brightness: smallest mean gray level of the crop; 0 lets everything pass.
    """

    min_size: float = 20.0
    min_visible: float = 0.7
    min_sharpness: float = 0.01
    max_turn: float = 60.0
    min_brightness: float = 8.0


def sharpness(crop: np.ndarray) -> float:
    """
    Return how much fine detail a crop has, whatever its contrast.

    Variance of the Laplacian (Pech-Pacheco et al. 2000, 10.1109/ICPR.2000.903548) over the
    variance of the gray levels.

    :param crop: uint8 (H, W) or (H, W, 3).
    :returns: 0 for a constant crop.
    """
    return brightness_and_sharpness(crop)[1]


def brightness_and_sharpness(crop: np.ndarray) -> tuple[float, float]:
    """
    Return the mean gray level, 0..255, and :func:`sharpness` of a crop.

    :param crop: uint8 (H, W) or (H, W, 3).
    """
    gray = to_gray(crop)
    if min(gray.shape) > _SIDE:
        gray = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(gray)
    brightness, variance = float(mean[0, 0]), float(deviation[0, 0]) ** 2
    if variance < 1.0:
        return brightness, 0.0
    detail = float(cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))[1][0, 0])
    return brightness, detail ** 2 / variance


def frame_weight(detection: Detection, sharp: float, config: QualityConfig) -> float:
    """
    Return how far to trust a face that passed: half at the border, all at twice the border.

    :param detection: in the source image.
    :param sharp: :func:`sharpness` of its crop.
    :returns: 0.5..1, the smaller one for size and for sharpness.
    """
    ratios = [detection.box.size / config.min_size if config.min_size > 0 else 2.0]
    if config.min_sharpness > 0:
        ratios.append(sharp / config.min_sharpness)
    return min(max(min(ratios) / 2, 0.5), 1.0)


def place_quality(
        detection: Detection, image_width: int, image_height: int,
        config: QualityConfig) -> str:
    """Judge place and pose of a face: ``ok``, ``too_small``, ``cut_off`` or ``extreme_pose``."""
    box = detection.box
    if box.size < config.min_size:
        return QUALITY_TOO_SMALL
    if box.clipped(image_width, image_height).area < config.min_visible * box.area:
        return QUALITY_CUT_OFF
    if config.max_turn < 90 and detection.landmarks is not None:
        pose = head_pose(detection.landmarks)
        if pose is not None and pose.turn > config.max_turn:
            return QUALITY_EXTREME_POSE
    return QUALITY_OK


def crop_quality(sharp: float, brightness: float, config: QualityConfig) -> str:
    """
    Judge the picture of a face: ``ok``, ``too_dark`` or ``blurred``.

    :param sharp: its :func:`sharpness`.
    :param brightness: its mean gray level, 0..255.
    """
    if brightness < config.min_brightness:
        return QUALITY_TOO_DARK
    return QUALITY_BLURRED if sharp < config.min_sharpness else QUALITY_OK
