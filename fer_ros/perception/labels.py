"""The emotions: one truth on names, their order in each data set, groupings and coordinates."""

from __future__ import annotations

from functools import cache

import numpy as np

#: Our labels, in the order of every probability vector that we publish (the order of FER+).
EMOTIONS = ('neutral', 'happy', 'surprise', 'sad', 'angry', 'disgust', 'fear', 'contempt')

#: FER2013, in the order of its label column (Goodfellow et al. 2013, arXiv 1307.0414).
FER2013 = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')

#: FER+ vote columns in our names (Barsoum et al. 2016, arXiv 1608.01041); the last two are
#: no emotions.
FERPLUS_VOTES = EMOTIONS + ('unknown', 'not_a_face')

#: Names used elsewhere for the same emotions.
ALIASES = {
    'happiness': 'happy', 'joy': 'happy', 'surprised': 'surprise', 'sadness': 'sad',
    'anger': 'angry', 'disgusted': 'disgust', 'fearful': 'fear', 'scared': 'fear',
    'contemptuous': 'contempt',
}

#: Names of hri_msgs/Expression (REP-155); contempt has none.
ROS4HRI = {
    'neutral': 'neutral', 'happy': 'happy', 'surprise': 'surprised', 'sad': 'sad',
    'angry': 'angry', 'disgust': 'disgusted', 'fear': 'scared',
}

#: Coarser label sets: label -> group (labels without a group are left out).
GROUPINGS = {
    8: {label: label for label in EMOTIONS},
    7: {label: label for label in FER2013},
    3: {'happy': 'happy', 'sad': 'sad', 'angry': 'angry'},
}

#: (valence, arousal), -1..1: pleasure and arousal of Russell and Mehrabian 1977, Evidence for
#: a three-factor theory of emotions, table 4 (happy, surprised, sad, angry, disgusted,
#: fearful). Contempt is not among them: it is set between disgust and neutral by us.
VALENCE_AROUSAL = {
    'neutral': (0.0, 0.0), 'happy': (0.81, 0.51), 'surprise': (0.40, 0.67),
    'sad': (-0.63, -0.27), 'angry': (-0.51, 0.59), 'disgust': (-0.60, 0.35),
    'fear': (-0.64, 0.60), 'contempt': (-0.40, 0.20),
}


def canonical(name: str) -> str:
    """
    Return our name of an emotion.

    :param name: any spelling that a data set uses, such as ``Happiness``.
    :raises ValueError: if the emotion is not known.
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key not in EMOTIONS:
        known = ', '.join(EMOTIONS + tuple(ALIASES))
        raise ValueError(f"unknown emotion '{name}'; known are {known}")
    return key


@cache
def _valence_arousal_of(labels: tuple[str, ...]) -> np.ndarray:
    return np.array([VALENCE_AROUSAL[label] for label in labels])


def valence_arousal(probabilities: np.ndarray, labels: tuple[str, ...]) -> tuple[float, float]:
    """
    Return the mean valence and arousal of a probability vector.

    :param probabilities: (L,), sums to 1.
    :param labels: L labels, each one of :data:`EMOTIONS`.
    :returns: valence and arousal, -1..1.
    """
    valence, arousal = np.asarray(probabilities, float) @ _valence_arousal_of(labels)
    return float(valence), float(arousal)
