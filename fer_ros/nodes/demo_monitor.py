"""What the demo shows and keeps: subscribes like any dialog manager would."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from rich.table import Table
from rich.text import Text
from sensor_msgs.msg import Image

from fer_ros.media.recorder import ContactSheet, VideoRecorder
from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.nodes.image_conversions import image_to_array
from fer_ros.nodes.qos import emotions_qos, image_qos, latched_qos
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray

_BLOCKS = ' ▁▂▃▄▅▆▇█'


class DemoMonitor(Node):
    """
    Receives emotions, tone and annotated image.

    :param output: folder for video and contact sheet.
    """

    def __init__(self, output: Path, **kwargs: Any) -> None:
        super().__init__('demo_monitor', **kwargs)
        self.video = VideoRecorder(output / 'annotated.avi')
        self.sheet = ContactSheet()
        self.start = time.monotonic()
        self.first_face: float | None = None
        self.messages = 0
        self.people: dict[str, dict[str, Any]] = {}
        self.tones: list[dict[str, Any]] = []
        self.latest: EmotionArray | None = None
        self.recording_error = ''
        self._latencies: deque[float] = deque(maxlen=3000)
        self._arrivals: deque[float] = deque(maxlen=90)
        self._first_stamp: float | None = None
        self._last_stamp = 0.0
        self._longest_gap = 0.0
        self.create_subscription(EmotionArray, 'emotions', self._on_emotions, emotions_qos())
        self.create_subscription(DialogTone, 'dialog/tone', self._on_tone, latched_qos())
        self.create_subscription(Image, 'emotions/image', self._on_image, image_qos())

    @property
    def elapsed(self) -> float:
        """Time since the start [s]."""
        return time.monotonic() - self.start

    def connected(self) -> bool:
        """Return whether emotion_node, behavior_node and this node have found each other."""
        return bool(self.count_publishers('emotions') and self.count_publishers('dialog/tone')
                    and self.count_subscribers('emotions') > 1 and self.tones)

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

    def summary(self) -> dict[str, Any]:
        """Return everything that was seen, for ``summary.json``."""
        p50, p99 = self.latency()
        return {
            'seconds': round(self.elapsed, 1), 'messages': self.messages,
            'seconds_to_first_face': None if self.first_face is None else round(
                self.first_face, 2),
            'rate_hz': round(self.rate, 1), 'longest_gap_s': round(self._longest_gap, 2),
            'latency_p50_ms': round(p50, 1),
            'latency_p99_ms': round(p99, 1), 'people': self.people, 'tones': self.tones}

    def table(self) -> Table:
        """Return the live table."""
        p50, p99 = self.latency()
        tone = self.tones[-1] if self.tones else {'tone': '-', 'reason': ''}
        labels = list(self.latest.labels) if self.latest else []
        table = Table(
            title=f'{self.elapsed:5.1f} s   {self.rate:4.1f} Hz   latency p50 {p50:.1f} ms, '
                  f'p99 {p99:.1f} ms', caption=f'tone: {tone["tone"]}   {tone["reason"]}',
            title_justify='left', caption_justify='left')
        for column in ('id', 'state', 'confidence', 'for [s]', *labels):
            table.add_column(column, justify='right' if column == 'for [s]' else 'left')
        for emotion in self.latest.emotions if self.latest else ():
            table.add_row(*_row(emotion, len(labels)))
        return table

    def line(self) -> str:
        """Return one line, for where there is no terminal."""
        p50, p99 = self.latency()
        faces = ', '.join(f'{e.id} {e.label} {e.confidence:.2f}' for e in (
            self.latest.emotions if self.latest else ())) or 'nobody'
        tone = self.tones[-1]['tone'] if self.tones else '-'
        return (f'{self.elapsed:5.1f} s  {self.rate:4.1f} Hz  p50 {p50:.1f} ms  p99 {p99:.1f} ms'
                f'  tone {tone}  {faces}')

    def close(self) -> None:
        """Finish the video."""
        self.video.close()

    def _on_emotions(self, message: EmotionArray) -> None:
        now = self.get_clock().now().nanoseconds * 1e-9
        stamp = stamp_to_seconds(message.header)
        self.messages += 1
        self._latencies.append(now - stamp)
        self._arrivals.append(time.monotonic())
        self.latest = message
        if self._first_stamp is None:
            self._first_stamp = self._last_stamp = stamp
        self._longest_gap = max(self._longest_gap, stamp - self._last_stamp)
        self._last_stamp = stamp
        for emotion in message.emotions:
            if self.first_face is None:
                self.first_face = self.elapsed
            self._note(emotion, stamp - self._first_stamp)

    def _note(self, emotion: Emotion, t: float) -> None:
        """Keep when a person was seen, and each change of state with its place."""
        person = self.people.setdefault(
            emotion.id, {'first_seen': round(t, 2), 'states': []})
        person['last_seen'] = round(t, 2)
        if not person['states'] or person['states'][-1]['label'] != emotion.label:
            roi = emotion.roi
            person['states'].append({
                't': round(t, 2), 'label': emotion.label,
                'confidence': round(float(emotion.confidence), 3),
                'center': [roi.x_offset + roi.width // 2, roi.y_offset + roi.height // 2]})

    def _on_tone(self, message: DialogTone) -> None:
        if self.tones and self.tones[-1]['tone'] == message.tone:
            return  # only person or situation changed
        self.tones.append({'t': round(self.elapsed, 2), 'tone': message.tone,
                           'person': message.person_id, 'reason': message.reason})

    def _on_image(self, message: Image) -> None:
        """Record; a full disk ends the recording, not the demo."""
        if self.recording_error:
            return
        picture, stamp = image_to_array(message), stamp_to_seconds(message.header)
        try:
            self.video.add(picture, stamp)
        except OSError as error:
            self.recording_error = str(error)
        self.sheet.add(picture, f'{self.elapsed:.1f} s')


def _row(emotion: Emotion, count: int) -> list[Any]:
    values = list(emotion.probabilities) or [0.0] * count
    bars = [Text(f'{_BLOCKS[min(int(v * 8 + 0.5), 8)] * 2} {100 * v:3.0f}%') for v in values]
    state = emotion.label if emotion.quality == 'ok' else f'{emotion.label} ({emotion.quality})'
    return [emotion.id, state, f'{100 * emotion.confidence:3.0f}%',
            f'{emotion.state_age:.1f}', *bars]
