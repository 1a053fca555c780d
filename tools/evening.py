"""
A scripted evening: three people, their moods, and what the robot makes of them.

``python -m tools.evening docs/images/evening.png`` draws the time line that the documentation
shows; ``test/behavior/test_evening.py`` holds the tones to what a person would expect. Filter,
state and policy are the real ones; the classifier's answers are scripted, with noise.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_ros.behavior.attention import Person
from fer_ros.behavior.policy_file import load_policy
from fer_ros.behavior.tone_policy import ToneDecision, TonePolicy
from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import ProbabilityFilter, SmoothingConfig, make_filter
from fer_ros.resources import resource_path

LENGTH, RATE = 240.0, 15
AWAY = 'looks away'  # seen, but not to be classified
#: who, from, to [s], what the face shows.
SCRIPT = (
    ('f1', 5, 20, 'neutral'), ('f1', 20, 50, 'happy'), ('f1', 50, 85, 'sad'),
    ('f1', 85, 93, AWAY), ('f1', 93, 100, 'sad'), ('f1', 100, 120, 'neutral'),
    ('f2', 60, 140, 'angry'), ('f2', 140, 165, 'happy'),
    ('f1', 180, 190, 'happy'), ('f1', 190, 210, AWAY), ('f1', 210, 222, 'angry'),
    ('f3', 221, 230, AWAY), ('f3', 230, 240, 'happy'))
#: size of the faces [px]: f2 sits farther away.
SIZES = {'f1': 120.0, 'f2': 70.0, 'f3': 90.0}
#: who has been gone for longer [s] is a new face.
FORGOTTEN = 5.0
#: the robot speaks, from, to [s].
UTTERANCES = ((22, 26), (50.5, 55), (102, 104), (125, 130), (170, 173))
#: a face is misread for a moment: who, from, to, as what.
BURSTS = (('f1', 12, 12.4, 'fear'), ('f1', 35, 35.5, 'angry'), ('f1', 70, 70.4, 'happy'),
          ('f2', 133, 133.4, 'happy'), ('f2', 150, 150.4, 'disgust'))
#: the detector loses a face: who, from, to.
DROP_OUTS = (('f1', 40, 40.8), ('f1', 110, 110.5), ('f2', 128, 128.7))


@dataclass
class Course:
    """What happened: a row of everything for every frame."""

    stamps: list[float] = field(default_factory=list)
    probabilities: dict[str, list[np.ndarray]] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    tones: list[ToneDecision] = field(default_factory=list)


class _Face:
    """The perception of one person: filter and state."""

    def __init__(self) -> None:
        self.filter: ProbabilityFilter = make_filter(
            SmoothingConfig(), error_model({}, len(EMOTIONS)))
        self.state = EmotionState(EMOTIONS, StateConfig())
        self.seen = 0.0

    def see(self, raw: np.ndarray | None, stamp: float) -> np.ndarray:
        self.seen = stamp
        smoothed = self.filter.forget(stamp) if raw is None else self.filter.update(raw, stamp)
        if len(smoothed):
            self.state.update(smoothed, stamp)
        return smoothed


def play(rate: int = RATE, seed: int = 1) -> Course:
    """
    Live through the evening.

    :param rate: frames a second.
    :param seed: of the noise.
    """
    generator = np.random.default_rng(seed)
    policy = TonePolicy(load_policy(resource_path('config/behavior.yaml')))
    faces: dict[str, _Face] = {}
    course = Course(probabilities={id_: [] for id_ in SIZES}, states={id_: [] for id_ in SIZES})
    for i in range(round(LENGTH * rate)):
        stamp = i / rate
        people = []
        for id_, size in SIZES.items():
            shown = _shown(id_, stamp)
            smoothed = np.empty(0, np.float32)
            if shown:
                face = faces.get(id_)
                if face is None or stamp - face.seen > FORGOTTEN:
                    face = faces[id_] = _Face()
                smoothed = face.see(_answer(shown, generator), stamp)
                people.append(Person(id_, face.state.label, face.state.confidence(smoothed), size,
                                     state_age=face.state.age(stamp)))
            course.probabilities[id_].append(
                smoothed if len(smoothed) else np.full(len(EMOTIONS), np.nan))
            course.states[id_].append(faces[id_].state.label if shown else '')
        course.stamps.append(stamp)
        for decision in (policy.set_speaking(_within(UTTERANCES, stamp)),
                         policy.update(stamp, people)):
            if decision:
                course.tones.append(decision)
    return course


def _within(intervals: tuple[tuple[float, float], ...], stamp: float) -> bool:
    return any(start <= stamp < end for start, end in intervals)


def _shown(id_: str, stamp: float) -> str:
    """Return what a face shows, '' while it is not seen."""
    if any(who == id_ and start <= stamp < end for who, start, end in DROP_OUTS):
        return ''
    for who, start, end, mood in BURSTS + SCRIPT:
        if who == id_ and start <= stamp < end:
            return mood
    return ''


def _answer(mood: str, generator: np.random.Generator) -> np.ndarray | None:
    """Return a noisy classifier's probabilities, None for a face that cannot be classified."""
    if mood == AWAY:
        return None
    logits = generator.normal(0, 0.9, len(EMOTIONS))
    logits[EMOTIONS.index(mood)] += 3.6
    exponential = np.exp(logits - logits.max())
    return exponential / exponential.sum()


def draw(course: Course) -> Figure:
    """Draw probabilities, states, utterances and tones over time."""
    figure = Figure(figsize=(12, 8.5), layout='constrained')
    *faces, tones = figure.subplots(
        len(SIZES) + 1, 1, sharex=True, height_ratios=[3] * len(SIZES) + [2])
    for axes, id_ in zip(faces, SIZES):
        rows = np.array(course.probabilities[id_])
        for index in (0, 1, 3, 4):
            axes.plot(course.stamps, rows[:, index], label=EMOTIONS[index], linewidth=1)
        _mark_states(axes, course.stamps, course.states[id_])
        axes.set(ylabel=f'{id_}: probability', ylim=(0, 1.18))
    faces[-1].legend(loc='center', fontsize=8)
    for start, end in UTTERANCES:
        tones.axvspan(start, end, color='#dddddd')
    names = sorted({decision.tone.name for decision in course.tones})
    colors = dict(zip(names, ('#2a6f97', '#e07a5f', '#6d8a74', '#8d99ae', '#b08ea2', '#6d6875')))
    changes = [(decision.stamp, decision.tone.name) for decision in course.tones]
    for (begin, name), over in zip(changes, [stamp for stamp, _ in changes[1:]] + [LENGTH]):
        bar = tones.barh(
            0, over - begin, left=begin, height=0.5, edgecolor='white', color=colors[name])[0]
        tones.text(begin + 0.6, 0, name, va='center', fontsize=8, color='white',
                   clip_on=True).set_clip_path(bar)
    tones.set(yticks=[], ylim=(-0.5, 0.5), xlim=(0, LENGTH), xlabel='time [s]',
              ylabel='tone\n(gray: speaking)')
    return figure


def _mark_states(axes: Axes, stamps: list[float], states: list[str]) -> None:
    """Write each state above its begin."""
    before = ''
    for stamp, state in zip(stamps, states):
        if state and state != before and state != 'uncertain':
            axes.axvline(stamp, color='gray', linewidth=0.6, linestyle=':')
            axes.text(stamp + 0.4, 1.06, state, fontsize=8)
        before = state or before


if __name__ == '__main__':
    target = Path(sys.argv[1] if len(sys.argv) > 1 else 'docs/images/evening.png')
    evening = play()
    draw(evening).savefig(target, dpi=100)
    for change in evening.tones:
        print(f'{change.stamp:6.1f} s  {change.tone.name:12} {change.reason}')
