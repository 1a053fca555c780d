"""
A scripted evening: three people, their moods, and what the robot makes of them.

``fer_ros policy`` plays it, with what people say if that is asked for.
``test/commands/test_evening.py`` holds the shipped policy's tones to what a person would expect.
Perception's memory of people (filter, cues, state) and the policy are the real ones; the
classifier's answers are scripted, with noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from fer_ros.behavior.attention import Person
from fer_ros.behavior.notice import Notices
from fer_ros.behavior.tone_policy import PolicyConfig, ToneDecision, TonePolicy
from fer_ros.media.time_line import FaceCourse, draw_time_line
from fer_ros.perception.cues import CueConfig, read_cue
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.error_model import error_model
from fer_ros.perception.face_tracker import CONFIRMED
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.people import People
from fer_ros.perception.smoothing import SmoothingConfig
from fer_ros.perception.types import (
    NO_ANSWER,
    QUALITY_EXTREME_POSE,
    QUALITY_OK,
    BoundingBox,
    Detection,
    EmotionEstimate,
    FaceTrack,
)

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
#: who says what, when [s], and how probable it makes the emotion named: what examples/words_cue.py
#: makes of it. The others have the rest, in equal shares.
SAID = (('f1', 192.0, 'I love it, this is the best evening of my life!', 'happy', 0.51),
        ('f1', 194.5, 'The food was delicious, and I love the music.', 'happy', 0.50),
        ('f1', 197.0, 'Everybody was happy and so kind to me!', 'happy', 0.49),
        ('f1', 199.0, 'I am so happy today, it was wonderful!', 'happy', 0.51),
        ('f1', 201.0, 'We laughed so much, it was great fun!', 'happy', 0.53))
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


class _Faces:
    """Who is in view, and what perception makes of them."""

    def __init__(self, words: bool) -> None:
        self._people = People(EMOTIONS, error_model({}, len(EMOTIONS)), SmoothingConfig(),
                              StateConfig(), CueConfig(horizon=math.inf))
        self._tracks: dict[str, FaceTrack] = {}
        for id_, stamp, _, emotion, probability in SAID if words else ():
            rest = (1 - probability) / (len(EMOTIONS) - 1)
            self._people.delivery.add(read_cue(
                'words', EMOTIONS, [probability if e == emotion else rest for e in EMOTIONS],
                EMOTIONS, stamp, person_id=id_))

    def see(self, shown: dict[str, np.ndarray], stamp: float) -> dict[str, EmotionEstimate]:
        """
        Take a frame.

        :param shown: id -> the classifier's answer, empty for a face that looks away.
        """
        box = BoundingBox(0, 0, 100, 100)
        for id_ in shown:
            first = self._tracks[id_].first_stamp if id_ in self._tracks else stamp
            self._tracks[id_] = FaceTrack(id_, Detection(box, 1.0), CONFIRMED, first, stamp, True)
        self._tracks = {id_: track for id_, track in self._tracks.items()
                        if stamp - track.last_stamp <= FORGOTTEN}
        self._people.keep(self._tracks)
        self._people.hear(stamp, list(self._tracks.values()))
        return {id_: self._people.follow(
            id_, raw, 1.0, QUALITY_OK if len(raw) else QUALITY_EXTREME_POSE, stamp)
            for id_, raw in shown.items()}

    def age(self, id_: str, stamp: float) -> float:
        """Return how long somebody has been there [s]."""
        return stamp - self._tracks[id_].first_stamp


def play(config: PolicyConfig, rate: int = RATE, seed: int = 1, words: bool = False) -> Course:
    """
    Live through the evening.

    :param config: the policy.
    :param rate: frames a second.
    :param seed: of the noise.
    :param words: what people say counts too.
    """
    generator = np.random.default_rng(seed)
    policy, notices, faces = TonePolicy(config), Notices(), _Faces(words)
    course = Course({id_: FaceCourse() for id_ in SIZES})
    for i in range(round(LENGTH * rate)):
        stamp = i / rate
        shown = {id_: _answer(mood, generator) for id_ in SIZES if (mood := _shown(id_, stamp))}
        people = []
        for id_, emotion in faces.see(shown, stamp).items():
            people.append(Person(
                id_, emotion.label, emotion.confidence, SIZES[id_], age=faces.age(id_, stamp),
                state_age=emotion.state_age, cues=emotion.cues,
                cue_agreement=emotion.cue_agreement))
            course.faces[id_].add(stamp, emotion.probabilities, emotion.label)
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


def _answer(mood: str, generator: np.random.Generator) -> np.ndarray:
    """Return a noisy classifier's probabilities, none for a face that cannot be classified."""
    if mood == AWAY:
        return NO_ANSWER
    logits = generator.normal(0, 0.9, len(EMOTIONS))
    logits[EMOTIONS.index(mood)] += 3.6
    exponential = np.exp(logits - logits.max())
    return exponential / exponential.sum()


def draw(course: Course) -> Figure:
    """Draw probabilities, states, utterances and tones over time."""
    tones = [(decision.stamp, decision.tone.name) for decision in course.tones]
    return draw_time_line(course.faces, EMOTIONS, tones, LENGTH, speaking=UTTERANCES)
