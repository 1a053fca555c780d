"""Cues wait here for the frame of their time, and find the person whom they are about."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace

from fer_ros.perception.cues import LIFE, Cue, CueConfig
from fer_ros.perception.face_tracker import TENTATIVE
from fer_ros.perception.types import FaceTrack
from fer_ros.perception.yaml_file import one_line

#: So many may wait; of more the oldest go.
MOST_WAITING = 1000


class CueDelivery:
    """
    Delivers cues by their stamps, not by when they came: so a bag gives the same each time.

    Thread rule: :meth:`add` may be called from any thread, the rest by who owns the pipeline.
    """

    def __init__(self) -> None:
        # deque's append and popleft are atomic.
        self._arrived: deque[Cue] = deque(maxlen=MOST_WAITING)
        self._waiting: list[Cue] = []
        self._stamp = -math.inf
        #: id of the person whom the robot talks to, as far as somebody tells.
        self.addressee = ''

    def add(self, cue: Cue) -> None:
        """Let a cue wait for the frame of its time."""
        self._arrived.append(cue)

    def reset(self) -> None:
        """Begin anew: what was said after the last frame belongs to a time that has ended."""
        self._sort()
        self._waiting = [cue for cue in self._waiting if cue.order[0] <= self._stamp]
        self._stamp = -math.inf

    def deliver(self, stamp: float, tracks: Sequence[FaceTrack], opted_out: Collection[str],
                config: CueConfig) -> tuple[list[tuple[str, Cue]], list[str]]:
        """
        Return the cues that count from this frame on.

        :param stamp: time of the frame [s].
        :param tracks: all who are followed.
        :param opted_out: ids of those who must not be judged, by no cue either.
        :returns: (person id, cue with a stamp) by rising stamp, and why others are left out.
        """
        self._stamp = stamp
        self._sort()
        if not self._waiting:
            return [], []
        waiting, self._waiting = self._waiting, []
        delivered, refused = [], []
        people = {track.id: track for track in tracks}
        for cue in waiting:
            if cue.stamp is not None and cue.stamp > stamp:
                if cue.stamp - stamp <= config.horizon:
                    self._waiting.append(cue)
                else:
                    refused.append(_mismatch(cue, cue.stamp - stamp, 'ahead of'))
                continue
            cue = replace(cue, stamp=stamp) if cue.stamp is None else cue
            assert cue.stamp is not None
            if stamp - cue.stamp > LIFE * config.decay(cue.modality):
                refused.append(_mismatch(cue, stamp - cue.stamp, 'behind'))
                continue
            id_ = cue.person_id or self._addressee(tracks)
            if cue.person_id and id_ not in people:
                refused.append(
                    f"cue '{one_line(cue.modality, 40)}' is about '{one_line(id_, 40)}', who is "
                    f'not followed now: left out (there: {", ".join(people) or "nobody"})')
            # Who had not come yet did not say it.
            elif id_ and id_ not in opted_out and cue.stamp >= people[id_].first_stamp:
                delivered.append((id_, cue))
        return delivered, refused

    def _sort(self) -> None:
        """Take in what has arrived."""
        while self._arrived:
            self._waiting.append(self._arrived.popleft())
        self._waiting.sort(key=lambda cue: cue.order)
        del self._waiting[:-MOST_WAITING]

    def _addressee(self, tracks: Sequence[FaceTrack]) -> str:
        """Return whom the robot talks to: as told, else the largest face, '' for nobody."""
        if any(track.id == self.addressee for track in tracks):
            return self.addressee
        sure = [track for track in tracks if track.state != TENTATIVE]
        return max(sure, key=lambda track: track.detection.box.area).id if sure else ''


def _mismatch(cue: Cue, seconds: float, where: str) -> str:
    return (f"cue '{one_line(cue.modality, 40)}' is {seconds:.1f} s {where} the images and left "
            'out: its header.stamp must be by their clock (0: now)')
