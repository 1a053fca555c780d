"""The mood of everybody in view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fer_ros.behavior.attention import Person
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.types import UNCERTAIN


@dataclass(frozen=True)
class GroupMood:
    """
    :param people: how many faces have a state.
    :param label: the state with most weight; ``uncertain`` without people.
    :param share: its share of the weight, 0..1.
    :param valence: weighted mean, -1..1.
    :param arousal: weighted mean, -1..1.
    """

    people: int
    label: str
    share: float
    valence: float
    arousal: float


def group_mood(people: Sequence[Person]) -> GroupMood:
    """
    Return the mean of the states, each weighted by the size of its face: who is near counts.

    :param people: all faces of a frame; those without a state do not count.
    """
    known = [person for person in people if person.label in EMOTIONS and person.size > 0]
    total = sum(person.size for person in known)
    if total == 0:
        return GroupMood(0, UNCERTAIN, 0.0, 0.0, 0.0)
    weights: dict[str, float] = defaultdict(float)
    for person in known:
        weights[person.label] += person.size / total
    label = min(weights, key=lambda name: (-weights[name], name))  # equals: by name
    return GroupMood(
        len(known), label, weights[label],
        sum(person.valence * person.size for person in known) / total,
        sum(person.arousal * person.size for person in known) / total)
