"""How well tracks follow people: IDF1, MOTA, switches, fragments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_ros.perception.types import BoundingBox

#: overlap from which a track is on a person.
IOU = 0.5

#: id -> box in one frame.
Boxes = dict[str, BoundingBox]


@dataclass(frozen=True)
class TrackingScore:
    """
    :param idf1: share of faces with the right identity, over all frames at once (Ristani et al.
        2016, arXiv 1609.01775), 0..1.
    :param mota: 1 - (misses + false tracks + switches) / faces (Bernardin and Stiefelhagen 2008).
    :param switches: how often a person's track got another id.
    :param fragments: how often a person's track was interrupted.
    :param faces: true faces in all frames.
    """

    idf1: float
    mota: float
    switches: int
    fragments: int
    faces: int


def score_tracks(truth: Sequence[Boxes], tracks: Sequence[Boxes]) -> TrackingScore:
    """
    Judge tracks frame by frame.

    :param truth: people of every frame.
    :param tracks: reported tracks of the same frames.
    :raises ValueError: if the numbers of frames differ.
    """
    if len(truth) != len(tracks):
        raise ValueError(f'{len(tracks)} frames of tracks for {len(truth)} frames of truth')
    faces = sum(map(len, truth))
    reported = sum(map(len, tracks))
    together: Counter[tuple[str, str]] = Counter()
    current: dict[str, str] = {}
    covered: dict[str, bool] = {}
    hits = switches = fragments = 0
    for people, found in zip(truth, tracks):
        pairs = _match(people, found, current)
        for person in people:
            if person in pairs:
                switches += current.get(person, pairs[person]) != pairs[person]
                fragments += covered.get(person) is False
                current[person] = pairs[person]
                together[person, pairs[person]] += 1
            if person in pairs or person in covered:
                covered[person] = person in pairs
        hits += len(pairs)
    wrong = (faces - hits) + (reported - hits) + switches
    return TrackingScore(
        2 * _identity_matches(together) / max(faces + reported, 1),
        1 - wrong / max(faces, 1), switches, fragments, faces)


def _match(people: Boxes, found: Boxes, current: dict[str, str]) -> dict[str, str]:
    """Pair people and tracks by overlap; pairs of the frame before stay, as MOTA wants it."""
    kept = {person: current[person] for person in people
            if current.get(person) in found
            and people[person].iou(found[current[person]]) >= IOU}
    names = [person for person in people if person not in kept]
    free = [track for track in found if track not in set(kept.values())]
    if not names or not free:
        return kept
    overlap = np.array([[people[person].iou(found[track]) for track in free] for person in names])
    rows, columns = linear_sum_assignment(-overlap)
    return {**kept, **{names[row]: free[column] for row, column in zip(rows, columns)
                       if overlap[row, column] >= IOU}}


def _identity_matches(together: Counter[tuple[str, str]]) -> int:
    """Give each person one track, so that most faces carry their track's id."""
    if not together:
        return 0
    people = sorted({person for person, _ in together})
    tracks = sorted({track for _, track in together})
    counts = np.array([[together[person, track] for track in tracks] for person in people])
    rows, columns = linear_sum_assignment(-counts)
    return int(counts[rows, columns].sum())
