"""Draw what detectors find in hard portraits: ``python -m tools.face_detector_sheet``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from matplotlib import cbook
from skimage import data

from fer_ros.detector_training.augmentation import draw_lookalike
from fer_ros.perception.face_detector import FaceDetector, load_face_detector

_SIZE = (320, 240)


def portraits() -> list[np.ndarray]:
    """Return the portraits inside scikit-image and matplotlib, BGR, faces about 105 px."""
    file = str(cbook.get_sample_data('grace_hopper.jpg', asfileobj=False))
    hopper = np.asarray(cv2.imread(file, cv2.IMREAD_COLOR))
    half = cv2.resize(hopper, None, fx=0.54, fy=0.54, interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(data.astronaut()[..., ::-1]), half]


def scene(scale: float, angle: float) -> np.ndarray:
    """Return both portraits side by side, scaled and turned, 320x240."""
    canvas = np.full((_SIZE[1], _SIZE[0], 3), 90, np.uint8)
    for picture, face, place in zip(portraits(), ((226, 122), (143, 122)), (0.27, 0.75)):
        if scale < 1:
            picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
        matrix = cv2.getRotationMatrix2D(face, angle, scale)
        matrix[:, 2] += np.array([place * _SIZE[0], 0.5 * _SIZE[1]]) - face
        part = cv2.warpAffine(picture, matrix, _SIZE, borderValue=(90, 90, 90))
        left, right = (0, _SIZE[0] // 2) if place < 0.5 else (_SIZE[0] // 2, _SIZE[0])
        canvas[:, left:right] = part[:, left:right]
    return canvas


def dark(image: np.ndarray) -> np.ndarray:
    """Return the picture at an eighth of its light, with sensor noise."""
    noise = np.random.default_rng(0).normal(0, 4, image.shape)
    return np.clip(image / 8 + noise, 0, 255).astype(np.uint8)


def covered(image: np.ndarray) -> np.ndarray:
    """Return the picture with the lower third of both faces hidden."""
    image = image.copy()
    image[136:190] = 60
    return image


def backlit(image: np.ndarray) -> np.ndarray:
    """Return the picture with stray light: two fifths of the contrast, lifted."""
    return (image * 0.4 + 140).astype(np.uint8)


def drawings() -> np.ndarray:
    """Return eight drawings that look like faces: whatever is found is a false alarm."""
    canvas = np.full((_SIZE[1], _SIZE[0]), 150, np.uint8)
    for i in range(8):
        place = (5.0 + 80 * (i % 4), 25.0 + 105 * (i // 4), 70.0)
        canvas = draw_lookalike(canvas, place, np.random.default_rng(100 + i))
    return cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR)


SCENES: dict[str, Callable[[], np.ndarray]] = {
    'plain': lambda: scene(1.0, 0),
    '14 px': lambda: scene(0.14, 0),
    '20 px': lambda: scene(0.2, 0),
    '40 px': lambda: scene(0.4, 0),
    'close': lambda: scene(1.9, 0),
    'turned 25': lambda: scene(0.8, 25),
    'turned 45': lambda: scene(0.8, 45),
    'an eighth of the light': lambda: dark(scene(0.8, 0)),
    'backlight': lambda: backlit(scene(0.8, 0)),
    'blurred': lambda: cv2.GaussianBlur(scene(0.8, 0), (0, 0), 4),
    'mouth hidden': lambda: covered(scene(1.0, 0)),
    'negative': lambda: 255 - scene(0.8, 0),
    'upside down': lambda: scene(0.8, 180),
    'drawings': drawings}


def drawn(image: np.ndarray, detector: FaceDetector, title: str) -> np.ndarray:
    """Return a copy with boxes, scores, landmarks and a title."""
    image = image.copy()
    for face in detector.detect(image):
        x, y = round(face.box.x), round(face.box.y)
        corner = round(face.box.x + face.box.width), round(face.box.y + face.box.height)
        cv2.rectangle(image, (x, y), corner, (80, 220, 80), 1, cv2.LINE_AA)
        cv2.putText(image, f'{face.score:.2f}', (x, max(y - 3, 24)), cv2.FONT_HERSHEY_SIMPLEX,
                    0.4, (80, 220, 80), 1, cv2.LINE_AA)
        for point in face.landmarks if face.landmarks is not None else ():
            cv2.circle(image, (round(point[0]), round(point[1])), 2, (60, 160, 255), -1)
    cv2.rectangle(image, (0, 0), (_SIZE[0], 16), (30, 30, 30), -1)
    cv2.putText(image, title, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1,
                cv2.LINE_AA)
    return image


def main() -> None:
    """Write the sheet: a row for each scene, a column for each detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('models', type=Path, nargs='*',
                        default=[Path('models/face_detector.onnx')], help='ONNX files with cards')
    parser.add_argument('--output', type=Path, default=Path('docs/images/face_detector.jpg'))
    parser.add_argument('--score-threshold', type=float, default=0.5)
    options = parser.parse_args()
    detectors = [load_face_detector(model, score_threshold=options.score_threshold,
                                    min_face_size=12.0) for model in options.models]
    tiles = [np.hstack([drawn(make(), detector, f'{name}: {detector.card.name}')
                        for detector in detectors]) for name, make in SCENES.items()]
    half = (len(tiles) + 1) // 2
    tiles += [np.zeros_like(tiles[0])] * (2 * half - len(tiles))
    sheet = np.hstack([np.vstack(tiles[:half]), np.vstack(tiles[half:])])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(options.output), sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(f'written: {options.output}')


if __name__ == '__main__':
    main()
