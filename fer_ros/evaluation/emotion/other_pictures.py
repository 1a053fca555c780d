"""
Judge the whole system by labeled pictures with a face in them, other people's above all.

The detector finds the face and the preprocessing cuts it out, as on a robot; no tracking.
"""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from fer_ros.evaluation.emotion.metrics import (
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    share_interval,
)
from fer_ros.media.picture_decoder import read_picture
from fer_ros.media.picture_files import PictureFiles
from fer_ros.perception.labels import EMOTIONS, canonical
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline

#: an emotion with fewer pictures does not count in the mean of the F1 scores: one picture more
#: or less would move it by points.
FEWEST = 20


@dataclass(frozen=True)
class LabeledPictures:
    """
    Pictures of one face each.

    :param files: N of them.
    :param labels: int64 (N,), index in :data:`~fer_ros.perception.labels.EMOTIONS`.
    """

    files: list[Path]
    labels: np.ndarray


def read_labeled_pictures(folder: Path) -> LabeledPictures:
    """
    Read ``labels.csv`` (columns ``image`` and ``class``); pictures lie beside it or in images/.

    :raises ValueError: if the table, a column, an emotion or a picture is unknown; names it.
    """
    table = folder / 'labels.csv'
    if not table.is_file():
        raise ValueError(f"'{table}' is not there; it names the emotion of each picture in the "
                         'columns image, class')
    files, labels = [], []
    with table.open(newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            if not {'image', 'class'} <= set(row):
                raise ValueError(f"'{table}' has the columns {', '.join(map(str, row))}; it needs "
                                 'image and class')
            places = (folder / row['image'], folder / 'images' / row['image'])
            if not any(place.is_file() for place in places):
                raise ValueError(f"'{table}' names '{row['image']}'; neither '{places[0]}' nor "
                                 f"'{places[1]}' is there")
            files.append(next(place for place in places if place.is_file()))
            labels.append(EMOTIONS.index(canonical(row['class'])))
    if not files:
        raise ValueError(f"'{table}' has no rows")
    return LabeledPictures(files, np.array(labels, np.int64))


def readable(pictures: LabeledPictures) -> tuple[LabeledPictures, list[str]]:
    """
    Return the pictures that can be read, and of each of the others why not, a line a file.

    What was not read is no face that was not found.

    :raises ValueError: if none can be read; names the first.
    """
    files = PictureFiles(pictures.files)
    good = {path for path, _ in files}
    kept = np.array([file in good for file in pictures.files])
    return LabeledPictures([file for file in pictures.files if file in good],
                           pictures.labels[kept]), files.report()


def probabilities_in(pictures: LabeledPictures, pipeline: Pipeline) -> np.ndarray:
    """
    Return the calibrated answer for the largest face of each picture.

    :returns: float32 (N, 8); rows of NaN where no face was found.
    :raises ValueError: if a picture cannot be read.
    """
    answers = np.full((len(pictures.files), len(EMOTIONS)), np.nan, np.float32)
    columns = [EMOTIONS.index(label) for label in pipeline.labels]
    for i, file in enumerate(tqdm(pictures.files, desc='pictures', leave=False, mininterval=1,
                                  disable=None)):
        image = read_picture(file)
        faces = pipeline.analyze(image)
        face = max(faces, key=lambda f: f.track.detection.box.area, default=None)
        if face is not None:
            crops = pipeline.classifier.crops(image, [face.track.detection])
            answers[i] = 0
            answers[i, columns] = pipeline.classifier.classify(crops)[0][0]
    return answers


def figures_of(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """
    Return accuracy, F1 scores and honesty over the pictures whose face was found.

    :param probabilities: float (N, 8), rows of NaN where there was none.
    :param labels: int (N,).
    """
    found = ~np.isnan(probabilities[:, 0])
    answers, truth = probabilities[found], labels[found]
    if len(truth) == 0:
        raise ValueError('no face was found in any of the pictures')
    right, confidence = answers.argmax(1) == truth, answers.max(1)
    scores = class_scores(confusion_matrix(truth, answers.argmax(1), len(EMOTIONS)))
    frequent = scores['support'] >= FEWEST
    counts = Counter(EMOTIONS[label] for label in labels)
    return {
        'pictures': len(labels), 'found': float(found.mean()), 'labels': dict(counts),
        'accuracy': float(right.mean()),
        'accuracy_95_percent': share_interval(right.sum(), len(right)),
        'macro_f1_frequent': float(scores['f1'][frequent].mean()) if frequent.any() else 0.0,
        'frequent': [EMOTIONS[i] for i in np.flatnonzero(frequent)],
        'f1': {EMOTIONS[i]: float(scores['f1'][i]) for i in np.flatnonzero(scores['support'])},
        'mean_confidence': float(confidence.mean()),
        'confidence_minus_accuracy': float(confidence.mean() - right.mean()),
        'ece_15_bins': expected_calibration_error(answers, truth)}


def judge_pictures(folder: Path, models: list[Path], output: Path) -> dict[str, Any]:
    """
    Judge networks by a folder of labeled pictures; writes ``pictures.json``.

    :param folder: see :func:`read_labeled_pictures`.
    :param models: ONNX files with cards.
    :param output: folder for the figures.
    :returns: model -> figures.
    """
    pictures, skipped = readable(read_labeled_pictures(folder))
    figures: dict[str, Any] = {}
    for model in models:
        pipeline = build_pipeline(PipelineConfig(emotion_model=model))
        name = pipeline.classifier.card.name
        if name in figures:
            raise ValueError(f"'{model}': another model is named '{name}' too; give each a name "
                             'of its own in its card')
        figures[name] = {**figures_of(probabilities_in(pictures, pipeline), pictures.labels),
                         'skipped': skipped}
    output.mkdir(parents=True, exist_ok=True)
    (output / 'pictures.json').write_text(json.dumps(
        {'date': time.strftime('%Y-%m-%d'), 'pictures': folder.name, 'models': figures},
        indent=2) + '\n', encoding='utf-8')
    return figures


def pictures_table(figures: dict[str, Any]) -> str:
    """Return the figures as text, a line a model."""
    width = max(map(len, figures))
    first = next(iter(figures.values()))
    counted = f'F1 is the mean over {", ".join(first["frequent"])}' if first['frequent'] else (
        f'no emotion has {FEWEST} pictures, which a mean F1 needs')
    lines = [f'{first["pictures"]} pictures; {counted}',
             f'{"model":{width}}  found %  accuracy % (95 %)      F1     '
             'confidence - accuracy  F1 of each']
    for name, m in figures.items():
        low, high = (100 * value for value in m['accuracy_95_percent'])
        accuracy = f'{100 * m["accuracy"]:.1f} ({low:.1f} to {high:.1f})'
        mean = f'{m["macro_f1_frequent"]:.3f}' if m['frequent'] else '    -'
        each = ' '.join(f'{label} {value:.2f}' for label, value in m['f1'].items())
        lines.append(f'{name:{width}}  {100 * m["found"]:7.1f}  {accuracy:22}  {mean}  '
                     f'{m["confidence_minus_accuracy"]:+21.3f}  {each}')
    return '\n'.join(lines)
