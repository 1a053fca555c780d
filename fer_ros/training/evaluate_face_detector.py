"""``python -m fer_ros evaluate-detector``: face detectors side by side; no torch."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from tqdm import tqdm

from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.model_card import card_path, save_model_card
from fer_ros.training.detection_metrics import (
    SIZE_BINS,
    SMALLEST,
    PictureMatch,
    average_precision,
    best_threshold,
    false_alarms,
    landmark_error,
    match,
    recall,
    threshold_at,
)
from fer_ros.training.face_dataset import FacePicture, load_face_pictures

#: Recall is taken at so many false alarms per picture.
FALSE_ALARMS = 0.01
FRAME_SIZES = ((160, 120), (320, 240), (640, 480))
_LOWEST_SCORE = 0.02
_PASSES = 40


def evaluate_detector(detector: FaceDetector, folder: Path,
                      pictures: Sequence[FacePicture]) -> dict[str, float]:
    """
    Judge a detector on labeled pictures.

    :param detector: with a low score threshold, so that whole curves can be drawn.
    :param folder: where the pictures' names start; they are read again, in color.
    :param pictures: with labels.
    :returns: figure -> value; recalls at :data:`FALSE_ALARMS`.
    """
    matches = [match(detector.detect(_read(folder, picture)), picture.boxes, picture.landmarks,
                     picture.ignored)
               for picture in tqdm(pictures, desc=detector.card.name, leave=False)]
    return summarize(matches)


def summarize(matches: Sequence[PictureMatch]) -> dict[str, float]:
    """Return the figures of a detector from its matches."""
    threshold = threshold_at(matches, FALSE_ALARMS)
    figures = {'ap50': average_precision(matches)}
    for low, high in SIZE_BINS:
        figures[f'ap50_{_bin_name(low, high)}'] = average_precision(matches, low, high)
    figures['recall'] = recall(matches, threshold)
    for low, high in SIZE_BINS:
        figures[f'recall_{_bin_name(low, high)}'] = recall(matches, threshold, low, high)
    figures.update(threshold=threshold, false_alarms=false_alarms(matches, threshold),
                   landmark_error=landmark_error(matches, threshold))
    best = best_threshold(matches)
    figures.update(best_f1_threshold=best, best_f1_recall=recall(matches, best),
                   best_f1_false_alarms=false_alarms(matches, best))
    return figures


def time_detectors(models: Sequence[Path], passes: int = _PASSES) -> dict[str, dict[str, float]]:
    """
    Time detectors on one thread, in turns, so that a slow moment of the machine hits all.

    :returns: card name -> ``ms_160x120`` (bare onnxruntime) and ``whole_ms_160x120`` (with
        preparation and decoding) and so on; the fastest pass of each.
    """
    picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    times: dict[str, dict[str, float]] = {}
    for width, height in FRAME_SIZES:
        frame = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        detectors = [load_face_detector(model, input_size=width) for model in models]
        for _ in range(passes):
            for detector in detectors:
                start = time.perf_counter()
                detector.detect(frame)
                row = times.setdefault(detector.card.name, {})
                _keep_least(row, f'ms_{width}x{height}', detector.inference_seconds)
                _keep_least(row, f'whole_ms_{width}x{height}', time.perf_counter() - start)
    return times


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return detectors as columns and figures as rows, in Markdown."""
    names = list(rows)
    lines = [f'| | {" | ".join(names)} |', '|---|' + '---|' * len(names)]
    for key in rows[names[0]]:
        cells = (f'{rows[name].get(key, float("nan")):.4g}' for name in names)
        lines.append(f'| {key} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def write_metrics(model: Path, figures: dict[str, float]) -> None:
    """Put the figures and the recommended threshold into a model's card."""
    fields: dict[str, Any] = yaml.safe_load(card_path(model).read_text(encoding='utf-8'))
    fields['score_threshold'] = figures['best_f1_threshold']
    fields['metrics'] = {
        'what': 'validation part of the data, network at full picture size; recall at 1 false '
                'alarm per 100 pictures, by face size in px; landmark error: median, fraction '
                'of the eye distance; score_threshold: best F1; ms: one core',
        **{key: round(float(value), 4) for key, value in figures.items()}}
    save_model_card(model, fields)


def main(argv: list[str]) -> int:
    """Judge models on the validation part of the face data and print one table."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate-detector',
        description='Precision, recall, landmarks and time of face detectors, side by side.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('models', type=Path, nargs='*', default=[],
                        help='ONNX files with cards; the first is ours '
                             '(none: models/face_detector.onnx)')
    parser.add_argument('--data', type=Path, required=True,
                        help='folder with images.csv.gz, labels.csv.gz, boxes_human.csv.gz')
    parser.add_argument('--split', default='val', choices=('train', 'val'))
    parser.add_argument('--write-card', action='store_true',
                        help="write the first model's figures and threshold into its card")
    options = parser.parse_args(argv)
    models = options.models or [Path('models/face_detector.onnx')]
    pictures = load_face_pictures(options.data, options.split)
    rows = {}
    for model in models:
        detector = load_face_detector(
            model, score_threshold=_LOWEST_SCORE, min_face_size=SMALLEST)
        rows[detector.card.name] = evaluate_detector(detector, options.data, pictures)
    for name, row in time_detectors(models).items():
        rows[name].update(row)
    print(f'{len(pictures)} pictures, {sum(len(p.boxes) for p in pictures)} faces')
    print(table(rows))
    if options.write_card:
        write_metrics(models[0], next(iter(rows.values())))
    return 0


def _read(folder: Path, picture: FacePicture) -> np.ndarray:
    image = cv2.imread(str(folder / picture.name), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"'{folder / picture.name}' is missing or no picture")
    return image


def _bin_name(low: float, high: float) -> str:
    return f'{low:.0f}-{high:.0f}' if np.isfinite(high) else f'{low:.0f}+'


def _keep_least(row: dict[str, float], key: str, seconds: float) -> None:
    row[key] = min(row.get(key, np.inf), seconds * 1e3)
