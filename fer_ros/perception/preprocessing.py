"""
From a picture to a network's input: the ONE place; runtime, training, evaluation call it.

The emotion networks see a face as FER2013 frames it. :data:`TEMPLATE` is where its five
landmarks lie, as fractions of the crop's side: the median over 3,681 FER2013 training images
in which YuNet found a face, made mirror-symmetric.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from fer_ros.perception.types import BoundingBox, Detection

#: Right eye, left eye, nose, right and left mouth corner in the crop (fractions of its side).
TEMPLATE = np.array(
    [[0.317, 0.393], [0.683, 0.393], [0.500, 0.594], [0.343, 0.740], [0.657, 0.740]])

#: Where InsightFace's ArcFace (and so OpenCV's MobileFaceNet) wants the same five points, in a
#: crop of 112x112 [px]: insightface/utils/face_align.py, opencv_zoo's facial_fer_model.py.
_ARCFACE = (np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366],
                      [41.5493, 92.3655], [70.7299, 92.2041]]) + 0.5) / 112

#: Side of the crop / sqrt(width * height) of the face box, for a face without landmarks.
CROP_PER_BOX = 1.13


def check_picture(image: np.ndarray) -> None:
    """:raises ValueError: unless it is uint8 (H, W) or (H, W, 3) with at least one pixel."""
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.size == 0 or (
            image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f'expected uint8 (H, W) or (H, W, 3), got {image.dtype} {image.shape}')


def to_gray(image: np.ndarray) -> np.ndarray:
    """
    Return the gray levels of a picture (ITU-R BT.601, as OpenCV weighs them).

    :param image: uint8 (H, W) gray or (H, W, 3) BGR.
    :returns: uint8 (H, W); the same array if it is gray already.
    :raises ValueError: for an empty image, another shape or dtype.
    """
    check_picture(image)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def crop_transform(detection: Detection, size: tuple[int, int],
                   framing: str = 'fer2013') -> np.ndarray:
    """
    Return the similarity transform from the source image to the network's framing.

    With landmarks: least squares fit of the five points to :data:`TEMPLATE` (Umeyama 1991,
    IEEE PAMI 13(4)) for the roll; size and place are the mean of that fit and of the box, whose
    errors are their own (``fer_ros evaluate-pipeline``: half a point to one of accuracy). Without:
    a square around the box, upright.

    :param detection: box and landmarks in the source image [px].
    :param size: (width, height) of the crop [px].
    :param framing: one of :data:`FRAMINGS`.
    :returns: float64 (2, 3): source pixel -> crop pixel, pixel centers at integers.
    """
    target = np.asarray(size, float)
    transform = _as_fer2013(detection, target)
    if framing == 'fer2013':
        return transform
    shift = np.append(FRAMINGS[framing], [[0.0, 0.0, 1.0]], 0)
    # Of fractions of the crop's sides; pixel centers lie half a pixel in.
    pixels = np.array([[target[0], 0, -0.5], [0, target[1], -0.5], [0, 0, 1]])
    moved: np.ndarray = (pixels @ shift @ np.linalg.inv(pixels)) @ np.append(
        transform, [[0.0, 0.0, 1.0]], 0)
    return moved[:2]


def _as_fer2013(detection: Detection, target: np.ndarray) -> np.ndarray:
    by_box = _box_transform(detection.box, target)
    if detection.landmarks is not None:
        by_points = _similarity(
            np.ascontiguousarray(detection.landmarks, float), TEMPLATE * target - 0.5)
        if by_points is not None:
            return _mean_transform(by_points, by_box, target) if (
                detection.box.area > 0) else by_points
    return by_box


def crop_face(image: np.ndarray, detection: Detection, size: tuple[int, int],
              gray: bool = False, framing: str = 'fer2013') -> np.ndarray:
    """
    Cut a face out of a picture, upright and in the network's framing.

    Pixels beyond the image repeat its border. A face larger than the crop is averaged down
    (no aliasing), as the training images were.

    :param image: uint8 (H, W) or (H, W, 3).
    :param detection: the face in the image.
    :param size: (width, height) of the crop [px].
    :param gray: make a color picture gray, just where the crop lies.
    :param framing: one of :data:`FRAMINGS`.
    :returns: uint8 (height, width) or (height, width, 3).
    """
    transform = crop_transform(detection, size, framing)
    (a, b, _), (c, d, _) = transform.tolist()
    scale = math.sqrt(abs(a * d - b * c))
    # One bilinear tap per output pixel skips source pixels below scale 1/2: warp to a larger
    # crop and average it down.
    factor = min(max(int(1 / max(scale, 1e-6)), 1), 8)
    if factor > 1:
        transform = transform * factor
        transform[:, 2] += (factor - 1) / 2
    if gray and image.ndim == 3:
        image = _gray_part(image, transform, (size[0] * factor, size[1] * factor))
    crop = cv2.warpAffine(
        image, transform, (size[0] * factor, size[1] * factor), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA) if factor > 1 else crop


def normalize(
        crops: np.ndarray, normalization: str, mean: float | tuple[float, ...] = 0.0,
        std: float | tuple[float, ...] = 255.0) -> np.ndarray:
    """
    Scale gray levels to network input.

    :param crops: uint8 or float (N, ...), 0..255.
    :param normalization: 'fixed': ``(x - mean) / std``; 'per_image': each of the N to mean 0
        and standard deviation 1 (a constant one becomes 0), so that light and contrast drop
        out.
    :param mean: [gray levels], for 'fixed'; three are those of the colors, the last axis.
    :param std: likewise.
    :returns: float32, same shape.
    :raises ValueError: for an unknown normalization.
    """
    values = crops.astype(np.float32)
    if normalization == 'fixed':
        return (values - _float32(mean)) / _float32(std)
    if normalization != 'per_image':
        raise ValueError(f"normalization '{normalization}' is not one of 'fixed', 'per_image'")
    if len(values) == 0:
        return values
    flat = values.reshape(len(values), -1)
    flat -= flat.mean(1, keepdims=True)
    deviation = np.sqrt((flat * flat).mean(1))
    flat /= np.maximum(deviation, 1.0)[:, None]
    return values


def _float32(value: float | tuple[float, ...]) -> np.ndarray | np.float32:
    return np.array(value, np.float32) if isinstance(value, tuple) else np.float32(value)


def _gray_part(image: np.ndarray, transform: np.ndarray,
               size: tuple[int, int]) -> np.ndarray:
    """Return the part of a picture that a crop shows, gray; the transform is moved to it."""
    height, width = image.shape[:2]
    (a, b, x), (c, d, y) = cv2.invertAffineTransform(transform).tolist()
    # How far the picture of the crop reaches from its first corner, to both sides.
    right, down = (a * size[0], b * size[1]), (c * size[0], d * size[1])
    left, top = (int(min(max(first + sum(min(v, 0.0) for v in reach) - 2, 0), limit - 1))
                 for first, reach, limit in ((x, right, width), (y, down, height)))
    end, bottom = (int(min(max(first + sum(max(v, 0.0) for v in reach) + 3, low + 1), limit))
                   for first, reach, low, limit in (
                       (x, right, left, width), (y, down, top, height)))
    transform[:, 2] += transform[:, :2] @ (left, top)
    return to_gray(image[top:bottom, left:end])


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray | None:
    """Fit rotation, scale and shift; None if the points are degenerate or not finite."""
    if source.shape != target.shape:
        return None
    # As complex numbers: target = factor * source + shift, least squares. Plain ones: arrays of
    # five are slow.
    s, t = ([complex(x, y) for x, y in points.tolist()] for points in (source, target))
    s_mean, t_mean = sum(s) / len(s), sum(t) / len(t)
    s = [point - s_mean for point in s]
    spread = sum(point.real * point.real + point.imag * point.imag for point in s)
    if not 1e-6 <= spread < math.inf:
        return None
    factor = sum(one.conjugate() * other for one, other in zip(s, t)) / spread
    if abs(factor) ** 2 < 1e-12:
        return None
    shift = t_mean - factor * s_mean
    return np.array([[factor.real, -factor.imag, shift.real],
                     [factor.imag, factor.real, shift.imag]])


def _mean_transform(turned: np.ndarray, upright: np.ndarray, target: np.ndarray) -> np.ndarray:
    """
    Return the roll of the first transform with the geometric mean of both scales, and the middle
    between both places at the crop's center.
    """
    (a, b, e), (c, d, f) = turned.tolist()
    scale_box, shift_x, shift_y = float(upright[0, 0]), float(upright[0, 2]), float(upright[1, 2])
    scale = math.hypot(a, c)
    x, y = ((target - 1) / 2).tolist()
    # The source pixels that the two transforms put there.
    determinant = a * d - b * c
    x_points, y_points = (d * (x - e) - b * (y - f)) / determinant, (
        a * (y - f) - c * (x - e)) / determinant
    u = (x_points + (x - shift_x) / scale_box) / 2
    v = (y_points + (y - shift_y) / scale_box) / 2
    factor = math.sqrt(scale * scale_box) / scale
    a, b, c, d = a * factor, b * factor, c * factor, d * factor
    return np.array([[a, b, x - a * u - b * v], [c, d, y - c * u - d * v]])


def _box_transform(box: BoundingBox, target: np.ndarray) -> np.ndarray:
    scale = target.min() / max(box.size * CROP_PER_BOX, 1e-3)
    center = np.asarray(box.center) - 0.5
    shift = (target - 1) / 2 - scale * center
    return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])


#: name -> float64 (2, 3), from a place in FER2013's framing to the place in this one (fractions
#: of the crop's sides).
FRAMINGS = {'fer2013': np.eye(2, 3), 'arcface': np.asarray(_similarity(TEMPLATE, _ARCFACE))}
