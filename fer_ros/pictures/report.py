"""What is told of a still picture: its faces, how they were judged, and pictures to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.perception.concealment import Concealment
from fer_ros.perception.pipeline import Pipeline
from fer_ros.perception.types import QUALITY_OK, BoundingBox, TrackedFace
from fer_ros.pictures.drawing import Drawing, draw
from fer_ros.pictures.encoding import EncodedImage, encode


@dataclass(frozen=True)
class FaceReport:
    """
    One face of a picture.

    :param id: f1, f2 ..., by falling detector score.
    :param box: in the upright picture [px].
    :param detection_score: 0..1.
    :param state: a label or ``uncertain``.
    :param confidence: probability of the state; of the likeliest label if it is uncertain; 0 if
        the face was not judged.
    :param probabilities: in the order of the report's labels; () if it was not judged.
    :param valence: -1..1; None if it was not judged.
    :param arousal: likewise.
    :param quality: ``ok``, or why it was not judged.
    :param thumbnail: the face close up; hidden in an anonymized report.
    :param evidence: the same with the map of where the evidence for the likeliest label lies;
        None if it was not judged or the pipeline computes no maps.
    """

    id: str
    box: BoundingBox
    detection_score: float
    state: str
    confidence: float
    probabilities: tuple[float, ...]
    valence: float | None
    arousal: float | None
    quality: str
    thumbnail: EncodedImage
    evidence: EncodedImage | None = None

    @property
    def judged(self) -> bool:
        """Whether it has probabilities."""
        return bool(self.probabilities)

    @property
    def advice(self) -> str:
        """Key of the text that says why it was not judged and what to do, '' if it was."""
        return '' if self.judged else f'advice.{self.quality}'

    def likeliest(self, labels: Sequence[str]) -> str:
        """Return the label with the highest probability, '' if it was not judged."""
        return labels[int(np.argmax(self.probabilities))] if self.judged else ''


@dataclass(frozen=True)
class PictureReport:
    """
    One picture.

    :param name: for people, such as its file's.
    :param width: upright [px].
    :param height: upright [px].
    :param labels: the emotions in the order of all probabilities.
    :param models: 'detector' and 'emotion' -> the network's name.
    :param anonymized: no face can be recognized in its pictures.
    :param faces: by falling detector score.
    :param annotated: a copy with boxes and states.
    """

    name: str
    width: int
    height: int
    labels: tuple[str, ...]
    models: dict[str, str]
    anonymized: bool
    faces: tuple[FaceReport, ...]
    annotated: EncodedImage


def report_picture(pipeline: Pipeline, picture: np.ndarray, name: str,
                   anonymize: Concealment | None = None, overlay: str = 'bars') -> PictureReport:
    """
    Find and judge the faces of a still picture. Nothing is written, no track is touched.

    :param pipeline: with ``maps`` for maps of evidence; not thread-safe.
    :param picture: uint8 (H, W, 3) BGR, upright; not changed.
    :param name: for people.
    :param anonymize: hides all faces in everything that is shown.
    :param overlay: on the annotated copy: 'bars', 'cam' or 'none'.
    :raises ValueError: for a picture of another kind.
    """
    faces = pipeline.analyze(picture)
    drawing = draw(picture, faces, pipeline.labels, anonymize, overlay)
    return report_drawing(pipeline, picture, name, faces, drawing)


def report_drawing(pipeline: Pipeline, picture: np.ndarray, name: str,
                   faces: Sequence[TrackedFace], drawing: Drawing) -> PictureReport:
    """
    Return the report of a picture that is analyzed and drawn already.

    :param pipeline: what found the faces.
    :param picture: uint8 (H, W, 3) BGR.
    :param name: for people.
    :param faces: as ``pipeline.analyze`` returns them.
    :param drawing: of this picture and these faces.
    """
    told = tuple(_face(face, thumbnail, evidence) for face, thumbnail, evidence in zip(
        faces, drawing.thumbnails, drawing.evidence))
    return PictureReport(
        name, picture.shape[1], picture.shape[0], pipeline.labels,
        {'detector': pipeline.detector.card.name, 'emotion': pipeline.classifier.card.name},
        drawing.anonymized, told, encode(drawing.annotated))


def _face(face: TrackedFace, thumbnail: np.ndarray, evidence: np.ndarray | None) -> FaceReport:
    emotion, detection = face.emotion, face.track.detection
    judged = emotion.quality == QUALITY_OK and len(emotion.probabilities) > 0
    return FaceReport(
        face.track.id, detection.box, float(detection.score), emotion.label,
        float(emotion.confidence) if judged else 0.0,
        tuple(map(float, emotion.probabilities)) if judged else (),
        float(emotion.valence) if judged else None,
        float(emotion.arousal) if judged else None, emotion.quality, encode(thumbnail),
        encode(evidence) if evidence is not None and judged else None)

