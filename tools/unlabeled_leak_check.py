"""
Tell whether faces that a network learned from without labels are among those it is judged by.

``python -m tools.unlabeled_leak_check FOLDER_WITH_LABELS RUN/answers/unlabeled.npz [MODEL ...]``:
figures on the pictures of the folder, all of them and those that no training face nearly equals.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from fer_ros.datasets.checks import near_duplicates
from fer_ros.evaluation.emotion.other_pictures import (
    figures_of,
    probabilities_in,
    read_labeled_pictures,
)
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

#: bits of 64, as ``fer_ros dataset`` has it.
DISTANCE = 6


def crops_of(files: list[Path]) -> np.ndarray:
    """Return the largest face of each picture as a network sees it, black where there is none."""
    pipeline = build_pipeline(PipelineConfig())
    crops = np.zeros((len(files), 48, 48), np.uint8)
    for i, file in enumerate(files):
        image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ValueError(f"'{file}' cannot be read as a picture")
        faces = pipeline.detector.detect(image)
        if faces:
            crops[i] = pipeline.classifier.crops(
                image, [max(faces, key=lambda face: face.box.area)])[0]
    return crops


def main() -> None:
    """Print both sets of figures."""
    pictures = read_labeled_pictures(Path(sys.argv[1]))
    with np.load(sys.argv[2]) as kept:
        learned = np.stack([cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
                            for image in kept['images']])
    pairs = near_duplicates(np.concatenate([learned, crops_of(pictures.files)]), DISTANCE)
    twins = {b - len(learned) for a, b in pairs if a < len(learned) <= b}
    twin = np.isin(np.arange(len(pictures.files)), sorted(twins))
    print(f'{twin.sum()} of {len(twin)} pictures nearly equal a face without label')
    models = [Path(name) for name in sys.argv[3:]] or [resource_path('models/emotion.onnx')]
    for model in models:
        pipeline = build_pipeline(PipelineConfig(emotion_model=model))
        answers = probabilities_in(pictures, pipeline)
        for name, rows in (('all', twin | ~twin), ('without them', ~twin)):
            figures = figures_of(answers[rows], pictures.labels[rows])
            print(f'{pipeline.classifier.card.name}, {name}: accuracy '
                  f'{100 * figures["accuracy"]:.1f} %, F1 {figures["macro_f1_frequent"]:.3f}')


if __name__ == '__main__':
    main()
