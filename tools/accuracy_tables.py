"""
Write the measured figures of the emotion networks into the documents that tell them.

``python -m tools.accuracy_tables [runs/evaluation]``: with a folder, its figures and plots are
taken over first (benchmark/results/evaluation.json, docs/images/*.png); then every table is made
anew.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from fer_ros.perception.labels import EMOTIONS

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / 'benchmark' / 'results' / 'evaluation.json'
#: document -> the tables in it, each between its two comments.
DOCUMENTS = {'docs/explanation/accuracy.md': ('accuracy', 'robustness', 'recall'),
             'docs/explanation/model_card.md': ('accuracy', 'robustness', 'classes')}
_PLOTS = {'confusion_fer_ros_emotion.png': 'confusion.png', 'reliability.png': 'reliability.png'}


def tables(report: dict[str, Any]) -> dict[str, str]:
    """
    Return every table by its name, in Markdown.

    :param report: of ``fer_ros evaluate``, our network first.
    """
    models = report['models']
    ours = next(iter(models.values()))
    return {'accuracy': _accuracy(models), 'robustness': _robustness(models),
            'classes': _classes(ours), 'recall': _recall(ours)}


def insert(text: str, made: dict[str, str], names: tuple[str, ...]) -> str:
    """
    Put tables between their comments.

    :raises ValueError: if a document lacks the place for a table.
    """
    for name in names:
        part = re.compile(rf'(<!-- {name}:[^\n]*-->\n).*?(\n<!-- end of {name} -->)', re.DOTALL)
        found = part.search(text)
        if found is None:
            raise ValueError(f"no '<!-- {name}: ... -->' and '<!-- end of {name} -->'")
        text = text[:found.end(1)] + made[name] + text[found.start(2):]
    return text


def _percent(value: float) -> str:
    return f'{100 * value:.1f}'


def _accuracy(models: dict[str, Any]) -> str:
    lines = ['| network | parameters | ms per face | FER+, clear majority [%] (95 % interval) | '
             'FER+, any majority [%] | FER2013 labels [%] | macro F1 | ECE | NLL | Brier |',
             '|' + '---|' * 10]
    for name, m in models.items():
        low, high = m['accuracy_on_clear_majority_95_percent']
        size = m['cost'].get('parameters')
        lines.append(
            f'| {name} | {f"{size / 1e6:.2f} M" if size else ""} | '
            f'{m["cost"]["milliseconds_per_face"]:.2f} | '
            f'{_percent(m["accuracy_on_clear_majority"])} ({_percent(low)} to {_percent(high)}) | '
            f'{_percent(m["accuracy"])} | {_percent(m["fer2013_accuracy"])} | '
            f'{m["macro_f1"]:.3f} | {m["ece_15_bins"]:.3f} | {m["nll_of_votes"]:.3f} | '
            f'{m["brier_of_votes"]:.3f} |')
    return '\n'.join(lines)


def _robustness(models: dict[str, Any]) -> str:
    kinds = next(iter(models.values()))['robustness']
    lines = ['| accuracy [%] (loss in points) | ' + ' | '.join(models) + ' |',
             '|' + '---|' * (1 + len(models))]
    for kind in kinds:
        cells = []
        for m in models.values():
            value, clean = m['robustness'][kind], m['robustness']['clean']
            cells.append(_percent(value) + (
                '' if kind == 'clean' else f' ({100 * (value - clean):+.1f})'))
        lines.append(f'| {kind} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _classes(m: dict[str, Any]) -> str:
    lines = ['| emotion | pictures | precision | recall | F1 | calibration error |',
             '|---|---|---|---|---|---|']
    lines += [f'| {name} | {m["support"][name]} | {m["precision"][name]:.2f} | '
              f'{m["recall"][name]:.2f} | {m["f1"][name]:.2f} | '
              f'{m["calibration_error"][name]:.3f} |' for name in EMOTIONS]
    lines.append(f'| macro | {m["pictures"]} | {m["macro_precision"]:.2f} | '
                 f'{m["macro_recall"]:.2f} | {m["macro_f1"]:.2f} | |')
    return '\n'.join(lines)


def _recall(m: dict[str, Any]) -> str:
    ordered = sorted(EMOTIONS, key=lambda name: -m['recall'][name])
    return 'Recall: ' + ', '.join(
        f'{name} {100 * m["recall"][name]:.0f} %' for name in ordered) + '.'


def main() -> None:
    """Take over a report, if one is named, and write all tables."""
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        shutil.copy(folder / 'evaluation.json', RESULTS)
        for source, target in _PLOTS.items():
            shutil.copy(folder / source, ROOT / 'docs' / 'images' / target)
    made = tables(json.loads(RESULTS.read_text(encoding='utf-8')))
    for name, wanted in DOCUMENTS.items():
        path = ROOT / name
        path.write_text(insert(path.read_text(encoding='utf-8'), made, wanted), encoding='utf-8')


if __name__ == '__main__':
    main()
