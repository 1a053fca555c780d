"""Messages to what the page shows. Anybody may publish them: numbers and texts are bounded."""

from __future__ import annotations

import math
from collections.abc import Iterable

from diagnostic_msgs.msg import DiagnosticStatus

from fer_ros.dashboard.shown import Condition, Moment, ShownPerson, ShownTone
from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray

_LEVELS = {DiagnosticStatus.OK: 'ok', DiagnosticStatus.WARN: 'warning',
           DiagnosticStatus.ERROR: 'error', DiagnosticStatus.STALE: 'silent'}
#: So much of a message is shown.
_MOST_PEOPLE, _MOST_LABELS, _LONGEST_TEXT = 64, 64, 500


def to_moment(message: EmotionArray) -> Moment:
    """Return the faces of a picture."""
    size = message.image_width, message.image_height
    return Moment(
        stamp_to_seconds(message.header), tuple(map(_text, message.labels[:_MOST_LABELS])),
        tuple(_person(emotion, size) for emotion in message.emotions[:_MOST_PEOPLE]), size)


def to_tone(message: DialogTone) -> ShownTone:
    """Return the robot's tone."""
    return ShownTone(
        stamp_to_seconds(message.header), *map(_text, (
            message.tone, message.person_id, message.emotion, message.reason,
            message.style_prompt, message.situation, message.suggestion)))


def to_condition(status: DiagnosticStatus) -> Condition:
    """Return how a node is."""
    return Condition(
        status.name.partition(':')[0], _LEVELS.get(status.level, 'error'), _text(status.message),
        {_text(pair.key): _text(pair.value) for pair in status.values[:_MOST_LABELS]})


def _person(emotion: Emotion, size: tuple[int, int]) -> ShownPerson:
    width, height = (max(side, 1) for side in size)
    roi = emotion.roi
    return ShownPerson(
        _text(emotion.id), (roi.x_offset / width, roi.y_offset / height, roi.width / width,
                            roi.height / height),
        _text(emotion.label), _share(emotion.confidence), _shares(emotion.probabilities),
        _text(emotion.quality), _seconds(emotion.state_age), _seconds(emotion.track_age))


def _shares(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(map(_share, values))[:_MOST_LABELS]


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _seconds(value: float) -> float:
    return min(max(value, 0.0), 1e9) if math.isfinite(value) else 0.0


def _text(value: str) -> str:
    return value[:_LONGEST_TEXT]
