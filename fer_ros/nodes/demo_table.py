"""The demo's live table, and its one line for where there is no terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from fer_ros.nodes.demo_record import DemoRecord
from fer_ros.perception.types import QUALITY_OK, UNCERTAIN
from fer_ros_msgs.msg import Emotion, EmotionArray

_BLOCKS = ' ▁▂▃▄▅▆▇█'
#: A less probable emotion is not listed.
_LISTED = 0.05


def table(record: DemoRecord, now: float) -> Group:
    """
    Return what the terminal shows now: it wraps where there is little room, and cuts nothing.

    :param now: time of the run [s].
    """
    p50, p99 = record.latency()
    head = (f'{now:.1f} s   {record.rate:.1f} Hz   latency {p50:.0f} ms '
            f'(99 %: {p99:.0f} ms)   {record.showing}')
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)  # its columns stand still
    rows.add_column('id', no_wrap=True, min_width=3)
    rows.add_column('state', ratio=5)
    # Texts, not markup, which would take [s] for a style.
    rows.add_column(Text('for [s]'), justify='right', no_wrap=True)
    rows.add_column('probabilities', ratio=4)
    latest = record.latest or EmotionArray()
    for emotion in latest.emotions:
        rows.add_row(emotion.id, Text(state_text(emotion, record, now)),
                     f'{emotion.state_age:.1f}', Text(_bars(emotion.probabilities, latest.labels)))
    if not rows.row_count:
        rows.add_row('', 'nobody in view', '', '')
    return Group(Text(head.rstrip()), rows, Text(f'tone: {_tone(record)}'))


def line(record: DemoRecord, now: float) -> str:
    """
    Return one line.

    :param now: time of the run [s].
    """
    faces = ', '.join(f'{emotion.id} {state_text(emotion, record, now)}' for emotion in (
        record.latest.emotions if record.latest else ())) or 'nobody'
    tone = record.tones[-1]['tone'] if record.tones else 'none yet'
    return (f'{now:5.1f} s  {record.rate:4.1f} Hz  latency {record.latency()[0]:3.0f} ms  '
            f'tone {tone}  {record.showing}: '.removesuffix(' : ') + ' ' + faces)


def state_text(emotion: Emotion, record: DemoRecord, now: float) -> str:
    """
    Return a face's state in words; without one, what is likeliest and since when.

    :param now: time of the run [s].
    """
    reason = '' if emotion.quality == QUALITY_OK else f' ({emotion.quality})'
    if emotion.label != UNCERTAIN:
        return f'{emotion.label} {_percent(emotion.confidence)}{reason}'
    label, since = record.likeliest.get(emotion.id, ('', now))
    if not label or reason:
        return f'no state{reason}'
    return f'no state ({label} {_percent(emotion.confidence)} for {max(now - since, 0):.1f} s)'


def _tone(record: DemoRecord) -> str:
    if not record.tones:
        return 'none yet'
    return f'{record.tones[-1]["tone"]} ({record.tones[-1]["reason"]})'


def _percent(share: float) -> str:
    return f'{100 * share:.0f}\N{NO-BREAK SPACE}%'


def _bars(values: Sequence[float], labels: Sequence[str]) -> str:
    """Return the likelier emotions, the likeliest first; each stays in one line."""
    listed = sorted((pair for pair in zip(values, labels) if pair[0] >= _LISTED), reverse=True)
    return '  '.join(f'{label} {_BLOCKS[round(8 * value)]} {_percent(value)}'.replace(
        ' ', '\N{NO-BREAK SPACE}') for value, label in listed)
