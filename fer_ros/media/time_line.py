"""Probabilities, states and tones over time, as one picture: of the demo and of the evening."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fer_ros.perception.annotator import COLORS
from fer_ros.perception.types import UNCERTAIN

#: So many rows for faces have room in a picture.
_ROWS = 4
#: An emotion that never gets as probable is not drawn.
_NOTICEABLE = 0.15
#: A longer time without a sample is a gap in the line [s], if samples usually come faster.
_GAP = 0.5
#: More marks than this are drawn without their names.
_NAMED = 24
_TONES = ('#2a6f97', '#e07a5f', '#6d8a74', '#b08ea2', '#6d6875')
#: The tone that is drawn in gray.
_PLAIN = 'neutral'


@dataclass
class FaceCourse:
    """
    What one face showed.

    At most ``longest`` samples are kept: when there are more, every second one goes.

    :param longest: samples.
    """

    longest: int = 6000
    stamps: list[float] = field(default_factory=list)
    probabilities: list[np.ndarray] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._every, self._offered = 1, 0

    def add(self, stamp: float, probabilities: Sequence[float] | np.ndarray, state: str) -> None:
        """
        Add a moment.

        :param stamp: [s], never less than the one before.
        :param probabilities: (L,), empty where the face has not been classified.
        :param state: a label or ``uncertain``.
        """
        if self._offered % self._every == 0 or state != self.states[-1]:
            self.stamps.append(stamp)
            self.probabilities.append(np.asarray(probabilities, np.float32))
            self.states.append(state)
        self._offered += 1
        if len(self.stamps) > self.longest:
            for values in (self.stamps, self.probabilities, self.states):
                del values[1::2]
            self._every *= 2


def draw_time_line(
        faces: Mapping[str, FaceCourse], labels: Sequence[str],
        tones: Sequence[tuple[float, str]], length: float,
        marks: Sequence[tuple[float, str]] = (),
        speaking: Iterable[tuple[float, float]] = ()) -> Figure:
    """
    Draw what each face showed and what the robot made of it.

    Faces that are not there at the same time share a row. Beyond four rows faces are left out,
    those that were seen for the shortest time first, and the picture says how many.

    :param faces: id -> its course.
    :param labels: the emotions in the order of the probabilities.
    :param tones: (begin [s], name), in order.
    :param length: the end of the picture [s].
    :param marks: (time [s], what begins there): a loop, another picture.
    :param speaking: (begin, end) [s] of the robot's utterances.
    """
    rows = share_rows(faces)
    count = max(len(rows), 1)
    figure = Figure(figsize=(12, 2 + 2.25 * count), layout='constrained')
    *places, bottom = figure.subplots(
        count + 1, 1, sharex=True, gridspec_kw={'height_ratios': [3] * count + [2]})
    colors = _noticeable(faces, labels)
    for axes, ids in zip(places, rows or [[]]):
        for id_ in ids:
            _draw_face(axes, faces[id_], labels, colors, '' if len(ids) == 1 else f'{id_} ')
        axes.set(ylabel=f'{ids[0]}: probability' if len(ids) == 1 else 'probability',
                 ylim=(0, 1.18), yticks=(0, 0.5, 1))
        for stamp, _ in marks:
            axes.axvline(stamp, color='black', linewidth=0.8, alpha=0.5)
    places[0].legend(handles=[Line2D([], [], color=color, label=label)
                              for label, color in colors.items()] or [
        Line2D([], [], linestyle='', label='no face was judged')],
        loc='center left', bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
    for stamp, name in marks if len(marks) <= _NAMED else ():
        places[0].annotate(name, (stamp, 1), xycoords=('data', 'axes fraction'), fontsize=7,
                           xytext=(1, 3), textcoords='offset points', rotation=15)
    _draw_tones(bottom, tones, length, speaking)
    missing = len(faces) - sum(map(len, rows))
    bottom.set_xlabel('time [s]' + f' (not drawn: {missing} faces that were seen for a shorter '
                      'time)' * (missing > 0))
    return figure


def share_rows(faces: Mapping[str, FaceCourse]) -> list[list[str]]:
    """
    Return which faces share a row: those that are not there at the same time.

    :returns: at most four rows of ids, each in the order of time.
    """
    rows: list[list[str]] = []
    longest = sorted((id_ for id_, face in faces.items() if face.stamps), reverse=True,
                     key=lambda id_: faces[id_].stamps[-1] - faces[id_].stamps[0])
    for id_ in longest:
        row = next((row for row in rows if not any(
            _overlap(faces[id_], faces[other]) for other in row)), None)
        if row is not None:
            row.append(id_)
        elif len(rows) < _ROWS:
            rows.append([id_])
    for row in rows:
        row.sort(key=lambda id_: faces[id_].stamps[0])
    return sorted(rows, key=lambda row: faces[row[0]].stamps[0])


def _overlap(first: FaceCourse, second: FaceCourse) -> bool:
    return first.stamps[0] <= second.stamps[-1] and second.stamps[0] <= first.stamps[-1]


def _noticeable(faces: Mapping[str, FaceCourse], labels: Sequence[str]) -> dict[str, Any]:
    """Return label -> color of the emotions that any face ever showed."""
    seen = np.zeros(len(labels))
    for face in faces.values():
        for row in face.probabilities:
            if len(row):
                seen = np.fmax(seen, row)
    return {label: tuple(c / 300 for c in COLORS[label][::-1]) if label in COLORS else f'C{i}'
            for i, label in enumerate(labels) if seen[i] > _NOTICEABLE}


def _draw_face(axes: Axes, face: FaceCourse, labels: Sequence[str], colors: Mapping[str, Any],
               prefix: str) -> None:
    """Draw a face's probabilities, and write each state above its begin."""
    nothing = np.full(len(labels), np.nan)
    gap = max(_GAP, 3 * float(np.median(np.diff([*face.stamps[:1], *face.stamps]))))
    stamps, rows = [face.stamps[0]], [nothing]
    for stamp, row in zip(face.stamps, face.probabilities):
        if stamp - stamps[-1] > gap:  # it was not there: a gap in the line
            stamps.append(stamp)
            rows.append(nothing)
        stamps.append(stamp)
        rows.append(row if len(row) else nothing)
    for label, color in colors.items():
        axes.plot(stamps, np.array(rows)[:, labels.index(label)], color=color, linewidth=1.2)
    begins = [(stamp, state) for stamp, state, before in zip(
        face.stamps, face.states, ['', *face.states]) if state not in (before, UNCERTAIN)]
    for stamp, state in begins or [(face.stamps[0], 'no state')]:
        axes.axvline(stamp, color='gray', linewidth=0.6, linestyle=':')
        axes.annotate(prefix + state, (stamp, 1.06), xytext=(2, 0), fontsize=8,
                      textcoords='offset points')


def _draw_tones(axes: Axes, tones: Sequence[tuple[float, str]], length: float,
                speaking: Iterable[tuple[float, float]]) -> None:
    spoken = list(speaking)
    for start, end in spoken:
        axes.axvspan(start, end, color='#dddddd')
    colors = dict(zip(sorted({name for _, name in tones} - {_PLAIN}), cycle(_TONES)))
    colors[_PLAIN] = '#8d99ae'
    for (begin, name), (end, _) in zip(tones, [*tones[1:], (length, '')]):
        bar, = axes.barh(0, end - begin, left=begin, height=0.5, edgecolor='white',
                         color=colors[name])
        axes.annotate(name, (begin, 0), xytext=(4, 0), textcoords='offset points', va='center',
                      fontsize=8, color='white').set_clip_path(bar)
    axes.set(yticks=[], ylim=(-0.5, 0.5), xlim=(0, length),
             ylabel='tone\n(gray: speaking)' if spoken else 'tone')
