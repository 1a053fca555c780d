"""Somebody does not want to be judged, or takes that back: who is meant, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from fer_ros.perception.people import NOT_JUDGED
from fer_ros.perception.types import TrackedFace
from fer_ros.perception.yaml_file import one_line


class Judging(Protocol):
    """What follows faces and judges them."""

    @property
    def followed(self) -> tuple[str, ...]:
        """The ids of all who are followed."""

    @property
    def opted_out(self) -> frozenset[str]:
        """Those of whom nothing is judged."""

    def opt_out(self, ids: Collection[str]) -> None:
        """Judge some no more."""

    def opt_in(self, ids: Collection[str]) -> None:
        """Judge some again."""


def apply_request(pipeline: Judging, person_id: str, everybody: bool, take_back: bool) -> str:
    """
    Let somebody opt out, or take that back.

    :param person_id: who it is, or '' with ``everybody``.
    :param everybody: all who are followed now.
    :param take_back: judge them again.
    :returns: whose faces are judged no more, or again, in one line.
    :raises ValueError: if it is not clear who is meant; says who is there.
    """
    followed = pipeline.followed
    there = ', '.join(followed)
    if bool(person_id) == everybody:
        raise ValueError(f'give either person_id{there and f" ({there})"} or everybody')
    if not everybody and person_id not in followed:
        raise ValueError(f"nobody with the id '{one_line(person_id, 40)}' is followed" + (
            f', but {there}' if there else ' now, nor anybody else'))
    ids = followed if everybody else (person_id,)
    if take_back:
        ids = tuple(id_ for id_ in ids if id_ in pipeline.opted_out)
        pipeline.opt_in(ids)
        return f'judged again: {", ".join(ids)}' if ids else (
            f'{person_id} had not opted out' if person_id else 'nobody had opted out')
    if not ids:
        raise ValueError('nobody is followed now; to look at nobody at all: ~/enable with false')
    pipeline.opt_out(ids)
    return f'judged no more: {", ".join(ids)}'


def unjudged(faces: Sequence[TrackedFace], opted_out: Collection[str]) -> list[TrackedFace]:
    """Return faces without what is known of those who have opted out."""
    return [replace(face, emotion=NOT_JUDGED, activation_map=None)
            if face.track.id in opted_out else face for face in faces]
