"""What light and camera do to a detector's training picture."""

from __future__ import annotations

import cv2
import numpy as np


def degrade(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """
    Return the picture as another camera would have taken it.

    :param image: uint8 (H, W).
    :param generator: the source of all randomness.
    :returns: uint8 (H, W).
    """
    if generator.random() < 0.8:
        image = cv2.LUT(image, _tone_curve(generator))
    if generator.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), float(generator.uniform(0.4, 1.6)))
    if generator.random() < 0.3:
        noise = generator.normal(0, generator.uniform(2, 14), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if generator.random() < 0.2:
        _, data = cv2.imencode('.jpg', image, [
            cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(25, 80))])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    if generator.random() < 0.3:
        image = _cover(image, generator)
    return image


def _tone_curve(generator: np.random.Generator) -> np.ndarray:
    """Gamma, contrast and brightness in one table; now and then very dark, or a negative."""
    levels = np.linspace(0, 1, 256)
    curve = levels ** float(np.exp(generator.normal(0, 0.35)))
    curve = 0.5 + (curve - 0.5) * float(np.exp(generator.normal(0, 0.25)))
    curve = curve + generator.normal(0, 0.1)
    if generator.random() < 0.12:
        curve = curve * generator.uniform(0.12, 0.4)
    return (np.clip(curve, 0, 1) * 255).astype(np.uint8)


def _cover(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Hide a few random rectangles behind one gray level: hands, cups, door frames."""
    image = image.copy()
    height, width = image.shape
    for _ in range(int(generator.integers(1, 4))):
        w, h = (int(generator.uniform(0.03, 0.2) * side) for side in (width, height))
        x, y = int(generator.integers(0, width - w)), int(generator.integers(0, height - h))
        image[y:y + h, x:x + w] = int(generator.integers(0, 256))
    return image
