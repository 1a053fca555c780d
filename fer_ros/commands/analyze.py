"""``python -m fer_ros analyze``: the faces of still pictures, without ROS."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from fer_ros.media.picture_decoder import PictureError, read_picture
from fer_ros.perception.annotator import annotate
from fer_ros.perception.concealment import load_concealment
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline


def main(argv: list[str]) -> int:
    """
    Print the faces of each picture and write annotated copies.

    :returns: 0, or 1 if a picture could not be read.
    """
    parser = argparse.ArgumentParser(
        prog='fer_ros analyze', description='Find and judge the faces of still pictures.')
    parser.add_argument('pictures', nargs='+', type=Path, help='files')
    parser.add_argument('--output', type=Path,
                        help='folder for annotated copies; none are written without it')
    parser.add_argument('--overlay', choices=('bars', 'cam', 'none'), default='bars',
                        help='beside box and state: probabilities, activation map or nothing')
    parser.add_argument('--anonymize', action='store_true', help='hide all faces in the copies')
    parser.add_argument('--detector-model', type=Path,
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--emotion-model', type=Path,
                        help='ONNX file with a card (default: the shipped one)')
    options = parser.parse_args(argv)
    models = {name: getattr(options, name) for name in ('detector_model', 'emotion_model')
              if getattr(options, name)}
    pipeline = build_pipeline(PipelineConfig(**models, maps=options.overlay == 'cam'))
    good = [_analyze(pipeline, path, options) for path in options.pictures]
    return 0 if all(good) else 1


def _analyze(pipeline: Pipeline, path: Path, options: argparse.Namespace) -> bool:
    try:
        picture = read_picture(path)
    except PictureError as error:
        print(f'{path}: {error}')
        return False
    faces = pipeline.analyze(picture)
    print(f'{path}: {len(faces)} face{"s" * (len(faces) != 1)}')
    for face in faces:
        box, emotion = face.track.detection.box, face.emotion
        values = ' '.join(f'{label} {p:.2f}' for label, p in zip(
            pipeline.labels, emotion.probabilities))
        print(f'  {face.track.id} at ({box.x:.0f}, {box.y:.0f}) {box.width:.0f}x'
              f'{box.height:.0f} px: {emotion.label} [{emotion.quality}] {values}')
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        target = options.output / f'{path.stem}_emotions.png'
        # Each picture for itself: nothing is held from the one before.
        places = load_concealment().places(picture, 0.0) if options.anonymize else None
        drawn = annotate(picture, faces, pipeline.labels, options.overlay, places)
        if not cv2.imwrite(str(target), drawn):
            raise OSError(f"'{target}' cannot be written")
        print(f'  written: {target}')
    return True
