"""``python -m fer_ros evaluate-detector``: face detectors side by side; no torch."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.face_pictures import FacePicture, load_face_pictures
from fer_ros.evaluation.detector.conditions import CONDITIONS, turned_away
from fer_ros.evaluation.detector.false_faces import false_faces_per_hour, panned
from fer_ros.evaluation.detector.haar import HaarDetector, haar_is_there
from fer_ros.evaluation.detector.metrics import (
    SIZE_BINS,
    SMALLEST,
    PictureMatch,
    average_precision,
    background_only,
    best_threshold,
    false_alarms,
    landmark_error,
    match,
    recall,
    recall_curve,
    recall_of_group,
    threshold_at,
)
from fer_ros.evaluation.detector.plots import plot_detectors
from fer_ros.machine import describe_machine
from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.model_card import card_path, save_model_card
from fer_ros.resources import resource_path

#: Recall is taken at so many false alarms per picture.
FALSE_ALARMS = 0.01
FRAME_SIZES = ((160, 120), (320, 240), (640, 480))
_LOWEST_SCORE = 0.02
_PASSES = 40


def matches_of(detector: FaceDetector, pictures: Sequence[FacePicture],
               condition: str = '') -> list[PictureMatch]:
    """
    Let a detector search labeled pictures.

    :param detector: with a low score threshold, so that whole curves can be drawn.
    :param pictures: in color.
    :param condition: one of ``face_conditions.CONDITIONS``; '': as they are.
    """
    found = []
    text = f'{detector.card.name} {condition}'.strip()
    for picture in tqdm(pictures, desc=text, leave=False, mininterval=1):
        shown = CONDITIONS[condition](picture) if condition else picture
        found.append(match(detector.detect(shown.image), shown.boxes, shown.landmarks,
                           shown.ignored))
    return found


def judge_detector(detector: FaceDetector,
                   pictures: Sequence[FacePicture]) -> tuple[dict[str, float], np.ndarray]:
    """
    Judge a detector on pictures as they are, and on the same ones made worse.

    :param detector: with a low score threshold.
    :param pictures: with labels, in color.
    :returns: figure -> value, recalls at :data:`FALSE_ALARMS` of the pictures as they are; and
        the recall curve for faces of 24 px and more.
    """
    matches = matches_of(detector, pictures)
    figures = summarize(matches)
    threshold = figures['threshold']
    frontal, turned = zip(*(turned_away(picture) for picture in pictures))
    figures['recall_frontal'] = recall_of_group(matches, frontal, threshold)
    figures['recall_turned'] = recall_of_group(matches, turned, threshold)
    for condition in CONDITIONS:
        worse = matches_of(detector, pictures, condition)
        figures[f'recall_{condition}'] = recall(worse, threshold, 24.0)
        if condition == 'tilted_30':  # do the landmarks turn with the head?
            figures[f'landmark_error_{condition}'] = landmark_error(worse, threshold)
    return figures, recall_curve(matches, 24.0)


def summarize(matches: Sequence[PictureMatch]) -> dict[str, float]:
    """Return the figures of a detector from its matches."""
    threshold = threshold_at(matches, FALSE_ALARMS)
    figures = {'ap50': average_precision(matches)}
    for low, high in SIZE_BINS:
        figures[f'ap50_{_bin_name(low, high)}'] = average_precision(matches, low, high)
    figures['recall'] = recall(matches, threshold)
    figures['recall_24+'] = recall(matches, threshold, 24.0)
    for low, high in SIZE_BINS:
        figures[f'recall_{_bin_name(low, high)}'] = recall(matches, threshold, low, high)
    figures.update(threshold=threshold, false_alarms=false_alarms(matches, threshold),
                   landmark_error=landmark_error(matches, threshold))
    # As COCO judges a range of sizes: what is found outside of it counts neither way.
    figures['recall_24+_of_its_size'] = recall(
        matches, threshold_at(matches, FALSE_ALARMS, 24.0), 24.0)
    background = background_only(matches)
    figures['recall_24+_background'] = recall(
        background, threshold_at(background, FALSE_ALARMS), 24.0)
    best = best_threshold(matches)
    figures.update(best_f1_threshold=best, best_f1_recall=recall(matches, best),
                   best_f1_false_alarms=false_alarms(matches, best))
    return figures


def time_detectors(models: Sequence[Path | str],
                   passes: int = _PASSES) -> dict[str, dict[str, float]]:
    """
    Time detectors on one thread, in turns, so that a slow moment of the machine hits all.

    In its turn a detector sees two frames. The first meets caches full of the other detectors'
    weights; the second is what a stream of frames costs.

    :param models: paths, or 'haar'.
    :returns: card name -> ``ms_160x120`` (bare onnxruntime), ``whole_ms_160x120`` (with
        preparation and decoding), ``cold_ms_160x120`` (bare, first frame) and so on; medians.
    """
    picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    times: dict[str, dict[str, list[float]]] = {}
    for width, height in FRAME_SIZES:
        frame = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        detectors = [_load(model, input_size=width) for model in models]
        for _ in range(passes):
            for detector in detectors:
                detector.detect(frame)
                cold = detector.inference_seconds
                start = time.perf_counter()
                detector.detect(frame)
                row = times.setdefault(detector.card.name, {})
                for key, seconds in (('ms', detector.inference_seconds), ('cold_ms', cold),
                                     ('whole_ms', time.perf_counter() - start)):
                    row.setdefault(f'{key}_{width}x{height}', []).append(seconds * 1e3)
    return {name: {key: float(np.median(values)) for key, values in row.items()}
            for name, row in times.items()}


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
                'alarm per 100 pictures, by face size in px, or under conditions made (faces of '
                '24 px and more); landmark error: median, fraction of the eye distance; '
                'score_threshold: best F1; false faces: confirmed tracks while a camera pans over '
                'pictures without faces; ms: one core, whole_ms with preparation and decoding, '
                'cold_ms right after other detectors',
        **{key: round(float(value), 4) for key, value in figures.items()}}
    save_model_card(model, fields)


def main(argv: list[str]) -> int:
    """Judge models on the validation part of the face data and print one table."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate-detector',
        description='Precision, recall, landmarks and time of face detectors, side by side.',
        formatter_class=HelpFormatter)
    parser.add_argument('models', type=Path, nargs='*', default=[],
                        help='ONNX files with cards, ours first (default: the shipped one)')
    parser.add_argument('--data', type=Path, required=True,
                        help='folder with images.csv.gz, labels.csv.gz, boxes_human.csv.gz')
    parser.add_argument('--split', default='val', choices=('train', 'val'),
                        help='part of the data to judge by')
    parser.add_argument('--haar', action='store_true',
                        help="judge OpenCV's Haar cascade too (OpenCV 4)")
    parser.add_argument('--output', type=Path, help='folder for table (JSON) and plot; nothing is '
                        'written without it')
    parser.add_argument('--write-card', action='store_true',
                        help='write figures and threshold into the cards of the first model and '
                             'of those in its folder')
    options = parser.parse_args(argv)
    models = options.models or [resource_path('models/face_detector.onnx')]
    pictures = load_face_pictures(options.data, options.split)
    faceless = [p.image for p in pictures if p.faceless]
    if options.haar and not haar_is_there():
        raise ValueError(f'OpenCV {cv2.__version__} has no Haar cascade; versions before 5 do')
    names: list[Path | str] = [*models, *(['haar'] if options.haar else [])]
    rows, curves = {}, {}
    for model in names:
        detector = _load(model, score_threshold=_LOWEST_SCORE, min_face_size=SMALLEST)
        name = detector.card.name
        rows[name], curves[name] = judge_detector(detector, pictures)
        quick = _load(model, score_threshold=rows[name]['best_f1_threshold'])
        frames = tqdm(panned(faceless), desc=f'{name} without faces', leave=False, mininterval=1)
        rows[name].update(false_faces_per_hour(quick, frames, rows[name]['best_f1_threshold']))
    for name, row in time_detectors(names).items():
        rows[name].update(row)
    print(f'{len(pictures)} pictures, {sum(len(p.boxes) for p in pictures)} faces; '
          f'{len(faceless)} pictures without a face, panned over')
    print(table(rows))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        groups = ('frontal', 'turned', *CONDITIONS)
        plot_detectors(rows, curves, {f'recall_{g}': g.replace('_', ' ') for g in groups},
                       options.output / 'detectors.png')
        (options.output / 'detectors.json').write_text(json.dumps({
            'date': time.strftime('%Y-%m-%d'), 'machine': describe_machine(),
            'detectors': rows}, indent=2) + '\n', encoding='utf-8')
        print(f'kept in {options.output}: detectors.json, detectors.png')
    if options.write_card:
        for model, row in zip(models, rows.values()):
            if model.parent == models[0].parent:
                write_metrics(model, row)
    return 0


def _load(model: Path | str, score_threshold: float | None = None, min_face_size: float = 24.0,
          input_size: int | str = 'auto') -> FaceDetector:
    if model == 'haar':
        return HaarDetector(min_face_size)
    return load_face_detector(model, score_threshold=score_threshold,
                              min_face_size=min_face_size, input_size=input_size)


def _bin_name(low: float, high: float) -> str:
    return f'{low:.0f}-{high:.0f}' if np.isfinite(high) else f'{low:.0f}+'
