"""``python -m fer_ros evaluate``: judge emotion networks, ours and others, by one measure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container
from dataclasses import replace
from itertools import count
from pathlib import Path

from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.evaluation.emotion.evaluation import Evaluation, evaluate_classifier
from fer_ros.evaluation.emotion.other_pictures import judge_pictures, pictures_table
from fer_ros.evaluation.emotion.report import write_report
from fer_ros.evaluation.emotion.verdict import verdict
from fer_ros.perception.emotion_classifier import EmotionClassifier

_PARTS = ('public', 'train')
_TOLD = {'public': 'held-out pictures (public part)',
         'train': 'training part: a network that learned from it is flattered'}


def table(evaluations: list[Evaluation]) -> str:
    """Return the figures as text, a line a model; own pictures have no votes to judge by."""
    width = max(len(evaluation.name) for evaluation in evaluations)
    if not evaluations[0].voted:
        return _table_of_labels(evaluations, width)
    lines = [f'{"model":{width}}  clear %  any %  FER2013 %  macro F1   ECE    NLL  Brier  '
             'ms/face']
    for evaluation in evaluations:
        figures = evaluation.summary()
        speed = figures['cost'].get('milliseconds_per_face')
        lines.append(
            f'{evaluation.name:{width}}  {100 * figures["accuracy_on_clear_majority"]:7.1f}  '
            f'{100 * figures["accuracy"]:5.1f}  {100 * figures["fer2013_accuracy"]:9.1f}  '
            f'{figures["macro_f1"]:8.3f}  {figures["ece_15_bins"]:.3f}  '
            f'{figures["nll_of_votes"]:.3f}  {figures["brier_of_votes"]:.3f}  '
            + (f'{speed:7.2f}' if speed else '      -'))
    return '\n'.join(lines)


def _table_of_labels(evaluations: list[Evaluation], width: int) -> str:
    lines = [f'{"model":{width}}  right of      %  (95 %)         mean F1  ECE    ms/face']
    for evaluation in evaluations:
        figures = evaluation.summary()
        low, high = (100 * value for value in figures['accuracy_95_percent'])
        speed = figures['cost'].get('milliseconds_per_face')
        lines.append(
            f'{evaluation.name:{width}}  {evaluation.correct.sum():5d} {figures["pictures"]:<5d} '
            f'{100 * figures["accuracy"]:5.1f}  {f"({low:.1f} to {high:.1f})":15} '
            f'{figures["macro_f1"]:6.3f}  {figures["ece_15_bins"]:.3f}  '
            + (f'{speed:7.2f}' if speed else '      -'))
    return '\n'.join(lines)


def robustness_table(evaluations: list[Evaluation]) -> str:
    """Return accuracy [%] and loss against clean [points] of each disturbance as text."""
    width = max(map(len, evaluations[0].robustness))
    lines = [f'{"accuracy % (loss)":{width}}  ' + '  '.join(
        f'{evaluation.name:>14}' for evaluation in evaluations)]
    for kind in evaluations[0].robustness:
        cells = []
        for evaluation in evaluations:
            value, clean = evaluation.robustness[kind], evaluation.robustness['clean']
            cell = f'{100 * value:.1f} ({100 * (value - clean):+.1f})'
            cells.append(f'{cell:>{max(14, len(evaluation.name))}}')
        lines.append(f'{kind:{width}}  ' + '  '.join(cells))
    return '\n'.join(lines)


def main(argv: list[str]) -> int:
    """Judge one or more ONNX models with model cards."""
    parser = argparse.ArgumentParser(
        prog='fer_ros evaluate', formatter_class=HelpFormatter,
        description='Judge emotion networks: accuracy, calibration, robustness, speed. Writes '
                    'report.html (one file, pictures inside), evaluation.json and PNGs.')
    parser.add_argument('models', nargs='*', type=Path, default=[],
                        help='ONNX files with cards (default: the shipped one)')
    parser.add_argument('--data', type=Path,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz)')
    parser.add_argument('--faces-in-pictures', type=Path, metavar='FOLDER',
                        help='judge by pictures with a face instead: labels.csv with the columns '
                             'image, class; our detector finds the face')
    parser.add_argument('--part', choices=_PARTS, default='public',
                        help='rows to judge by; public: those that were held out')
    parser.add_argument('--output', type=Path, default=Path('runs/evaluation'), help='folder')
    parser.add_argument('--quick', action='store_true', help='without robustness and speed')
    options = parser.parse_args(argv)
    from fer_ros.resources import resource_path
    models = options.models or [resource_path('models/emotion.onnx')]
    if (options.data is None) == (options.faces_in_pictures is None):
        raise ValueError('give --data FILE or --faces-in-pictures FOLDER, one of them')
    if options.faces_in_pictures is not None:
        figures = judge_pictures(
            options.faces_in_pictures, [Path(model) for model in models], options.output)
        print(f"{pictures_table(figures)}\n\nkept in {options.output / 'pictures.json'}")
        for line in next(iter(figures.values()))['skipped']:
            print(f'skipped: {line}', file=sys.stderr)
        return 0
    train, public = load_fer2013(options.data)
    data = public if options.part == 'public' else train
    if not (data.majority >= 0).any():
        raise ValueError(f"'{options.data}' has no picture with an emotion in its {options.part} "
                         f'part; --part {_PARTS[options.part == "public"]} judges by the other '
                         'one')
    evaluations = _evaluate(models, data, not options.quick)
    print(table(evaluations))
    if not options.quick:
        print('\n' + robustness_table(evaluations))
    files = write_report(evaluations, options.output, '/'.join(
        options.data.parts[-2:]) + f', {_TOLD[options.part]}')
    print('\n' + '\n'.join(verdict(evaluations)) + f'\n\nreport: {files[-1]}')
    return 0


def _evaluate(models: list[Path], data: EmotionData, thorough: bool) -> list[Evaluation]:
    evaluations: dict[str, Evaluation] = {}
    for model in tqdm(models, desc='models', disable=None, leave=False):
        evaluation = evaluate_classifier(EmotionClassifier(model), data, thorough)
        name = _free_name(evaluation.name, evaluations)
        if name != evaluation.name:
            tqdm.write(f"'{model}' is called {name} here, for another one is named "
                       f'{evaluation.name} too')
        evaluations[name] = replace(evaluation, name=name)
    return list(evaluations.values())


def _free_name(name: str, taken: Container[str]) -> str:
    """Return a name that no other model has: a copy's card often says what the original's does."""
    return name if name not in taken else next(
        f'{name}_{number}' for number in count(2) if f'{name}_{number}' not in taken)
