"""A folder with the annotated copies of many pictures, one page, and their faces as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fer_ros import __version__
from fer_ros.media.picture_decoder import PictureError
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.types import TrackedFace
from fer_ros.pictures.drawing import Drawing
from fer_ros.pictures.encoding import EncodedImage
from fer_ros.pictures.json_report import picture_json
from fer_ros.pictures.page import report_page
from fer_ros.pictures.report import FaceReport, PictureReport, report_drawing
from fer_ros.pictures.table import write_table
from fer_ros.pictures.upload import fault_text
from fer_ros.texts import Texts

#: The page of so many pictures has all inside and can be sent by mail; one of more shows files.
MOST_INSIDE = 12
_CLOSE = 'faces'


class ReportFolder:
    """
    Takes picture after picture; of many none stays in memory.

    :ivar reports: of the pictures so far.
    :param folder: made if it is not there; its files of the same names are replaced.
    :param pipeline: what finds the faces.
    :param count: of the pictures that may come.
    """

    def __init__(self, folder: Path, pipeline: Pipeline, count: int) -> None:
        self.reports: list[PictureReport] = []
        self._folder, self._pipeline = folder, pipeline
        self._inside = count <= MOST_INSIDE
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, path: Path, name: str, picture: np.ndarray, faces: Sequence[TrackedFace],
            drawing: Drawing) -> Path:
        """
        Write the annotated copy of a picture and keep its report.

        :param path: of the picture, for people.
        :param name: of its own among all pictures.
        :param picture: uint8 (H, W, 3) BGR.
        :param faces: its faces.
        :param drawing: of both.
        :returns: where the copy is.
        :raises OSError: if it cannot be written.
        """
        copy = self._folder / f'{name}_emotions.png'
        # Not imwrite, which tells no reason, and dies of a name that is no UTF-8.
        copy.write_bytes(cv2.imencode('.png', drawing.annotated)[1].tobytes())
        report = report_drawing(self._pipeline, picture, shown(path), faces, drawing)
        self.reports.append(report if self._inside else replace(
            report, annotated=report.annotated.lying_at(copy.name),
            faces=tuple(self._on_disk(name, face) for face in report.faces)))
        return copy

    def finish(self, texts: Texts, errors: Mapping[Path, PictureError],
               others: int = 0) -> list[Path]:
        """
        Write the page and the tables.

        :param texts: of the page's language.
        :param errors: why pictures could not be used.
        :param others: how many files were no pictures by their names.
        :returns: the files.
        """
        page, table, values = (
            self._folder / name for name in ('gallery.html', 'faces.csv', 'faces.json'))
        skipped = [f'{shown(path)}: {fault_text(error, texts)}' for path, error in errors.items()]
        if others:
            skipped.append(texts.count('page.others', others))
        page.write_text(report_page(self.reports, texts, skipped), encoding='utf-8')
        with table.open('w', encoding='utf-8', newline='') as file:
            write_table(file, self._pipeline.labels, self.reports)
        told = {'fer_ros': __version__, 'labels': list(self._pipeline.labels),
                'models': self.reports[0].models if self.reports else {},
                'pictures': [picture_json(report) for report in self.reports],
                'skipped': [{'picture': shown(path), 'reason': str(error)}
                            for path, error in errors.items()]}
        values.write_text(json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1) + '\n',
                          encoding='utf-8')
        return [page, table, values]

    def _on_disk(self, name: str, face: FaceReport) -> FaceReport:
        return replace(
            face, thumbnail=self._written(face.thumbnail, f'{name}_{face.id}'),
            evidence=face.evidence and self._written(face.evidence, f'{name}_{face.id}_evidence'))

    def _written(self, image: EncodedImage, name: str) -> EncodedImage:
        path = Path(_CLOSE) / f'{name}.jpg'
        (self._folder / path).parent.mkdir(exist_ok=True)
        (self._folder / path).write_bytes(image.data)
        return image.lying_at(path.as_posix())


def shown(path: Path) -> str:
    r"""Return a path as UTF-8 can hold it: a byte that is none as ``\udcff``."""
    return str(path).encode('utf-8', 'backslashreplace').decode('utf-8')
