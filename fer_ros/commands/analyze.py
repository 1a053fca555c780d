"""``python -m fer_ros analyze``: the faces of still pictures, without ROS."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fer_ros.command_help import HelpFormatter
from fer_ros.media.picture_files import PictureFiles
from fer_ros.perception.concealment import load_concealment
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.types import TrackedFace
from fer_ros.pictures.drawing import draw
from fer_ros.pictures.page import summary
from fer_ros.pictures.report_folder import ReportFolder, shown
from fer_ros.texts import LANGUAGES, load_texts


def main(argv: list[str]) -> int:
    """
    Print the faces of each picture; write annotated copies, a page of them, and tables.

    :raises ValueError: if no picture could be read.
    """
    options = _parser().parse_args(argv)
    models = {name: getattr(options, name) for name in ('detector_model', 'emotion_model')
              if getattr(options, name)}
    pipeline = build_pipeline(PipelineConfig(**models, maps=options.output is not None))
    concealment = load_concealment() if options.output and options.anonymize else None
    files = PictureFiles(options.pictures, but=options.output)
    folder = ReportFolder(options.output, pipeline, len(files)) if options.output else None
    states = []
    for path, picture in files:
        faces = pipeline.analyze(picture)
        states.append([face.emotion.label for face in faces])
        _print(path, faces, pipeline.labels)
        if folder is not None:
            drawing = draw(picture, faces, pipeline.labels, concealment, options.overlay)
            copy = folder.add(path, files.names[path], picture, faces, drawing)
            print(f'  written: {shown(copy)}')
    skipped = files.report()
    if len(files) > 1:
        print(summary(states, load_texts()))
    if folder is not None:
        for file in folder.finish(load_texts(options.language), files.errors, len(files.others)):
            print(f'written: {file}')
    elif len(files) > 1:
        print('--output FOLDER writes annotated copies, a page of them, and tables')
    for line in skipped:
        print(f'skipped: {line}', file=sys.stderr)
    return 0


def _print(path: Path, faces: list[TrackedFace], labels: tuple[str, ...]) -> None:
    print(f'{shown(path)}: {load_texts().count("page.faces", len(faces))}')
    for face in faces:
        box, emotion = face.track.detection.box, face.emotion
        values = ' '.join(
            f'{label} {p:.2f}' for label, p in zip(labels, emotion.probabilities))
        print(f'  {face.track.id} at ({box.x:.0f}, {box.y:.0f}) {box.width:.0f}x'
              f'{box.height:.0f} px: {emotion.label} [{emotion.quality}] {values}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros analyze', formatter_class=HelpFormatter,
        description='Find and judge the faces of still pictures. A picture that cannot be read '
                    'is named and skipped; the status is 1 if none could be.')
    parser.add_argument('pictures', nargs='+', type=Path, help='pictures, or folders of pictures')
    parser.add_argument('--output', type=Path,
                        help='folder for annotated copies, gallery.html (a page of them), '
                             'faces.csv and faces.json; nothing is written without it')
    parser.add_argument('--language', choices=LANGUAGES, default=LANGUAGES[0],
                        help='of the page')
    parser.add_argument('--overlay', choices=('bars', 'cam', 'none'), default='bars',
                        help='on the copies, beside box and state: probabilities, activation '
                             'map or nothing')
    parser.add_argument('--anonymize', action='store_true',
                        help='hide all faces in all that is written')
    parser.add_argument('--detector-model', type=Path,
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--emotion-model', type=Path,
                        help='ONNX file with a card (default: of the shipped ones, the faster '
                             'here)')
    return parser
