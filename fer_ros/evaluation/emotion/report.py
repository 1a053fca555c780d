"""An evaluation as one HTML file with its pictures inside, as PNGs and as JSON."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from fer_ros import __version__
from fer_ros.evaluation.emotion import plots as plots
from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.perception.labels import EMOTIONS
from fer_ros.resources import resource_path


def figures_of(evaluations: list[Evaluation]) -> dict[str, Figure]:
    """Return file name (without ending) -> figure, in the order of the report."""
    figures = {'reliability': plots.reliability(evaluations), 'f1': plots.class_f1(evaluations)}
    if all(evaluation.robustness for evaluation in evaluations):
        figures['robustness'] = plots.robustness(evaluations)
    for evaluation in evaluations:
        figures[f'confusion_{evaluation.name}'] = plots.confusion(evaluation)
        figures[f'calibration_{evaluation.name}'] = plots.class_calibration(evaluation)
        figures[f'right_{evaluation.name}'] = plots.grid(evaluation, right=True)
        figures[f'wrong_{evaluation.name}'] = plots.grid(evaluation, right=False)
    return figures


def write_report(evaluations: list[Evaluation], output: Path, data: str) -> list[Path]:
    """
    Write ``report.html``, ``evaluation.json`` and the figures as PNG files.

    :param evaluations: one or more, of the same pictures, the first is the one in focus.
    :param output: folder; made if it is not there.
    :param data: what was judged by, for people.
    :returns: the files.
    """
    output.mkdir(parents=True, exist_ok=True)
    summaries = {evaluation.name: evaluation.summary() for evaluation in evaluations}
    files = []
    pictures = {}
    for name, figure in figures_of(evaluations).items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format='png', dpi=100)
        files.append(output / f'{name}.png')
        files[-1].write_bytes(buffer.getvalue())
        pictures[name] = base64.b64encode(buffer.getvalue()).decode('ascii')
    date = datetime.now(timezone.utc).date().isoformat()
    report = {'data': data, 'date': date, 'fer_ros': __version__, 'models': summaries}
    files.append(output / 'evaluation.json')
    files[-1].write_text(json.dumps(report, indent=2), encoding='utf-8')
    files.append(output / 'report.html')
    files[-1].write_text(_html(report, pictures), encoding='utf-8')
    return files


def _html(report: dict[str, Any], pictures: dict[str, str]) -> str:
    template = resource_path('config/training/report.html.j2').read_text(encoding='utf-8')
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    return environment.from_string(template).render(
        **report, emotions=EMOTIONS, pictures=pictures)
