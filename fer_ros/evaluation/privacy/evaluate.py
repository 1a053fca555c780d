"""``python -m fer_ros evaluate-anonymize``: what ``anonymize`` leaves in clear, and its price."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.face_pictures import FacePicture, load_face_pictures
from fer_ros.evaluation.privacy.clips import Finder, judge_clip, read_clip
from fer_ros.evaluation.privacy.conditions import SHOWN, ShownPicture, darkened, turned
from fer_ros.evaluation.privacy.identity import Recognizer, chance, known_again, likeness_auc
from fer_ros.evaluation.privacy.metrics import (
    ENOUGH,
    all_faces,
    hidden_faces,
    hidden_pixels,
    shares_in_clear,
)
from fer_ros.evaluation.privacy.plots import plot_in_clear
from fer_ros.machine import describe_machine
from fer_ros.media.frame_source import videos_in
from fer_ros.media.picture_decoder import read_picture
from fer_ros.perception.annotator import annotate, anonymize
from fer_ros.perception.concealment import DETECTOR, ConcealmentConfig, load_concealment
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.model_card import sha256_of
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

#: Hiding is switched on at each so many frames of a clip.
_SWITCHED = 10
_PASSES = 60
_FRAMES = ((320, 240), (640, 480), (1280, 720))
#: From which size on is somebody known again [px]?
_SIZES = (8, 12, 16, 24, 48)
#: At most so many pictures of one person.
_MOST = 10
_WAYS = {'analyzed': 'for comparison: the places that the analysis knows, default parameters',
         'coasting': 'the same, with a look at each third frame',
         'anonymize': 'what anonymize hides'}
#: How clips are shown.
_CLIPS: dict[str, Callable[[ShownPicture], ShownPicture]] = {
    'as_it_is': lambda frame: frame, 'lying': partial(turned, 90), 'dark': darkened}


def new_finder(way: str) -> Finder:
    """Return one of :data:`_WAYS` without memory: a function of picture and stamp [s]."""
    if way == 'anonymize':
        return load_concealment().places
    pipeline = build_pipeline(PipelineConfig(detector_interval=3 if way == 'coasting' else 1))
    return lambda image, stamp: pipeline.process(image, stamp).regions


def judge_pictures(pictures: Sequence[FacePicture], way: str) -> dict[str, dict[str, float]]:
    """
    Hide the faces of still pictures, each as the first of a camera.

    :returns: condition -> shares in clear (``metrics.shares_in_clear``), and
        ``hidden_background``: the share of pictures without a face that is hidden.
    """
    # A stamp before the last one's: a jump back, after which nothing is remembered.
    finder, stamp = new_finder(way), 0.0
    rows: dict[str, dict[str, float]] = {}
    for condition, change in SHOWN.items():
        faces, background = [], []
        for picture in tqdm(pictures, desc=f'{way} {condition}', leave=False, mininterval=1):
            shown, stamp = change(picture), stamp - 1.0
            mask = hidden_pixels(shown.image.shape, finder(shown.image, stamp))
            faces.append(hidden_faces(mask, shown.faces))
            if picture.faceless:
                background.append(mask.mean())
        rows[condition] = {**shares_in_clear(all_faces(faces)), 'hidden_background': float(
            np.mean(background)) if background else float('nan')}
    return rows


def judge_clips(folder: Path, teacher: Path) -> dict[str, dict[str, int]]:
    """
    Hide the faces of videos: as they are, lying, and in the dark.

    :param teacher: YuNet, which says where they are.
    :returns: clip -> how many faces there are in all frames, and how many each way leaves in
        clear; ``switched_on``: the same of the first pictures after hiding is switched on.
    """
    rows: dict[str, dict[str, int]] = {}
    for path in tqdm(videos_in(folder), desc='clips', leave=False):
        frames, period = read_clip(path, teacher)
        for kind, change in _CLIPS.items():
            clip = [change(frame) for frame in frames]
            row: dict[str, int] = {}
            rows[f'{path.name}, {kind}'] = row
            for way in _WAYS:
                faces = judge_clip(clip, period, new_finder(way))
                row['faces'] = len(faces.sizes)
                row[way] = int(faces.in_clear.sum())
            first = all_faces([judge_clip(clip[k:k + 1], period, new_finder('anonymize'))
                               for k in range(0, len(clip), _SWITCHED)])
            row['switched_on_faces'] = len(first.sizes)
            row['switched_on'] = int(first.in_clear.sum())
    return rows


def judge_identity(folder: Path, recognizer: Recognizer) -> dict[str, float]:
    """
    Ask who tells people apart to know somebody again, faces in clear and hidden.

    :param folder: pictures of one person each, called ``<name>_<number>.jpg``.
    :returns: ``known_again`` and ``auc`` of clear faces among clear ones, of hidden among clear
        ones, of hidden among hidden ones (who looks for somebody hides his pictures too), and of
        clear ones shrunk to some sizes [px] among clear ones.
    """
    detector = load_face_detector(resource_path(DETECTOR))
    kinds: dict[str, list[np.ndarray]] = {}
    people = []
    finder, paths = new_finder('anonymize'), _often_seen(folder)
    for number, path in enumerate(tqdm(paths, 'people', leave=False, mininterval=1)):
        image = read_picture(path)
        found = detector.detect(image)
        if not found:
            continue
        box = max(found, key=lambda d: d.box.area).box
        canvas = image.copy()
        anonymize(canvas, finder(image, -float(number)))
        shown = {'clear': image, 'hidden': canvas, **{
            f'{size}_px': _coarser(image, size / box.size) for size in _SIZES}}
        for kind, picture in shown.items():
            kinds.setdefault(kind, []).append(recognizer.features(picture, box))
        people.append(path.stem.rpartition('_')[0])
    features = {kind: np.array(rows) for kind, rows in kinds.items()}
    pairs = {**{kind: (probes, features['clear']) for kind, probes in features.items()},
             'both_hidden': (features['hidden'], features['hidden'])}
    return {'pictures': len(people), 'people': len(set(people)), 'chance': chance(people), **{
        f'{name}_{kind}': measure(*pair, people) for kind, pair in pairs.items()
        for name, measure in (('known_again', known_again), ('auc', likeness_auc))}}


def _often_seen(folder: Path) -> list[Path]:
    """Return up to :data:`_MOST` pictures of everybody who is in two or more."""
    people: dict[str, list[Path]] = {}
    for path in sorted(folder.glob('*.jpg')):
        people.setdefault(path.stem.rpartition('_')[0], []).append(path)
    return [path for paths in people.values() if len(paths) > 1 for path in paths[:_MOST]]


def _coarser(image: np.ndarray, scale: float) -> np.ndarray:
    """Return a picture shrunk and enlarged again, if that loses anything."""
    if scale >= 1:
        return image
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC)


def time_hiding(image: np.ndarray, passes: int = _PASSES) -> dict[str, float]:
    """
    Time what is done for a frame anyway, and what hiding adds, in turns; medians [ms of CPU].

    :param image: uint8 (H, W, 3) with a face.
    """
    rows = {}
    for size in _FRAMES:
        frame = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        pipeline, concealment = build_pipeline(PipelineConfig()), load_concealment()
        plain, extra = [], []
        for number in range(passes):
            start = time.process_time()
            result = pipeline.process(frame, number / 30)
            annotate(frame, result.faces, pipeline.labels)
            middle = time.process_time()
            anonymize(frame.copy(), concealment.places(frame, number / 30))
            plain.append(middle - start)
            extra.append(time.process_time() - middle)
        for name, times in (('analyze_and_draw', plain), ('hide', extra)):
            rows[f'{name}_ms_{size[0]}x{size[1]}'] = 1e3 * float(np.median(times))
    return rows


def table(ways: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return conditions as rows and, for each way, shares in clear by size, in Markdown."""
    conditions = next(iter(ways.values()))
    sizes = [key for key in next(iter(conditions.values())) if key.startswith('in_clear')]
    heads = [f'{way} {size[9:] or "24+"}' for way in ways for size in sizes]
    lines = [f'| in clear [%] | {" | ".join(heads)} |', '|---|' + '---|' * len(heads)]
    for condition in conditions:
        cells = (f'{100 * row[condition][size]:.1f}' for row in ways.values() for size in sizes)
        lines.append(f'| {condition.replace("_", " ")} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def main(argv: list[str]) -> int:
    """Judge, print, write."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate-anonymize', formatter_class=HelpFormatter,
        description='The share of faces that anonymize leaves in clear, by condition and size; '
                    f'a face of which less than {ENOUGH:g} is hidden is in clear.')
    parser.add_argument('--data', type=Path, required=True,
                        help='folder with images.csv.gz, labels.csv.gz, boxes_human.csv.gz')
    parser.add_argument('--split', default='val', choices=('train', 'val'),
                        help='part of the data')
    parser.add_argument('--clips', type=Path, help='folder of videos (needs --teacher)')
    parser.add_argument('--teacher', type=Path,
                        help='YuNet (ONNX), which says where the faces of the clips are')
    parser.add_argument('--people', type=Path,
                        help='folder of pictures NAME_NUMBER.jpg (needs --recognizer)')
    parser.add_argument('--recognizer', type=Path, help='network that tells people apart (ONNX)')
    parser.add_argument('--output', type=Path, default=Path('runs/anonymize'), help='folder')
    options = parser.parse_args(argv)
    for data, network in (('clips', 'teacher'), ('people', 'recognizer')):
        if getattr(options, data) and not getattr(options, network):
            raise ValueError(f'--{data} needs --{network}')
    pictures = load_face_pictures(options.data, options.split)
    result: dict[str, Any] = {
        'date': time.strftime('%Y-%m-%d'), 'machine': describe_machine(),
        'what': f'a face is in clear if less than {ENOUGH:g} of its box is hidden; sizes: square '
                'root of the area [px]; unnamed size: 24 px and more', 'ways': _WAYS,
        'detector': sha256_of(resource_path(DETECTOR)),
        'settings': asdict(ConcealmentConfig())}
    result['pictures'] = {way: judge_pictures(pictures, way) for way in ('analyzed', 'anonymize')}
    print(table(result['pictures']))
    result['cost'] = time_hiding(next(p for p in pictures if len(p.boxes)).image)
    print(result['cost'])
    if options.clips:
        result['clips'] = judge_clips(options.clips, options.teacher)
        for name, row in result['clips'].items():
            print(f'{name}: {row}')
    if options.people:
        result['identity'] = judge_identity(options.people, Recognizer(options.recognizer))
        print(result['identity'])
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / 'anonymize.json').write_text(
        json.dumps(result, indent=2) + '\n', encoding='utf-8')
    plot_in_clear(result['pictures'], options.output / 'anonymize.png')
    print(f'kept in {options.output}: anonymize.json, anonymize.png')
    return 0
