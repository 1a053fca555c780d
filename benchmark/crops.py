"""
How right the judgments of crops are, by how they are cut: aligned by our detector, or as they are.

``python -m benchmark.crops fer2013.npz`` pastes public FER2013 pictures into a scene, finds them,
cuts them out as hri_face_detect does, as we do, and loosely, upright and with heads tilted.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmark.run import RESULTS, keep, table_text
from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.pipeline.evaluate import paste
from fer_ros.perception.crop_pipeline import CropPipeline, as_it_is
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.preprocessing import crop_face
from fer_ros.perception.types import BoundingBox, Detection

_SIDE = 128


def as_hri_face_detect(image: np.ndarray, box: BoundingBox) -> np.ndarray:
    """Return the box, enlarged to fill a square in one direction; the rest is black."""
    inside = box.clipped(image.shape[1], image.shape[0])
    x, y = int(inside.x), int(inside.y)
    part = image[y:y + int(inside.height), x:x + int(inside.width)]
    scale = _SIDE / max(part.shape)
    part = cv2.resize(part, None, fx=scale, fy=scale)[:_SIDE, :_SIDE]
    top, left = (_SIDE - part.shape[0]) // 2, (_SIDE - part.shape[1]) // 2
    result = np.zeros((_SIDE, _SIDE), np.uint8)
    result[top:top + part.shape[0], left:left + part.shape[1]] = part
    return result


def cuts(image: np.ndarray, face: Detection) -> dict[str, np.ndarray]:
    """Return name -> crop of a face."""
    box, size = face.box, (_SIDE, _SIDE)
    wide = BoundingBox(box.x - 0.3 * box.width, box.y - 0.3 * box.height, 1.6 * box.width,
                       1.6 * box.height)
    return {'hri_face_detect': as_hri_face_detect(image, box),
            'ours, cropped': crop_face(image, Detection(box, 1.0), size),
            'ours, aligned': crop_face(image, face, size),
            'loose': crop_face(image, Detection(wide, 1.0), size)}


def measure(file: Path, count: int) -> list[dict[str, object]]:
    """Return a row for each cut: accuracy on the FER+ majority [%]."""
    pipeline, crops = build_pipeline(PipelineConfig()), CropPipeline(PipelineConfig())
    _, data = load_fer2013(file)
    generator = np.random.default_rng(0)
    scene = np.full((480, 640), 120, np.uint8)
    chosen = generator.permutation(np.flatnonzero(data.majority >= 0))[:count]
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)

    def judge(key: tuple[str, str], image: np.ndarray, face: Detection, truth: int) -> None:
        answer = crops.classifier.classify(crops.classifier.crops(image, [face]))[0][0]
        right[key].append(int(answer.argmax()) == truth)
    for i in tqdm(chosen, disable=None):
        for tilt in (0.0, 20.0 * generator.choice([-1, 1])):
            placed = paste(data.images[i], scene, generator, side=120).tilted(tilt)
            face, truth = placed.its_face(pipeline.detector.detect(placed.frame)), int(
                data.majority[i])
            if face is None:
                continue
            head = 'tilted' if tilt else 'upright'
            judge(('whole picture', head), placed.frame, face, truth)
            for name, crop in cuts(placed.frame, face).items():
                judge((name, f'{head}, as it is'), crop, as_it_is(crop), truth)
                judge((name, f'{head}, found again'), crop, crops.framing(crop), truth)
    names = dict.fromkeys(name for name, _ in right)
    columns = ('upright', 'upright, as it is', 'upright, found again', 'tilted',
               'tilted, as it is', 'tilted, found again')
    return [{'crop': name, **{column: 100 * float(np.mean(right[name, column])) if (
        name, column) in right else '' for column in columns}} for name in names]


def main() -> int:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('file', type=Path, help='FER2013 with FER+ votes, npz')
    parser.add_argument('--pictures', type=int, default=900)
    parser.add_argument('--output', type=Path, default=RESULTS / 'crops.json')
    options = parser.parse_args()
    rows = measure(options.file, options.pictures)
    print(table_text(rows))
    keep(options.output, {'pictures': options.pictures, 'rows': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
