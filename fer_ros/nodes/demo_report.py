"""What the demo leaves: a summary in words, files to open, and what to try next."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fer_ros.nodes.demo_record import DemoRecord
from fer_ros.perception.types import UNCERTAIN
from fer_ros.resources import resource_path

#: file -> what it is.
FILES = {'annotated.avi': 'the video: faces, states, probabilities',
         'time_line.png': 'states and tones over time',
         'contact_sheet.png': 'all at a glance',
         'summary.json': 'everything that was seen, for programs'}
#: More people, pictures and tones than this are counted.
_LISTED = 12


def forget_earlier_run(output: Path) -> None:
    """Remove what an earlier run left: its video is not to lie beside a new summary."""
    for name in FILES:
        (output / name).unlink(missing_ok=True)


def write_time_line(record: DemoRecord, path: Path) -> None:
    """
    Draw what was seen.

    :raises OSError: if the file cannot be written.
    """
    from fer_ros.media.time_line import draw_time_line  # late: matplotlib takes a while
    labels = [] if record.latest is None else list(record.latest.labels)
    draw_time_line(record.courses, labels, [(tone['t'], tone['tone']) for tone in record.tones],
                   record.length, record.marks).savefig(path, dpi=100)


def write_summary(summary: dict[str, Any], path: Path) -> None:
    """
    Write ``summary.json``.

    :raises OSError: if the file cannot be written.
    """
    path.write_text(json.dumps(summary, indent=2) + '\n', encoding='utf-8')


def told(summary: dict[str, Any]) -> Iterator[str]:
    """Give a summary in words, line by line."""
    face = summary['seconds_to_first_face']
    yield (f'{summary["seconds"]} s, {summary["messages"]} images at {summary["rate_hz"]} Hz, '
           + ('no face' if face is None else f'first face after {face} s'))
    yield (f'latency from an image to its states: {summary["latency_p50_ms"]} ms, for 99 % at '
           f'most {summary["latency_p99_ms"]} ms')
    yield from _pictures(summary) if 'pictures' in summary else _people(summary)
    again = [id_ for id_, person in summary['people'].items() if person['pass'] > 1]
    if again:
        yield f'  {_some(again)}: seen again after the loop'
    yield 'tones of the robot:'
    tones = [f'  {tone["t"]:5.1f} s  {tone["tone"]} ({tone["reason"]})'
             for tone in summary['tones']]
    yield from _first(tones)


def listen_in(chosen: bool) -> Iterator[str]:
    """
    Give the lines that tell how to hear the demo in another terminal.

    :param chosen: whether the demo has chosen the domain.
    """
    domain = os.environ.get('ROS_DOMAIN_ID') or '0'
    yield f'ROS domain {domain}, ' + ('chosen for this run (ROS_DOMAIN_ID sets another).' if (
        chosen) else 'as ROS_DOMAIN_ID says.')
    yield 'To hear this demo in another terminal:'
    environment = Path(sys.prefix) / 'ros_environment.sh'
    if environment.is_file():
        yield f'  . {shlex.quote(_short(environment))}'
    yield f'  export ROS_DOMAIN_ID={domain}'
    yield f'  python3 {shlex.quote(_short(resource_path("examples/dialog_manager.py")))}'


def what_next(output: Path, source: str, overlay: str) -> Iterator[str]:
    """Give the lines that tell which files to open, and what to try."""
    files = {output / name: text for name, text in FILES.items() if (output / name).is_file()}
    if files:
        yield 'open:'
        width = max(len(str(file)) for file in files)
        yield from (f'  {str(file):{width}}  {text}' for file, text in files.items())
    yield 'try next:'
    tries = {}
    if not source.isdecimal():
        tries[_command('0')] = 'your webcam; also a video, a folder of pictures, a bag'
    if overlay != 'cam':
        tries[_command(source, 'cam')] = 'where the network looks'
    tries['the lines at the top, beside a running demo'] = 'a dialog manager in this tone'
    yield from (f'  {command}\n      {text}' for command, text in tries.items())


def _people(summary: dict[str, Any]) -> Iterator[str]:
    people = [(id_, person) for id_, person in summary['people'].items() if person['pass'] == 1]
    yield f'{len(people)} {"person" if len(people) == 1 else "people"} seen:'
    yield from _first([f'  {id_}, {person["first_seen"]} to {person["last_seen"]} s: '
                       f'{_states(person)}' for id_, person in people])


def _states(person: dict[str, Any]) -> str:
    """Return a person's states and their times; not that there was none at first."""
    states = person['states']
    if states[0]['label'] == UNCERTAIN and len(states) > 1:
        states = states[1:]
    return ', '.join(f'{_name(s["label"])} from {s["t"]} s' for s in states)


def _pictures(summary: dict[str, Any]) -> Iterator[str]:
    yield 'pictures:'
    judged = {name: ', '.join(_judged(summary['people'][id_]) for id_ in ids) or 'no face'
              for name, ids in summary['pictures'].items()}
    yield from _first([f'  {name}: {text}' for name, text in judged.items()])


def _judged(person: dict[str, Any]) -> str:
    label = person['states'][-1]['label']
    if label == UNCERTAIN:
        return 'no state'
    return f'{label} {100 * person["confidence"]:.0f} %'


def _name(label: str) -> str:
    return 'no state' if label == UNCERTAIN else label


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _LISTED
    return lines[:_LISTED] + ([f'  and {more} more'] if more > 0 else [])


def _some(names: list[str]) -> str:
    return ', '.join(names[:_LISTED]) + ' and others' * (len(names) > _LISTED)


def _command(source: str, overlay: str = '') -> str:
    """Return how the demo is called with a source, as this one was called."""
    if 'MAKELEVEL' in os.environ:
        words = ['make demo', f'SOURCE={shlex.quote(source)}' * (source != 'demo'),
                 f'ARGS="--overlay {overlay}"' * bool(overlay)]
    else:
        words = ['python -m fer_ros demo', f'--source {shlex.quote(source)}' * (source != 'demo'),
                 f'--overlay {overlay}' * bool(overlay)]
    return ' '.join(filter(None, words))


def _short(path: Path) -> str:
    """Return a path relative to the working directory, if it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
