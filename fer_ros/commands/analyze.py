"""``python -m fer_ros analyze``: the faces of still pictures, without ROS."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros import __version__
from fer_ros.command_help import HelpFormatter
from fer_ros.evaluation.html import write_page
from fer_ros.media.picture_files import PictureFiles
from fer_ros.perception.annotator import annotate
from fer_ros.perception.concealment import load_concealment
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.still_pictures import scaled, scaled_box
from fer_ros.perception.types import QUALITY_OK, TrackedFace

#: long side of a copy [px]: what is written into it can be read.
_READABLE = (480, 1280)


def main(argv: list[str]) -> int:
    """
    Print the faces of each picture; write annotated copies and a gallery of them.

    :raises ValueError: if no picture could be read.
    """
    options = _parser().parse_args(argv)
    models = {name: getattr(options, name) for name in ('detector_model', 'emotion_model')
              if getattr(options, name)}
    pipeline = build_pipeline(PipelineConfig(**models, maps=options.overlay == 'cam'))
    files = PictureFiles(options.pictures)
    found: dict[Path, list[TrackedFace]] = {}
    shown = []
    for path, picture in files:
        faces = found[path] = pipeline.analyze(picture)
        _print(path, faces, pipeline.labels)
        if options.output is not None:
            copy = options.output / f'{files.names[path]}_emotions.png'
            _write(copy, picture, faces, pipeline.labels, options)
            shown.append({'name': str(path), 'file': copy.name, 'faces': [
                _state(face) for face in faces]})
    skipped = files.report()
    total = summary(list(found.values()))
    if len(files) > 1:
        print(total)
    if options.output is not None:
        _write_gallery(options.output, shown, total, skipped)
    elif len(files) > 1:
        print('--output FOLDER writes annotated copies and a gallery of them')
    for line in skipped:
        print(f'skipped: {line}', file=sys.stderr)
    return 0


def summary(faces: list[list[TrackedFace]]) -> str:
    """
    Return in a line what was found.

    :param faces: those of each picture.
    """
    states = Counter(face.emotion.label for some in faces for face in some)
    without = sum(not some for some in faces)
    told = ', '.join(f'{count} {state}' for state, count in states.most_common())
    return (f'{_count(len(faces), "picture")}, {_count(states.total(), "face")}'
            + f': {told}' * bool(told) + f'; {_count(without, "picture")} without a face'
            * bool(without))


def _count(number: int, noun: str) -> str:
    return f'{number} {noun}{"s" * (number != 1)}'


def _state(face: TrackedFace) -> str:
    """Return the state and how sure it is, or why there is none."""
    emotion = face.emotion
    if emotion.quality != QUALITY_OK or not len(emotion.probabilities):
        return f'{face.track.id}: {emotion.label} ({emotion.quality})'
    return f'{face.track.id}: {emotion.label} {100 * emotion.confidence:.0f} %'


def _print(path: Path, faces: list[TrackedFace], labels: tuple[str, ...]) -> None:
    print(f'{path}: {_count(len(faces), "face")}')
    for face in faces:
        box, emotion = face.track.detection.box, face.emotion
        values = ' '.join(
            f'{label} {p:.2f}' for label, p in zip(labels, emotion.probabilities))
        print(f'  {face.track.id} at ({box.x:.0f}, {box.y:.0f}) {box.width:.0f}x'
              f'{box.height:.0f} px: {emotion.label} [{emotion.quality}] {values}')


def _write(target: Path, picture: np.ndarray, faces: list[TrackedFace],
           labels: tuple[str, ...], options: argparse.Namespace) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Each picture for itself: nothing is held from the one before.
    places = load_concealment().places(picture, 0.0) if options.anonymize else None
    side = max(picture.shape[:2])
    factor = float(np.clip(side, *_READABLE)) / side
    if factor != 1:
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=(
            cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR))
        faces = [replace(face, track=replace(face.track, detection=scaled(
            face.track.detection, factor))) for face in faces]
        places = None if places is None else [scaled_box(box, factor) for box in places]
    if not cv2.imwrite(str(target), annotate(picture, faces, labels, options.overlay, places)):
        raise OSError(f"'{target}' cannot be written")
    print(f'  written: {target}')


def _write_gallery(folder: Path, shown: list[dict[str, Any]], total: str,
                   skipped: list[str]) -> None:
    write_page('gallery.html.j2', folder / 'gallery.html', pictures=shown, total=total,
               skipped=skipped, fer_ros=__version__)
    print(f'gallery: {folder / "gallery.html"}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros analyze', formatter_class=HelpFormatter,
        description='Find and judge the faces of still pictures. A picture that cannot be read '
                    'is named and skipped; the status is 1 if none could be.')
    parser.add_argument('pictures', nargs='+', type=Path, help='pictures, or folders of pictures')
    parser.add_argument('--output', type=Path,
                        help='folder for annotated copies and gallery.html; nothing is written '
                             'without it')
    parser.add_argument('--overlay', choices=('bars', 'cam', 'none'), default='bars',
                        help='beside box and state: probabilities, activation map or nothing')
    parser.add_argument('--anonymize', action='store_true', help='hide all faces in the copies')
    parser.add_argument('--detector-model', type=Path,
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--emotion-model', type=Path,
                        help='ONNX file with a card (default: of the shipped ones, the faster '
                             'here)')
    return parser
