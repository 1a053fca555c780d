"""``python -m fer_ros explain``: where on a face a network finds its evidence."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.explain.explainer import Explainer, OnnxExplainer
from fer_ros.evaluation.explain.sheets import emotion_sheet, mean_maps, picture_sheet
from fer_ros.media.picture_files import PictureFiles
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS, canonical
from fer_ros.resources import resource_path

#: of a checkpoint; an ONNX file has the first only.
METHODS = ('cam', 'grad-cam', 'eigen-cam')


def main(argv: list[str]) -> int:
    """Write sheets of activation maps."""
    options = _parser().parse_args(argv)
    if not options.pictures and options.data is None:
        raise ValueError('nothing to explain: name pictures or folders, or --data')
    explainer = _explainer(options)
    methods = explainer.methods if options.method == 'all' else (options.method,)
    if options.method not in (*explainer.methods, 'all'):
        raise ValueError(f'{options.method} needs gradients or features: give --checkpoint, an '
                         'ONNX file has exact maps only (cam)')
    options.output.mkdir(parents=True, exist_ok=True)
    if options.data is not None:
        _explain_data(explainer, methods, options)
    if options.pictures:
        _explain_pictures(explainer, methods, options)
    return 0


def _explainer(options: argparse.Namespace) -> Explainer:
    if options.checkpoint is None:
        return OnnxExplainer(options.model or resource_path('models/emotion.onnx'))
    from fer_ros.emotion_training import checkpoint_explainer as explainers  # needs torch
    temperature = explainers.temperature_of(options.checkpoint, options.model, options.data)
    if temperature is None:
        print(f"warning: '{options.checkpoint}' is not calibrated, its probabilities are not "
              'those of the exported file: give that one too (--model FILE.onnx), or --data',
              file=sys.stderr)
    return explainers.CheckpointExplainer(options.checkpoint, options.layer, temperature or 1.0)


def _explain_data(explainer: Explainer, methods: tuple[str, ...],
                  options: argparse.Namespace) -> None:
    _, public = load_fer2013(options.data)
    public = public.subset(public.majority >= 0)
    if len(public) == 0:
        raise ValueError(f"'{options.data}' has no held-out picture with an emotion to explain")
    own = explainer.probabilities(public.images)
    answers = np.zeros((len(public), len(EMOTIONS)), np.float32)
    answers[:, [EMOTIONS.index(label) for label in explainer.labels]] = own
    chosen = [canonical(options.emotion)] if options.emotion else explainer.labels
    for label in tqdm(chosen, desc='sheets', disable=None, leave=False):
        figure = emotion_sheet(explainer, methods, public, answers, EMOTIONS.index(label),
                               options.per_class)
        if figure is None:
            print(f'no sheet of {label}: no face is taken for it')
        else:
            _save(figure, options.output / f'{label}.png')
    for method in methods:
        _save(mean_maps(explainer, method, public, answers),
              options.output / f'mean_{method}.png')


def _explain_pictures(explainer: Explainer, methods: tuple[str, ...],
                      options: argparse.Namespace) -> None:
    files = PictureFiles(options.pictures)
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    for path, picture in files:
        figure = picture_sheet(explainer, methods, detector, picture, path.name)
        if figure is None:
            files.skip(path, 'no face was found')
        else:
            _save(figure, options.output / f'{files.names[path]}_maps.png')
    for line in files.report():
        print(f'skipped: {line}', file=sys.stderr)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110)
    print(f'written: {path}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros explain', formatter_class=HelpFormatter,
        description='Show where on a face a network finds its evidence: activation maps. A '
                    'picture that cannot be read or shows no face is named and skipped; the '
                    'status is 1 if none was of use.')
    parser.add_argument('pictures', nargs='*', type=Path, default=[],
                        help='pictures, or folders of pictures')
    parser.add_argument('--data', type=Path, help='sheets per emotion from the public part (npz)')
    parser.add_argument('--model', type=Path,
                        help='ONNX file with a card (default: the shipped one); beside '
                             '--checkpoint it tells the temperature only')
    parser.add_argument('--checkpoint', type=Path, help='checkpoint.pt of a run, or exported .pt')
    parser.add_argument('--method', choices=(*METHODS, 'all'), default='cam',
                        help='an ONNX file has cam only')
    parser.add_argument('--layer', help='of the checkpoint; none: the last feature stage')
    parser.add_argument('--emotion', help='only this one')
    parser.add_argument('--per-class', type=int, default=10, help='right answers a sheet')
    parser.add_argument('--output', type=Path, default=Path('runs/explain'), help='folder')
    return parser
