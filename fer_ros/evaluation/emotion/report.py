"""An evaluation as one HTML file with its pictures inside, as PNGs and as JSON."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime, timezone
from pathlib import Path

from matplotlib.figure import Figure

from fer_ros import __version__
from fer_ros.evaluation.emotion import plots as plots
from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.evaluation.emotion.verdict import verdict
from fer_ros.pages import write_page


def figures_of(evaluations: list[Evaluation]) -> dict[str, Figure]:
    """Return file name (without ending) -> figure, in the order of the report."""
    figures = {'reliability': plots.reliability(evaluations), 'f1': plots.class_f1(evaluations)}
    if all(evaluation.robustness for evaluation in evaluations):
        figures['robustness'] = plots.robustness(evaluations)
    for evaluation in evaluations:
        figures[f'confusion_{evaluation.name}'] = plots.confusion(evaluation)
        calibration = plots.class_calibration(evaluation)
        if calibration is not None:
            figures[f'calibration_{evaluation.name}'] = calibration
        for kind, right in (('wrong', False), ('right', True)):
            if (evaluation.correct == right).any():
                figures[f'{kind}_{evaluation.name}'] = plots.grid(evaluation, right)
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
    summaries = {evaluation.name: {**evaluation.summary(), **evaluation.intervals(),
                                   'emotions': evaluation.present}
                 for evaluation in evaluations}
    files = []
    pictures = {}
    for name, figure in figures_of(evaluations).items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format='png', dpi=100)
        files.append(output / f'{name}.png')
        files[-1].write_bytes(buffer.getvalue())
        pictures[name] = base64.b64encode(buffer.getvalue()).decode('ascii')
    date = datetime.now(timezone.utc).date().isoformat()
    report = {'data': data, 'date': date, 'fer_ros': __version__,
              'verdict': verdict(evaluations), 'models': summaries}
    files.append(output / 'evaluation.json')
    files[-1].write_text(json.dumps(report, indent=2), encoding='utf-8')
    files.append(output / 'report.html')
    write_page('report.html.j2', files[-1], **report, pictures=pictures,
               voted=evaluations[0].voted)
    return files
