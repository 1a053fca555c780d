"""
A scripted evening: three people, their moods, and what the robot makes of them.

``fer_ros policy`` plays it; ``test/commands/test_evening.py`` holds the shipped policy's tones to
what a person would expect. Filter, state and policy are the real ones; the classifier's answers
are scripted, with noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from fer_ros.behavior.attention import Person
from fer_ros.behavior.notice import Notices
from fer_ros.behavior.tone_policy import PolicyConfig, ToneDecision, TonePolicy
from fer_ros.media.time_line import FaceCourse, draw_time_line
from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import ProbabilityFilter, SmoothingConfig, make_filter

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
    """
    What happened.

    :param notices: whom the robot told that it reads faces, with the tone at that time.
    """

    faces: dict[str, FaceCourse] = field(default_factory=dict)
    tones: list[ToneDecision] = field(default_factory=list)
    notices: list[ToneDecision] = field(default_factory=list)


class _Face:
    """The perception of one person: filter and state."""

    def __init__(self, stamp: float) -> None:
        self.begin = stamp
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


def play(config: PolicyConfig, rate: int = RATE, seed: int = 1) -> Course:
    """
    Live through the evening.

    :param config: the policy.
    :param rate: frames a second.
    :param seed: of the noise.
    """
    generator = np.random.default_rng(seed)
    policy, notices = TonePolicy(config), Notices()
    faces: dict[str, _Face] = {}
    course = Course({id_: FaceCourse() for id_ in SIZES})
    for i in range(round(LENGTH * rate)):
        stamp = i / rate
        people = []
        for id_, size in SIZES.items():
            shown = _shown(id_, stamp)
            if shown:
                face = faces.get(id_)
                if face is None or stamp - face.seen > FORGOTTEN:
                    face = faces[id_] = _Face(stamp)
                smoothed = face.see(_answer(shown, generator), stamp)
                people.append(Person(id_, face.state.label, face.state.confidence(smoothed), size,
                                     age=stamp - face.begin, state_age=face.state.age(stamp)))
                course.faces[id_].add(stamp, smoothed, face.state.label)
        notices.see(stamp, people)
        for decision in (policy.set_speaking(_within(UTTERANCES, stamp)),
                         policy.update(stamp, people)):
            if decision:
                course.tones.append(decision)
                if config.notice and notices.is_due(decision.person_id):
                    notices.told(decision.person_id)
                    course.notices.append(decision)
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
    tones = [(decision.stamp, decision.tone.name) for decision in course.tones]
    return draw_time_line(course.faces, EMOTIONS, tones, LENGTH, speaking=UTTERANCES)
