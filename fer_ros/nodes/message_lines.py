"""Messages as people read them: a line or two each, or all fields as YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.perception.yaml_file import one_line
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray, GroupMood, Notice

#: Longer sequences are counted: nobody reads an image's bytes.
_LONGEST = 32
_LEVELS = ('OK', 'WARN', 'ERROR', 'STALE')


def lines_of(message: Any) -> list[str]:
    """Return what a message says, for our types; any other's fields as YAML."""
    write = _WRITERS.get(type(message))
    # Anybody may publish: nothing in a text may move the cursor or fill the screen.
    return [one_line(line, 2000) for line in write(message)] if write else (
        fields_of(message).splitlines())


def fields_of(message: Any) -> str:
    """Return all fields as YAML."""
    return str(yaml.safe_dump(_plain(message), sort_keys=False, allow_unicode=True))


def _plain(value: Any) -> Any:
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: _plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes) and len(value) == 1:
        return value[0]  # a field of type byte
    if len(value) > _LONGEST:
        return f'<{len(value)} values>'
    return [_plain(item.item() if hasattr(item, 'item') else item) for item in value]


def _emotions(message: EmotionArray) -> Iterator[str]:
    people = '; '.join(_person(emotion, list(message.labels)) for emotion in message.emotions)
    yield f'{stamp_to_seconds(message.header):.2f} s: {people or "nobody"}'


def _person(emotion: Emotion, labels: list[str]) -> str:
    percent = f'{100 * emotion.confidence:.0f} %'
    state = f'{emotion.label} {percent}'
    if emotion.label == Emotion.UNCERTAIN:
        values = dict(zip(labels, emotion.probabilities))
        state = 'no state' + (f' ({max(values, key=values.__getitem__)} {percent})'
                              if values else '')
    doubt = '' if emotion.quality in ('', Emotion.QUALITY_OK) else f' [{emotion.quality}]'
    place = emotion.position
    distance = (place.x ** 2 + place.y ** 2 + place.z ** 2) ** 0.5
    about = 'about ' if emotion.position_source == Emotion.POSITION_SIZE else ''
    return f'{emotion.id} {state} for {emotion.state_age:.1f} s{doubt}' + (
        f' at {about}{distance:.1f} m' if emotion.has_position else '')


def _tone(message: DialogTone) -> Iterator[str]:
    to = (f' to {message.person_id} ({message.emotion} {100 * message.confidence:.0f} %)'
          if message.person_id else '')
    yield (f'tone {message.tone}{to}: rate {message.rate:.2f}, pitch {message.pitch:.2f}, volume '
           f'{message.volume:.2f}; {message.reason}')
    if message.situation:
        yield f'situation: {message.situation}'
    if message.suggestion:
        yield f'suggestion: {message.suggestion}'


def _notice(message: Notice) -> Iterator[str]:
    yield f'notice to {message.person_id} ({message.language}): {message.text}'


def _mood(message: GroupMood) -> Iterator[str]:
    yield (f'{stamp_to_seconds(message.header):.2f} s: {message.people} with a state, together '
           f'{message.label} {100 * message.share:.0f} %')


def _diagnostics(message: DiagnosticArray) -> Iterator[str]:
    for status in message.status:
        level = status.level[0] if isinstance(status.level, bytes) else status.level
        yield f'{dict(enumerate(_LEVELS)).get(level, level)} {status.name}: {status.message}'


def _text(message: String) -> Iterator[str]:
    yield message.data


_WRITERS: dict[type, Any] = {
    EmotionArray: _emotions, DialogTone: _tone, Notice: _notice, GroupMood: _mood,
    DiagnosticArray: _diagnostics, String: _text}
