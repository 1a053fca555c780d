"""Faces to messages; the only place that knows both (images: image_conversions.py)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point, Point32
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from fer_ros.perception.types import BoundingBox, TrackedFace
from fer_ros_msgs.msg import Emotion, EmotionArray


def stamp_to_seconds(header: Header) -> float:
    """Return a header's stamp [s]."""
    return header.stamp.sec + header.stamp.nanosec * 1e-9


def faces_to_message(
        faces: Sequence[TrackedFace], header: Header, labels: Sequence[str], model: str,
        processing_time: float, image_size: tuple[int, int],
        positions: Sequence[np.ndarray | None] | None = None) -> EmotionArray:
    """
    Build the message of one processed image.

    :param faces: the faces, any number.
    :param header: of the SOURCE image; passed on unchanged.
    :param labels: order of the probabilities.
    :param model: name of the emotion network.
    :param processing_time: [s].
    :param image_size: (width, height) of the source image [px].
    :param positions: for each face (3,) [m] in the header's frame, or None.
    """
    message = EmotionArray()
    message.header = header
    message.labels = list(labels)
    message.model = model
    message.processing_time = processing_time
    places = positions or [None] * len(faces)
    message.emotions = [
        _emotion(face, image_size, place) for face, place in zip(faces, places)]
    return message


def box_to_roi(box: BoundingBox, image_size: tuple[int, int]) -> RegionOfInterest:
    """Return the part of a box inside the image, in whole pixels."""
    inside = box.clipped(*image_size)
    x, y = int(inside.x), int(inside.y)
    return RegionOfInterest(
        x_offset=x, y_offset=y, width=round(inside.x + inside.width) - x,
        height=round(inside.y + inside.height) - y, do_rectify=False)


def _emotion(face: TrackedFace, image_size: tuple[int, int],
             position: np.ndarray | None) -> Emotion:
    detection, estimate = face.track.detection, face.emotion
    message = Emotion(
        id=face.track.id, roi=box_to_roi(detection.box, image_size),
        detection_score=float(detection.score), label=estimate.label,
        confidence=estimate.confidence, valence=estimate.valence, arousal=estimate.arousal,
        state_age=estimate.state_age, track_age=face.track_age, quality=estimate.quality)
    if detection.landmarks is not None:
        message.landmarks = [Point32(x=float(x), y=float(y)) for x, y in detection.landmarks]
    message.probabilities = estimate.probabilities.tolist()
    message.raw_probabilities = estimate.raw_probabilities.tolist()
    if position is not None:
        x, y, z = (float(value) for value in position)
        message.has_position, message.position = True, Point(x=x, y=y, z=z)
    return message
