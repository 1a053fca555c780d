"""What light and camera do to a detector's training picture."""

from __future__ import annotations

import cv2
import numpy as np

#: Shares of blue, green and red in gray (BT.601).
_GRAY = np.array([0.114, 0.587, 0.299])


def as_gray(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """
    Return a gray picture as a color, a mono or a near-infrared camera might make it.

    :param image: uint8 (H, W, 3) BGR.
    :returns: uint8 (H, W).
    """
    if generator.random() < 0.5:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    share = generator.uniform(0.0, 0.8)
    weights = (1 - share) * _GRAY + share * generator.dirichlet(np.ones(3))
    return cv2.transform(image, weights[None])


def draw_lookalike(image: np.ndarray, place: tuple[float, float, float],
                   generator: np.random.Generator) -> np.ndarray:
    """
    Draw what looks like a face and is none: a smiley, a skull, a socket.

    :param image: uint8 (H, W).
    :param place: left, top and side of a square in it [px].
    :returns: a copy, uint8 (H, W).
    """
    head, ink = (int(v) for v in generator.choice(256, 2))
    if abs(head - ink) < 60:
        ink = (head + 128) % 256
    pen = _Pen(image.copy(), place)
    thick = generator.uniform(0.02, 0.08)
    outline = thick if generator.random() < 0.3 else 0.0
    width, height = generator.uniform(0.3, 0.48, 2)
    level, apart = generator.uniform(0.3, 0.48), generator.uniform(0.1, 0.2)
    skull = generator.random() < 0.4
    pen.ellipse(0.5, 0.45 if skull else 0.5, width, height, head, outline)
    if skull:
        pen.rectangle(0.5 - width * 0.6, 0.6, 0.5 + width * 0.6, 0.95, head, outline)
    eye = generator.uniform(0.03, 0.12 if skull else 0.08, 2)
    for sign in (-1, 1):
        pen.ellipse(0.5 + sign * apart, level, eye[0], eye[1], ink)
    if skull or generator.random() < 0.3:
        pen.ellipse(0.5, level + 0.17, 0.03, 0.06, ink)
    if skull:
        for tooth in np.linspace(-0.5, 0.5, int(generator.integers(4, 8))) * width:
            pen.rectangle(0.49 + tooth, 0.72, 0.51 + tooth, 0.92, ink)
    elif generator.random() < 0.85:
        arc = (20, 160) if generator.random() < 0.7 else (200, 340)
        pen.ellipse(0.5, 0.62, 0.2, generator.uniform(0.03, 0.18), ink, thick, arc)
    return pen.image


class _Pen:
    """Draws in a square of a picture; places and sizes are shares of its side."""

    def __init__(self, image: np.ndarray, place: tuple[float, float, float]) -> None:
        self.image = image
        self._left, self._top, self._side = place

    def ellipse(self, x: float, y: float, half_width: float, half_height: float, level: int,
                line: float = 0.0, arc: tuple[int, int] = (0, 360)) -> None:
        """Draw an ellipse or an arc of it [deg]; a line of 0 fills it."""
        size = self._length(half_width), self._length(half_height)
        cv2.ellipse(self.image, self._at(x, y), size, 0, *arc, level, self._line(line),
                    cv2.LINE_AA)

    def rectangle(self, left: float, top: float, right: float, bottom: float, level: int,
                  line: float = 0.0) -> None:
        """Draw a rectangle; a line of 0 fills it."""
        cv2.rectangle(self.image, self._at(left, top), self._at(right, bottom), level,
                      self._line(line))

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round(self._left + x * self._side), round(self._top + y * self._side)

    def _length(self, share: float) -> int:
        return max(round(share * self._side), 1)

    def _line(self, share: float) -> int:
        return self._length(share) if share > 0 else -1


def paste_mask(size: int, generator: np.random.Generator) -> np.ndarray:
    """Return how far a pasted face shows, float32 (size, size): a square or an ellipse."""
    if generator.random() < 0.4:
        return np.ones((size, size), np.float32)
    y, x = np.mgrid[-1:1:size * 1j, -1:1:size * 1j]
    distance = np.maximum(abs(x), abs(y)) if generator.random() < 0.4 else np.hypot(x, y)
    soft = float(generator.uniform(0.05, 0.3))
    mask: np.ndarray = np.clip((1.05 - distance) / soft, 0, 1).astype(np.float32)
    return mask


def wear_mask(image: np.ndarray, box: np.ndarray, points: np.ndarray,
              generator: np.random.Generator) -> None:
    """
    Hide mouth and chin behind a mask, a scarf or a hand of one gray level; changes the image.

    :param image: uint8 (H, W).
    :param box: left, top, width, height of the face [px].
    :param points: float (5, 2), its landmarks [px].
    """
    left, top, width, height = box
    upper = points[:2].mean(0) + (points[2] - points[:2].mean(0)) * generator.uniform(0.45, 1.1)
    middle = points[3:].mean(0)
    chin = middle[0] * 2 - points[2, 0], top + height * generator.uniform(0.97, 1.08)
    rim = upper[1] + height * generator.uniform(-0.05, 0.08)
    cheek = middle[1] + height * generator.uniform(0.0, 0.1)
    polygon = np.array([upper, (left + width, rim), (left + width * 0.97, cheek), chin,
                        (left + width * 0.03, cheek), (left, rim)])
    low, high = ((170, 250), (90, 180), (10, 90))[int(generator.choice(3, p=(0.55, 0.25, 0.2)))]
    cv2.fillPoly(image, [np.rint(polygon).astype(np.int32)], int(generator.integers(low, high)),
                 cv2.LINE_AA)


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
