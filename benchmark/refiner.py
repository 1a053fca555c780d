"""
Known faces by the refiner, beside a search of every whole frame: how many, how exact, how calm.

Landmarks and boxes on labeled pictures, looked for around a place that is a little wrong, and
where there is no face; then clips, frame by frame, once each way.
``python -m benchmark.refiner --data FACES --clips CLIPS``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmark.run import RESULTS, keep, table_text
from fer_ros.datasets.face_pictures import FacePicture, load_face_pictures
from fer_ros.media.frame_source import open_frame_source, videos_in
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.face_refiner import FaceRefiner, load_face_refiner
from fer_ros.perception.face_windows import ExpectedFace
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import BoundingBox, Detection, TrackedFace
from fer_ros.resources import resource_path

_SIZES = (24, 48, 96, np.inf)
#: Detector score that keeps a known face, and one that finds it surely.
_KEEPS, _SURE = 0.4, 0.65
#: Places without a face that are looked at in each picture without one.
_PLACES = 20
#: Errors of an expected face: of its center and its size, in face sizes (standard deviations).
_CENTER, _SIZE = 0.08, 0.1
#: What the tracker says of its own error, in face sizes.
_DEVIATION = 0.04
_SAME = 0.3


def judge_pictures(pictures: Sequence[FacePicture], model: Path,
                   seed: int = 0) -> list[dict[str, Any]]:
    """
    Look for labeled faces in the whole picture, as the node does in small pictures and (half size)
    in those of 640x480, and with the refiner.

    :returns: a row for each way and size of faces: share found, median error of the landmarks
        (share of the eye distance) and median overlap of the boxes (IoU).
    """
    detector = load_face_detector(resource_path('models/face_detector.onnx'),
                                  score_threshold=_KEEPS, min_face_size='auto')
    coarse = load_face_detector(resource_path('models/face_detector.onnx'),
                                score_threshold=_KEEPS, min_face_size=24.0)
    refiner = load_face_refiner(model, _KEEPS)
    generator = np.random.default_rng(seed)
    found: dict[str, list[tuple[float, ...]]] = {}
    for picture in tqdm(pictures, desc='pictures', leave=False, mininterval=1):
        gray = to_gray(picture.image)
        everywhere, half = detector.detect(gray), coarse.detect(gray)
        for row, points in zip(picture.boxes, picture.landmarks):
            box = BoundingBox(*(float(v) for v in row))
            if box.size < _SIZES[0] or not np.isfinite(points).all():
                continue
            expected = _a_little_wrong(box, generator)
            ways = {'whole picture': everywhere, 'whole picture, half size': half,
                    'refiner': refiner.refine(gray, [expected])}
            for way, detections in ways.items():
                found.setdefault(way, []).append(_judged(detections, box, points))
    return [_row(way, low, high, np.array(rows)) for way, rows in found.items()
            for low, high in zip(_SIZES, _SIZES[1:])]


def judge_clip(path: Path, model: Path, frames: int = 300) -> dict[str, Any]:
    """
    Follow the faces of a clip both ways.

    :returns: faces that only one way has, median overlap of their boxes, and how far landmarks
        move from frame to frame (median, share of the face's size).
    """
    source = open_frame_source(str(path))
    pictures = [image for image, _ in zip(source, range(frames))]
    period = source.period
    source.close()
    whole, ours = (_followed(pictures, period, search, model) for search in (0.0, 0.17))
    overlaps, only_whole, only_ours = [], 0, 0
    for one, other in zip(whole, ours):
        pairs = [max((a.track.detection.box.iou(b.track.detection.box) for b in other.values()),
                     default=0.0) for a in one.values()]
        overlaps += [iou for iou in pairs if iou >= _SAME]
        only_whole += sum(iou < _SAME for iou in pairs)
        only_ours += max(len(other) - sum(iou >= _SAME for iou in pairs), 0)
    return {'clip': path.name, 'frames': len(pictures), 'in both': len(overlaps),
            'only in whole pictures': only_whole, 'only with the refiner': only_ours,
            'IoU': float(np.median(overlaps or [0.0])),
            'landmarks move, whole [%]': _movement(whole),
            'landmarks move, refiner [%]': _movement(ours)}


def false_faces(pictures: Sequence[FacePicture], model: Path, seed: int = 0) -> dict[str, float]:
    """Return what share of places without a face the refiner keeps, and is sure of [%]."""
    refiner, generator = load_face_refiner(model, 0.0), np.random.default_rng(seed)
    scores = []
    for picture in pictures:
        if picture.faceless:
            gray = to_gray(picture.image)
            scores += [_score_somewhere(refiner, gray, generator) for _ in range(_PLACES)]
    return {'places': len(scores), 'kept [%]': 100 * float(np.mean(np.array(scores) >= _KEEPS)),
            'sure [%]': 100 * float(np.mean(np.array(scores) >= _SURE))}


def _score_somewhere(refiner: FaceRefiner, gray: np.ndarray,
                     generator: np.random.Generator) -> float:
    size = float(np.exp(generator.uniform(np.log(16), np.log(min(gray.shape) / 2))))
    x, y = (float(generator.uniform(0, limit - size)) for limit in gray.shape[::-1])
    box = BoundingBox(x, y, size, size)
    return refiner.refine(gray, [ExpectedFace(box, box, _DEVIATION * size)])[0].score


def _a_little_wrong(box: BoundingBox, generator: np.random.Generator) -> ExpectedFace:
    x, y = np.array(box.center) + generator.normal(0, _CENTER, 2) * box.size
    factor = float(np.exp(generator.normal(0, _SIZE)))
    width, height = box.width * factor, box.height * factor
    place = BoundingBox(float(x - width / 2), float(y - height / 2), width, height)
    return ExpectedFace(place, place, _DEVIATION * box.size)


def _judged(detections: Sequence[Detection], box: BoundingBox,
            points: np.ndarray) -> tuple[float, float, float]:
    """Return the face's size, the landmarks' error and the overlap; NaN if it was missed."""
    near = [(d.box.iou(box), d) for d in detections if d.box.iou(box) >= _SAME]
    if not near:
        return box.size, np.nan, np.nan
    iou, best = max(near, key=lambda pair: pair[0])
    if best.landmarks is None:
        return box.size, np.nan, iou
    eyes = float(np.linalg.norm(points[0] - points[1]))
    error = float(np.linalg.norm(best.landmarks - points, axis=1).mean()) / max(eyes, 1e-6)
    return box.size, error, iou


def _row(way: str, low: float, high: float, rows: np.ndarray) -> dict[str, Any]:
    chosen = rows[(rows[:, 0] >= low) & (rows[:, 0] < high)]
    return {'looked for': way, 'faces of [px]': f'{low:.0f} to {high:.0f}' if np.isfinite(
        high) else f'{low:.0f} and more', 'faces': len(chosen),
        'found [%]': 100 * float(np.isfinite(chosen[:, 2]).mean()),
        'landmark error [%]': 100 * float(np.nanmedian(chosen[:, 1])),
        'IoU': float(np.nanmedian(chosen[:, 2]))}


def _followed(pictures: Sequence[np.ndarray], period: float, search_period: float,
              model: Path) -> list[dict[str, TrackedFace]]:
    pipeline = build_pipeline(PipelineConfig(search_period=search_period, refiner_model=model))
    return [{face.track.id: face for face in pipeline.process(image, i * period).faces}
            for i, image in enumerate(pictures)]


def _movement(answers: Sequence[dict[str, TrackedFace]]) -> float:
    moved = []
    for before, after in zip(answers, answers[1:]):
        for id_ in before.keys() & after.keys():
            a, b = before[id_].track.detection, after[id_].track.detection
            if a.landmarks is not None and b.landmarks is not None:
                moved.append(np.linalg.norm(a.landmarks - b.landmarks, axis=1).mean()
                             / a.box.size)
    return 100 * float(np.median(moved or [0.0]))


def main() -> int:
    """Judge, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, required=True,
                        help='folder of the face data (its validation part is used)')
    parser.add_argument('--clips', type=Path, help='folder of videos')
    parser.add_argument('--model', type=Path, default=resource_path('models/face_refiner.onnx'))
    parser.add_argument('--output', type=Path, default=RESULTS / 'refiner.json')
    options = parser.parse_args()
    pictures = load_face_pictures(options.data, 'val')
    results: dict[str, Any] = {'pictures': judge_pictures(pictures, options.model),
                               'no face': [false_faces(pictures, options.model)]}
    for rows in results.values():
        print(table_text(rows), flush=True)
    if options.clips:
        results['clips'] = [judge_clip(path, options.model) for path in videos_in(options.clips)]
        print(table_text(results['clips']))
    keep(options.output, results)
    return 0


if __name__ == '__main__':
    sys.exit(main())
