"""A table of all faces, for spreadsheets and statistics."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from fer_ros.pictures.json_report import rounded
from fer_ros.pictures.report import FaceReport, PictureReport

_BEFORE = ('picture', 'face', 'x', 'y', 'width', 'height', 'detection_score', 'state',
           'confidence', 'quality')
_AFTER = ('valence', 'arousal')
#: A spreadsheet takes what begins so for a formula.
_FORMULA = ('=', '+', '-', '@', '\t', '\r', '\n')


def write_table(file: TextIO, labels: Sequence[str], reports: Iterable[PictureReport]) -> None:
    """
    Write CSV: a row a face, and one for a picture without faces; what is not known is empty.

    :param file: opened with ``newline=''``.
    :param labels: the emotions in the order of the probabilities, a column each.
    :param reports: a picture each.
    """
    writer = csv.writer(file)
    columns = (*_BEFORE, *labels, *_AFTER)
    writer.writerow(columns)
    for report in reports:
        name = harmless(report.name)
        for face in report.faces:
            writer.writerow([name, *_row(face, len(labels))])
        if not report.faces:
            writer.writerow([name] + [''] * (len(columns) - 1))


def harmless(path: str) -> str:
    """Return a path that no spreadsheet takes for a formula, and that names the same file."""
    return f'./{path}' if path.startswith(_FORMULA) else path


def _row(face: FaceReport, count: int) -> list[str | float | None]:
    box = face.box
    return [face.id, *map(rounded, (box.x, box.y, box.width, box.height, face.detection_score)),
            face.state, rounded(face.confidence) if face.judged else None, face.quality,
            *(map(rounded, face.probabilities) if face.judged else [None] * count),
            rounded(face.valence), rounded(face.arousal)]
