"""Faces to messages; the only place that knows both (images: image_conversions.py)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Point32
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from fer_ros.behavior.attention import Person, center_offset
from fer_ros.perception.localization import Position
from fer_ros.perception.types import BoundingBox, TrackedFace
from fer_ros_msgs.msg import Emotion, EmotionArray

_SECOND = 1_000_000_000


def stamp_to_seconds(header: Header) -> float:
    """Return a header's stamp [s]."""
    return header.stamp.sec + header.stamp.nanosec * 1e-9


def stamp_to_nanoseconds(header: Header) -> int:
    """Return a header's stamp [ns], exact where seconds of today are not."""
    return int(header.stamp.sec * _SECOND + header.stamp.nanosec)


def to_seconds(nanoseconds: int) -> float:
    """Return what :func:`stamp_to_seconds` does of the same stamp, to the last bit."""
    seconds, rest = divmod(nanoseconds, _SECOND)
    return seconds + rest * 1e-9


def faces_to_message(
        faces: Sequence[TrackedFace], header: Header, labels: Sequence[str], model: str,
        processing_time: float, image_size: tuple[int, int],
        positions: Sequence[Position | None] | None = None) -> EmotionArray:
    """
    Build the message of one processed image.

    :param faces: the faces, any number.
    :param header: of the SOURCE image; passed on unchanged.
    :param labels: order of the probabilities.
    :param model: name of the emotion network.
    :param processing_time: [s].
    :param image_size: (width, height) of the source image [px].
    :param positions: for each face, in the header's frame, or None.
    """
    message = EmotionArray()
    message.header = header
    message.labels = list(labels)
    message.model = model
    message.processing_time = processing_time
    message.image_width, message.image_height = image_size
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


def seconds_to_stamp(seconds: float) -> Time:
    """Return a time [s] as a message; beyond what it can hold, the nearest that it can."""
    return nanoseconds_to_stamp(round(seconds * 1e9))


def nanoseconds_to_stamp(nanoseconds: int) -> Time:
    """Return a time [ns] as a message; beyond what it can hold (32 bits), the nearest."""
    second = 10 ** 9
    sec, nanosec = divmod(
        min(max(nanoseconds, -2 ** 31 * second), 2 ** 31 * second - 1), second)
    return Time(sec=sec, nanosec=nanosec)


def people_of(message: EmotionArray) -> list[Person]:
    """
    Return the faces of a message as the behavior sees them.

    Anybody may publish the message: numbers outside their ranges are brought back, those that
    are none (NaN) count as 0, such a position as unknown.
    """
    size = message.image_width, message.image_height
    return [_person(emotion, *size) for emotion in message.emotions]


def _person(emotion: Emotion, width: int, height: int) -> Person:
    somebody = Person(
        emotion.id, Emotion.UNCERTAIN, 0.0, math.sqrt(emotion.roi.width * emotion.roi.height),
        _distance(emotion), _offset(emotion.roi, width, height) if width and height else None,
        _within(emotion.track_age, 0.0, 1e9))
    if emotion.quality == Emotion.QUALITY_OPTED_OUT:
        return replace(somebody, opted_out=True)
    return replace(
        somebody, label=emotion.label, confidence=_within(emotion.confidence, 0.0, 1.0),
        valence=_within(emotion.valence, -1.0, 1.0), arousal=_within(emotion.arousal, -1.0, 1.0),
        state_age=_within(emotion.state_age, 0.0, 1e9),
        cues=tuple(zip(emotion.cues, emotion.cue_labels)),
        cue_agreement=_within(emotion.cue_agreement, -1.0, 1.0))


def _within(value: float, low: float, high: float) -> float:
    return 0.0 if math.isnan(value) else min(max(value, low), high)


def _distance(emotion: Emotion) -> float | None:
    place = emotion.position
    distance = math.hypot(place.x, place.y, place.z) if emotion.has_position else math.nan
    return distance if math.isfinite(distance) else None


def _offset(roi: RegionOfInterest, width: int, height: int) -> float:
    return center_offset(
        roi.x_offset + roi.width / 2, roi.y_offset + roi.height / 2, width, height)


def _emotion(face: TrackedFace, image_size: tuple[int, int],
             position: Position | None) -> Emotion:
    detection, estimate = face.track.detection, face.emotion
    message = Emotion(
        id=face.track.id, roi=box_to_roi(detection.box, image_size),
        detection_score=float(detection.score), label=estimate.label,
        confidence=estimate.confidence, valence=estimate.valence, arousal=estimate.arousal,
        state_age=estimate.state_age, track_age=face.track_age, quality=estimate.quality,
        cues=[modality for modality, _ in estimate.cues],
        cue_labels=[label for _, label in estimate.cues], cue_agreement=estimate.cue_agreement)
    if detection.landmarks is not None:
        message.landmarks = [Point32(x=float(x), y=float(y)) for x, y in detection.landmarks]
    message.probabilities = estimate.probabilities.tolist()
    message.raw_probabilities = estimate.raw_probabilities.tolist()
    if position is not None:
        message.has_position, message.position = True, Point(
            x=position.x, y=position.y, z=position.z)
        message.position_stddev, message.position_source = position.stddev, position.source
    return message
