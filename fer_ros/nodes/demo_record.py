"""What a run of the demo saw, on one clock that goes on where a recording begins anew."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from fer_ros.media.time_line import FaceCourse
from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray

#: The courses of so many faces are kept for the picture.
_MOST_FACES = 200


class DemoRecord:
    """
    People, states and tones.

    The clock is that of the images, from the first one on; where none comes, that of their
    arrival. ``arrival`` is the time at which something was received [s], by a steady clock.

    :param pictures: the source is a folder of pictures, each for itself.
    """

    def __init__(self, pictures: bool = False) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.courses: dict[str, FaceCourse] = {}
        self.tones: list[dict[str, Any]] = []
        #: (time [s], what began there): pictures of a folder, passes of a loop.
        self.marks: list[tuple[float, str]] = []
        self.pictures: dict[str, list[str]] | None = {} if pictures else None
        self.latest: EmotionArray | None = None
        self.messages, self.passes = 0, 1
        self.first_face: float | None = None
        #: id -> the likeliest emotion and since when [s].
        self.likeliest: dict[str, tuple[str, float]] = {}
        self.began: float | None = None
        self._showing, self._first_shown = '', ''
        self._latencies: deque[float] = deque(maxlen=3000)
        self._arrivals: deque[float] = deque(maxlen=90)
        self._origin = self._stamp = self._t = self._longest_gap = 0.0

    def now(self, arrival: float) -> float:
        """Return the time of the run [s], 0 before the first image."""
        return self._t + (arrival - self._arrivals[-1]) if self._arrivals else 0.0

    def add(self, message: EmotionArray, arrival: float, latency: float) -> None:
        """
        Take an image's faces.

        :param latency: from the image's stamp to here [s].
        """
        stamp = stamp_to_seconds(message.header)
        if self.began is None:
            self.began, self._origin, self._stamp = arrival, stamp, stamp
        elif stamp < self._stamp:  # a bag began anew
            self._origin = stamp - self.now(arrival)
            self._begin_pass(self.now(arrival))
        else:
            self._longest_gap = max(self._longest_gap, stamp - self._stamp)
        self._stamp, self._t = stamp, stamp - self._origin
        self.messages, self.latest = self.messages + 1, message
        self._arrivals.append(arrival)
        self._latencies.append(max(latency, 0.0))
        self.likeliest = {emotion.id: self._likeliest(emotion, list(message.labels))
                          for emotion in message.emotions}
        for emotion in message.emotions:
            self._note(emotion)

    def add_tone(self, message: DialogTone, arrival: float) -> None:
        """Take a tone; one that is told again, for another person or situation, is none."""
        if self.tones and self.tones[-1]['tone'] == message.tone:
            return
        self.tones.append({'t': round(self.now(arrival), 2), 'tone': message.tone,
                           'person': message.person_id, 'reason': message.reason})

    def show(self, name: str, arrival: float) -> bool:
        """
        Take the name of a file that begins.

        :returns: whether there was one before: who was seen in it is not there any more.
        """
        before, self._showing = self._showing, name
        self._first_shown = self._first_shown or name
        if before and name == self._first_shown:
            self._begin_pass(self.now(arrival))
        if self.pictures is not None:
            self.marks.append((self.now(arrival), name))
            self.pictures.setdefault(name, [])
        return bool(before)

    @property
    def showing(self) -> str:
        """Name of the picture of a folder that is shown now, '' for other sources."""
        return self._showing if self.pictures is not None else ''

    @property
    def rate(self) -> float:
        """Messages a second over the last ones."""
        if len(self._arrivals) < 2:
            return 0.0
        return (len(self._arrivals) - 1) / max(self._arrivals[-1] - self._arrivals[0], 1e-6)

    def latency(self) -> tuple[float, float]:
        """Return median and 99th percentile from image stamp to arrival here [ms]."""
        if not self._latencies:
            return 0.0, 0.0
        p50, p99 = np.percentile(np.array(self._latencies) * 1e3, [50, 99])
        return float(p50), float(p99)

    @property
    def length(self) -> float:
        """When the last image or tone came [s]."""
        return max([self._t, *(tone['t'] for tone in self.tones)])

    def summary(self) -> dict[str, Any]:
        """Return everything that was seen, for ``summary.json``."""
        p50, p99 = self.latency()
        summary = {
            'seconds': round(self.length, 1), 'messages': self.messages,
            'seconds_to_first_face': None if self.first_face is None else round(
                self.first_face, 2),
            'rate_hz': round(self.rate, 1), 'longest_gap_s': round(self._longest_gap, 2),
            'latency_p50_ms': round(p50, 1), 'latency_p99_ms': round(p99, 1),
            'passes': self.passes, 'people': self.people, 'tones': self.tones}
        return summary if self.pictures is None else {**summary, 'pictures': self.pictures}

    def _begin_pass(self, t: float) -> None:
        self.passes += 1
        if self.pictures is None:
            self.marks.append((t, 'from the beginning'))

    def _likeliest(self, emotion: Emotion, labels: list[str]) -> tuple[str, float]:
        label = labels[int(np.argmax(emotion.probabilities))] if len(
            emotion.probabilities) else ''
        before = self.likeliest.get(emotion.id)
        return before if before is not None and before[0] == label else (label, self._t)

    def _note(self, emotion: Emotion) -> None:
        """Keep when a person was seen, and each change of state with its place."""
        if emotion.id not in self.people:
            self.people[emotion.id] = {
                'pass': self.passes, 'first_seen': round(self._t, 2), 'states': []}
            if self.pictures is not None and self._showing in self.pictures and (
                    self.passes == 1):
                self.pictures[self._showing].append(emotion.id)
        person, roi = self.people[emotion.id], emotion.roi
        person['last_seen'] = round(self._t, 2)
        person['confidence'] = round(float(emotion.confidence), 3)
        if not person['states'] or person['states'][-1]['label'] != emotion.label:
            person['states'].append({
                't': round(self._t, 2), 'label': emotion.label,
                'confidence': person['confidence'],
                'center': [roi.x_offset + roi.width // 2, roi.y_offset + roi.height // 2]})
        if emotion.id in self.courses or len(self.courses) < _MOST_FACES:
            self.courses.setdefault(emotion.id, FaceCourse()).add(
                self._t, emotion.probabilities, emotion.label)
