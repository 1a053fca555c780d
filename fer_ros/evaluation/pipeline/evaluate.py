"""``python -m fer_ros evaluate-pipeline``: faces in scenes, end to end; no torch."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.datasets.face_pictures import load_face_pictures
from fer_ros.evaluation.pipeline.quality_plots import plot_measures
from fer_ros.machine import describe_machine
from fer_ros.perception.head_pose import head_pose
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline
from fer_ros.perception.quality import sharpness
from fer_ros.perception.types import Detection
from fer_ros.resources import resource_path

_FRAME = (640, 480)
_SIDE = 96
#: what is varied for the quality measures.
_SIZES = (14, 20, 26, 34, 46, 64, 96)
_BLURS = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_LIGHTS = (1.0, 0.3, 0.12, 0.06, 0.03, 0.015)
_HIDDEN = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_READ_NOISE = 2.0
#: how far heads are tilted to see what alignment brings [degrees].
_TILT = 25.0


@dataclass(frozen=True)
class Placed:
    """
    A frame with one face pasted in.

    :param frame: uint8 (480, 640).
    :param center: where the middle of the pasted square lies [px].
    :param side: of the square [px].
    """

    frame: np.ndarray
    center: tuple[float, float]
    side: int

    def its_face(self, detections: Sequence[Detection]) -> Detection | None:
        """Return the detection in the middle of the pasted square, the best if several."""
        for detection in detections:
            offset = np.subtract(detection.box.center, self.center)
            if np.abs(offset).max() < 0.3 * self.side:
                return detection
        return None

    def tilted(self, angle: float) -> Placed:
        """Return the frame turned counterclockwise [degrees], the face in its middle."""
        matrix = cv2.getRotationMatrix2D(self.center, angle, 1.0)
        middle = (_FRAME[0] / 2, _FRAME[1] / 2)
        matrix[:, 2] += np.subtract(middle, self.center)
        return Placed(cv2.warpAffine(self.frame, matrix, _FRAME, borderMode=cv2.BORDER_REFLECT),
                      middle, self.side)


def paste(face: np.ndarray, scene: np.ndarray, generator: np.random.Generator,
          side: int = _SIDE, hidden: float = 0.0) -> Placed:
    """
    Paste a face picture as it is, with a hard border, into a scene.

    :param face: uint8 (48, 48).
    :param scene: uint8 (H, W); shown at 640x480.
    :param side: of the pasted square [px].
    :param hidden: share of it beyond the left border of the frame.
    """
    frame = cv2.resize(scene, _FRAME, interpolation=cv2.INTER_AREA)
    resized = cv2.resize(face, (side, side), interpolation=(
        cv2.INTER_CUBIC if side > len(face) else cv2.INTER_AREA))
    left = -round(hidden * side) if hidden else int(generator.integers(0, _FRAME[0] - side))
    top = int(generator.integers(0, _FRAME[1] - side))
    frame[top:top + side, max(left, 0):left + side] = resized[:, max(-left, 0):]
    return Placed(frame, (left + side / 2, top + side / 2), side)


def judge_alignment(pipeline: Pipeline, faces: EmotionData,
                    scenes: Sequence[np.ndarray]) -> dict[str, float]:
    """
    Compare the answer for a face alone with the answer for it in a scene.

    :param pipeline: detector and classifier.
    :param faces: with a known majority.
    :param scenes: uint8 (H, W), without faces.
    :returns: shares of all faces; a face that is not found counts as wrong.
    """
    generator = np.random.default_rng(0)
    classifier = pipeline.classifier
    alone = classifier.classify(_at_size(faces.images, classifier.card.input_size))[0].argmax(1)
    answers = np.full((len(faces), 2, 2), -1)  # upright and tilted; aligned and not
    for i, face in enumerate(tqdm(faces.images, desc='faces in scenes', mininterval=1)):
        placed = paste(face, scenes[int(generator.integers(len(scenes)))], generator)
        for j, shown in enumerate((placed, placed.tilted(_TILT if i % 2 else -_TILT))):
            answers[i, j] = _answers(pipeline, shown)
    right = (answers == np.asarray(faces.majority)[:, None, None]).mean(0)
    found = answers[:, 0, 0] >= 0
    same = answers[found, 0] == alone[found, None]
    return {
        'faces': float(len(faces)), 'found': float(found.mean()),
        'accuracy_alone': float((alone == faces.majority).mean()),
        'accuracy_in_scene_aligned': float(right[0, 0]),
        'accuracy_in_scene_unaligned': float(right[0, 1]),
        'same_answer_as_alone_of_found': _mean(same[:, 0]),
        'same_answer_unaligned_of_found': _mean(same[:, 1]),
        'found_tilted': float((answers[:, 1, 0] >= 0).mean()),
        'accuracy_tilted_aligned': float(right[1, 0]),
        'accuracy_tilted_unaligned': float(right[1, 1])}


def _answers(pipeline: Pipeline, placed: Placed) -> tuple[int, int]:
    """Return the emotion of the face as aligned by landmarks, and as cut by its box; -1: none."""
    detection = _find(pipeline, placed)
    if detection is None:
        return -1, -1
    both = [detection, Detection(detection.box, detection.score)]
    aligned, unaligned = pipeline.classifier.classify(
        pipeline.classifier.crops(placed.frame, both))[0].argmax(1)
    return int(aligned), int(unaligned)


def judge_measures(pipeline: Pipeline, faces: EmotionData,
                   scenes: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """
    Make faces small, soft, dark and cut off, and note how well they are judged.

    :returns: measure -> float (N, 2): value of the measure, 1 if the answer was right;
        ``size``, ``sharpness``, ``brightness``, ``visible``.
    """
    rows: dict[str, list[tuple[float, float]]] = {
        key: [] for key in ('size', 'sharpness', 'brightness', 'visible')}
    for i, face in enumerate(tqdm(faces.images, desc='quality measures', mininterval=1)):
        generator = np.random.default_rng([1, i])
        scene = scenes[int(generator.integers(len(scenes)))]
        for varied, placed in _worse(face, scene, generator):
            detection = _find(pipeline, placed)
            if detection is not None:
                crop, emotion = _judged(pipeline, placed, detection)
                rows[varied].append((_measure(varied, detection, crop),
                                     float(emotion == faces.majority[i])))
    return {key: np.array(values, float).reshape(-1, 2) for key, values in rows.items()}


def judge_turn(pipeline: Pipeline, faces: EmotionData,
               scenes: Sequence[np.ndarray]) -> np.ndarray:
    """
    Note how well heads are judged that are turned away from the camera, as they come.

    :returns: float (N, 2) of the faces found: turn [degrees], 1 if the answer was right.
    """
    generator = np.random.default_rng(2)
    rows = []
    for face, majority in zip(tqdm(faces.images, desc='turned heads', mininterval=1),
                              faces.majority):
        placed = paste(face, scenes[int(generator.integers(len(scenes)))], generator)
        detection = _find(pipeline, placed)
        if detection is None or detection.landmarks is None:
            continue
        pose = head_pose(detection.landmarks)
        if pose is not None:
            rows.append((pose.turn, float(_judged(pipeline, placed, detection)[1] == majority)))
    return np.array(rows, float).reshape(-1, 2)


def _find(pipeline: Pipeline, placed: Placed) -> Detection | None:
    return placed.its_face(pipeline.detector.detect(placed.frame))


def _judged(pipeline: Pipeline, placed: Placed,
            detection: Detection) -> tuple[np.ndarray, int]:
    """Return the crop of a face and its emotion."""
    crops = pipeline.classifier.crops(placed.frame, [detection])
    return crops[0], int(pipeline.classifier.classify(crops)[0][0].argmax())


def main(argv: list[str]) -> int:
    """Judge the packaged pipeline, print the table, draw accuracy against each measure."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate-pipeline',
        description='Faces pasted into scenes: the same answer as for the face alone? And how '
                    'accuracy falls with size, sharpness, light, cut and pose.',
        formatter_class=HelpFormatter)
    parser.add_argument('--faces', type=Path, required=True,
                        help='FER2013 with FER+ votes (npz); the clear majorities of its public '
                             'part are judged')
    parser.add_argument('--scenes', type=Path, required=True,
                        help='face data; the validation pictures without a face are the scenes')
    parser.add_argument('--detector', type=Path,
                        help='face detector to judge (default: the shipped one)')
    parser.add_argument('--beside', type=Path, nargs='*', default=[], metavar='DETECTOR',
                        help='judge these detectors in scenes too')
    parser.add_argument('--emotion', type=Path,
                        help='emotion network to judge with (default: the shipped one)')
    parser.add_argument('--count', type=int, default=5000,
                        help='at most so many faces for alignment and turned heads')
    parser.add_argument('--measured', type=int, default=400,
                        help='at most so many faces for the other measures')
    parser.add_argument('--output', type=Path, default=Path('runs/pipeline'),
                        help='folder for table (JSON) and plot')
    options = parser.parse_args(argv)
    for name in ('count', 'measured'):
        if getattr(options, name) < 1:
            raise ValueError(f'--{name} is {getattr(options, name)}, must be 1 or more')
    config = PipelineConfig(options.detector or resource_path('models/face_detector.onnx'),
                            options.emotion or resource_path('models/emotion.onnx'))
    pipeline = build_pipeline(config)
    if pipeline.labels != EMOTIONS:
        raise ValueError(f"'{config.emotion_model}' has the labels {', '.join(pipeline.labels)}; "
                         f'the votes are for {", ".join(EMOTIONS)}')
    faces = load_fer2013(options.faces)[1]
    faces = faces.subset(np.flatnonzero(faces.clear))
    scenes = [cv2.cvtColor(p.image, cv2.COLOR_BGR2GRAY)
              for p in load_face_pictures(options.scenes, 'val') if p.faceless]
    chosen = np.random.default_rng(0).permutation(len(faces))
    detectors = {}
    beside = (build_pipeline(replace(config, detector_model=path)) for path in options.beside)
    counted = faces.subset(chosen[:options.count])
    for judged in (pipeline, *beside):
        detectors[judged.detector.card.name] = figures = judge_alignment(judged, counted, scenes)
        print(judged.detector.card.name)
        for name, value in figures.items():
            print(f'  {name:32} {value:.4g}')
    measures = judge_measures(pipeline, faces.subset(chosen[:options.measured]), scenes)
    measures['turn'] = judge_turn(pipeline, counted, scenes)
    options.output.mkdir(parents=True, exist_ok=True)
    plot_measures(measures, config.quality, options.output / 'quality.png')
    (options.output / 'pipeline.json').write_text(json.dumps({
        'date': time.strftime('%Y-%m-%d'), 'machine': describe_machine(),
        'emotion': pipeline.classifier.card.name, 'detectors': detectors}, indent=2) + '\n',
        encoding='utf-8')
    print(f'kept in {options.output}: pipeline.json, quality.png')
    return 0


def _worse(face: np.ndarray, scene: np.ndarray,
           generator: np.random.Generator) -> Iterator[tuple[str, Placed]]:
    """Yield which measure is varied, and a frame."""
    for side in _SIZES:
        yield 'size', paste(face, scene, generator, side)
    for sigma in _BLURS:
        blurred = cv2.GaussianBlur(face, (0, 0), sigma) if sigma else face
        yield 'sharpness', paste(blurred, scene, generator)
    for light in _LIGHTS:
        placed = paste(face, scene, generator)
        noise = generator.normal(0, _READ_NOISE, placed.frame.shape)
        dark = np.clip(np.rint(placed.frame * light + noise), 0, 255).astype(np.uint8)
        yield 'brightness', Placed(dark, placed.center, placed.side)
    for hidden in _HIDDEN:
        yield 'visible', paste(face, scene, generator, hidden=hidden)


def _measure(name: str, detection: Detection, crop: np.ndarray) -> float:
    box = detection.box
    if name == 'size':
        return box.size
    if name == 'visible':
        return box.clipped(*_FRAME).area / box.area
    return sharpness(crop) if name == 'sharpness' else float(crop.mean())


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float('nan')


def _at_size(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return images if images.shape[1:] == size[::-1] else np.stack(
        [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])
