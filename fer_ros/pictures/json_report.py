"""A report for programs: values that JSON can hold."""

from __future__ import annotations

import math
from typing import Any

from fer_ros import __version__
from fer_ros.pictures.report import FaceReport, PictureReport
from fer_ros.texts import Texts


def report_json(report: PictureReport, texts: Texts | None = None,
                images: bool = False) -> dict[str, Any]:
    """
    Return a report as JSON can hold it; what is not known is null, never NaN.

    :param texts: adds how emotions are called and what to do about a face that was not judged,
        in this language.
    :param images: adds the pictures, as data: URIs.
    """
    told: dict[str, Any] = {'fer_ros': __version__, 'models': dict(report.models),
                            'labels': list(report.labels)}
    if texts is not None:
        told['label_texts'] = {label: texts(f'label.{label}') for label in report.labels}
    told |= picture_json(report, texts, images)
    return told


def picture_json(report: PictureReport, texts: Texts | None = None,
                 images: bool = False) -> dict[str, Any]:
    """Return it without what is the same for all pictures of a pipeline."""
    told: dict[str, Any] = {
        'picture': report.name, 'width': report.width, 'height': report.height,
        'anonymized': report.anonymized,
        'faces': [_face(face, report.labels, texts, images) for face in report.faces]}
    if images:
        told['annotated'] = report.annotated.source
    return told


def advice_text(face: FaceReport, texts: Texts) -> str:
    """Return in a sentence why a face was not judged and what to do, '' if it was."""
    key = face.advice if texts.has(face.advice) else 'advice.other'
    return texts(key, quality=face.quality) if face.advice else ''


def rounded(value: float | None) -> float | None:
    """Return a number as it is written: six decimals; None for none and for NaN."""
    return None if value is None or not math.isfinite(value) else round(float(value), 6)


def _face(face: FaceReport, labels: tuple[str, ...], texts: Texts | None,
          images: bool) -> dict[str, Any]:
    box = face.box
    told: dict[str, Any] = {
        'face': face.id, 'x': rounded(box.x), 'y': rounded(box.y), 'width': rounded(box.width),
        'height': rounded(box.height), 'detection_score': rounded(face.detection_score),
        'state': face.state, 'confidence': rounded(face.confidence) if face.judged else None,
        'quality': face.quality,
        'probabilities': dict(zip(labels, map(rounded, face.probabilities))) or None,
        'valence': rounded(face.valence), 'arousal': rounded(face.arousal)}
    if texts is not None:
        told |= {'state_text': texts(f'label.{face.state}'), 'advice': advice_text(face, texts)}
    if images:
        told |= {'thumbnail': face.thumbnail.source,
                 'evidence': face.evidence.source if face.evidence else None}
    return told
