"""What cameras, lights, detectors and hands do to a face, one kind at a time, for judging."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from tqdm import tqdm

Pictures = np.ndarray


def _each(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Pictures], Pictures]:
    """Turn a function of one picture into one of (N, H, W)."""
    def apply(images: Pictures) -> Pictures:
        return np.stack([function(image) for image in images]) if len(images) else images
    return apply


def _affine(image: np.ndarray, angle: float = 0.0, scale: float = 1.0,
            shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Turn [degrees], scale and shift [share of the side] a picture about its center."""
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
    matrix[:, 2] += shift[0] * width, shift[1] * height
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)


def _low_light(images: Pictures) -> Pictures:
    noise = np.random.default_rng(0).normal(0, 2, images.shape)
    return np.clip(images * 0.15 + noise, 0, 255).round().astype(np.uint8)


def _jpeg(image: np.ndarray) -> np.ndarray:
    coded = cv2.imencode('.jpg', image, (cv2.IMWRITE_JPEG_QUALITY, 30))[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))


def _small(image: np.ndarray) -> np.ndarray:
    height, width = image.shape
    return cv2.resize(cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA),
                      (width, height), interpolation=cv2.INTER_LINEAR)


def _covered(image: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    covered = image.copy()
    covered[rows, columns] = 128
    return covered


def _framed(scale: float, right: float, down: float) -> Callable[[Pictures], Pictures]:
    return _each(lambda x: _affine(x, 0, scale, (right, down)))


_WHOLE, _FIRST, _SECOND = slice(None), slice(None, 24), slice(24, None)

#: kind -> the tests whose mean is its figure. Pictures are uint8 (N, 48, 48) gray.
KINDS: dict[str, tuple[Callable[[Pictures], Pictures], ...]] = {
    'blur (Gaussian, sigma 1.5 px of 48)': (_each(lambda x: cv2.GaussianBlur(x, (0, 0), 1.5)),),
    'low light (15 % of the light, noise of 2 levels)': (_low_light,),
    'JPEG quality 30': (_each(_jpeg),),
    '24-pixel faces': (_each(_small),),
    '20 degrees of roll': (_each(lambda x: _affine(x, 20)), _each(lambda x: _affine(x, -20))),
    '15 % framing error': (
        _framed(1, 0.15, 0), _framed(1, -0.15, 0), _framed(1, 0, 0.15), _framed(1, 0, -0.15),
        _framed(1.15, 0, 0), _framed(0.85, 0, 0)),
    'left or right half covered': (_each(lambda x: _covered(x, _WHOLE, _FIRST)),
                                   _each(lambda x: _covered(x, _WHOLE, _SECOND))),
    'lower half covered (a mask)': (_each(lambda x: _covered(x, _SECOND, _WHOLE)),),
    'upper half covered': (_each(lambda x: _covered(x, _FIRST, _WHOLE)),),
}


def robustness(accuracy: Callable[[Pictures], float], images: Pictures) -> dict[str, float]:
    """
    Return the accuracy under each kind of disturbance.

    :param accuracy: judges pictures, uint8 (N, 48, 48).
    :param images: the clean ones.
    :returns: kind -> accuracy, the mean of the kind's tests.
    """
    bar = tqdm(KINDS.items(), desc='disturbances', disable=None, leave=False)
    return {kind: float(np.mean([accuracy(test(images)) for test in tests]))
            for kind, tests in bar}
