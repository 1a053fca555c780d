"""Follow faces over time: who is who from frame to frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_ros.perception import kalman
from fer_ros.perception.face_windows import ExpectedFace
from fer_ros.perception.types import BoundingBox, Detection, FaceTrack

TENTATIVE, CONFIRMED, LOST = 'tentative', 'confirmed', 'lost'
#: A gap without any frame is no sign that a face went away, unless it is longer than this [s]
#: and much longer than the time between the two frames before: a camera may be slow.
LONGEST_GAP, SLOW = 3.0, 1.5
#: A face may be where it was last seen, instead of where it was going, for so long [s].
RECENT = 0.6
#: What a size that differs by a factor of e costs, in face sizes of distance.
SIZE_WEIGHT = 1.0
#: Boxes whose areas differ by more than a factor of 4 are not of one face (natural logarithm).
_LARGEST_RATIO = float(np.log(4.0))


@dataclass(frozen=True)
class TrackerConfig:
    """
    :param high_score: detections from here on start tracks and are matched first.
    :param min_hits: detections until a face is confirmed.
    :param max_age: a face unseen for longer is forgotten [s].
    :param max_distance: farthest a face's center may be from where it was predicted,
        in face sizes.
    """

    high_score: float = 0.65
    min_hits: int = 2
    max_age: float = 2.5
    max_distance: float = 1.0


@dataclass
class _Track:
    id: str
    place: kalman.BoxFilter
    detection: Detection
    first_stamp: float
    last_stamp: float
    hits: int = 1
    unseen: float = 0.0
    confirmed: bool = False
    detected: bool = True


class FaceTracker:
    """
    Kalman filter, Hungarian assignment, two rounds: sure detections first, then the weak ones
    for the tracks left over (ByteTrack, Zhang et al. 2022, arXiv 2110.06864).

    Call :meth:`update` for every frame, also for those without a face: they age the tracks.

    :param config: thresholds.
    :param ids: numbers of the faces to come. Trackers that follow each other share one, so that
        no two people get the same id; from 1 unless told.
    """

    def __init__(self, config: TrackerConfig | None = None,
                 ids: Iterator[int] | None = None) -> None:
        self.config = config or TrackerConfig()
        self._tracks: list[_Track] = []
        self._stamp: float | None = None
        self._ids = count(1) if ids is None else ids
        self._period = 0.0
        self._ahead: tuple[Any, list[kalman.BoxFilter]] | None = None

    def reset(self) -> None:
        """Forget every face; ids go on counting, so none is used twice."""
        self._tracks, self._stamp, self._period, self._ahead = [], None, 0.0, None

    def update(self, detections: list[Detection], stamp: float) -> list[FaceTrack]:
        """
        Take the detections of one frame.

        :param detections: any number, also none.
        :param stamp: time of the frame [s]; a jump back forgets every face.
        :returns: all tracks, confirmed or not, in the order of their ids.
        """
        if self._stamp is not None and stamp < self._stamp:
            self.reset()
        dt = 0.0 if self._stamp is None else stamp - self._stamp
        self._stamp = stamp
        self._forget(dt)
        self._period = dt
        # Nobody walks straight on for long: an old speed says little.
        self._predict(min(dt, self.config.max_age))
        strong = [d for d in detections if d.score >= self.config.high_score]
        weak = [d for d in detections if d.score < self.config.high_score]
        unmatched = self._match(self._tracks, strong, stamp)
        missed = [track for track in self._tracks if not track.detected]
        self._match([track for track in missed if track.confirmed], weak, stamp)
        for track in self._tracks:
            if not track.detected:
                # Unseen people walk on; their bobbing heads and noisy sizes do not.
                track.place = track.place.standing()
        # A face that vanishes before it is confirmed was a false alarm.
        self._tracks = [t for t in self._tracks if t.detected or t.confirmed]
        for detection in unmatched:
            self._start(detection, stamp)
        return [self._public(track) for track in self._tracks]

    def at(self, stamp: float) -> list[FaceTrack]:
        """
        Return where the faces of the last update should be by now; nothing changes.

        :param stamp: time of a frame in which nobody looked for faces [s], not before the last
            update's.
        """
        dt = 0.0 if self._stamp is None else min(stamp - self._stamp, self.config.max_age)
        return [self._public(track, dt) for track in self._tracks]

    def expected(self, stamp: float) -> list[ExpectedFace]:
        """
        Return where the faces that are followed should be; nothing changes.

        :param stamp: time of the next frame [s], not before the last update's.
        """
        if not self._tracks or self._stamp is None:
            return []
        ahead = self._predicted(min(stamp - self._stamp, self.config.max_age))
        return [ExpectedFace(_box(place.box), track.detection.box, place.deviation, track.id)
                for track, place in zip(self._tracks, ahead)]

    def _forget(self, dt: float) -> None:
        longest = max(LONGEST_GAP, SLOW * self._period)
        for track in self._tracks:
            # Seen in the last frame: the time in which nobody looked counts up to max_age only.
            counted = min(dt, self.config.max_age) if (
                track.detected and dt <= longest) else dt
            track.unseen += counted
        # The tolerance keeps float rounding from costing a frame.
        self._tracks = [t for t in self._tracks if t.unseen <= self.config.max_age + 1e-6]

    def _predict(self, dt: float) -> None:
        for track, place in zip(self._tracks, self._predicted(dt)):
            track.place, track.detected = place, False
        self._ahead = None

    def _predicted(self, dt: float) -> list[kalman.BoxFilter]:
        """Return all filters a while later; they are asked twice for each frame."""
        key = dt, tuple(track.id for track in self._tracks)
        if self._ahead is None or self._ahead[0] != key:
            self._ahead = key, [track.place.predicted(dt) for track in self._tracks]
        return self._ahead[1]

    def _match(
            self, tracks: list[_Track], detections: list[Detection],
            stamp: float) -> list[Detection]:
        """Assign detections to tracks, correct these, and return the detections left over."""
        if not tracks or not detections:
            return detections
        boxes = [_center(d.box) for d in detections]
        # Where a face was going, or where it was just seen: a camera that shakes makes speeds
        # that say nothing.
        reach = self.config.max_distance
        unseen = np.array([stamp - t.last_stamp for t in tracks])[:, None]
        places = np.array([*(t.place.box for t in tracks),
                           *(_center(t.detection.box) for t in tracks)])
        both = _cost(places, np.array(boxes), reach)
        going, seen = both[:len(tracks)], both[len(tracks):]
        cost = np.where(unseen <= RECENT, np.minimum(going, seen), going)
        rows, columns = linear_sum_assignment(np.where(np.isfinite(cost), cost, 1e6))
        pairs = [(r, c) for r, c in zip(rows, columns) if np.isfinite(cost[r, c])]
        for r, c in pairs:
            self._hit(tracks[r], detections[c], tracks[r].place.corrected(boxes[c]), stamp)
        taken = {c for _, c in pairs}
        return [d for i, d in enumerate(detections) if i not in taken]

    def _hit(self, track: _Track, detection: Detection, place: kalman.BoxFilter,
             stamp: float) -> None:
        track.place, track.detection = place, detection
        track.last_stamp, track.unseen, track.detected = stamp, 0.0, True
        track.hits += 1
        track.confirmed = track.confirmed or track.hits >= self.config.min_hits

    def _start(self, detection: Detection, stamp: float) -> None:
        self._tracks.append(_Track(
            f'f{next(self._ids)}', kalman.start(_center(detection.box)), detection, stamp, stamp,
            confirmed=self.config.min_hits <= 1))

    def _public(self, track: _Track, dt: float = 0.0) -> FaceTrack:
        """Return a track as it is, or as it should be some time later [s]."""
        state = (CONFIRMED if track.detected else LOST) if track.confirmed else TENTATIVE
        detection = track.detection
        if not track.detected:
            detection = Detection(_box(track.place.box), detection.score)
        speed_x, speed_y = track.place.velocity
        detection = _moved(detection, speed_x * dt, speed_y * dt)
        return FaceTrack(track.id, detection, state, track.first_stamp, track.last_stamp,
                         track.detected)


def _box(place: kalman.Box) -> BoundingBox:
    x, y, width, height = place
    return BoundingBox(x - width / 2, y - height / 2, width, height)


def _moved(detection: Detection, x: float, y: float) -> Detection:
    if x == y == 0.0:
        return detection
    box, landmarks = detection.box, detection.landmarks
    return Detection(BoundingBox(box.x + x, box.y + y, box.width, box.height), detection.score,
                     None if landmarks is None else (landmarks + (x, y)).astype(np.float32))


def _center(box: BoundingBox) -> kalman.Box:
    return (*box.center, box.width, box.height)


def _cost(tracks: np.ndarray, boxes: np.ndarray, max_distance: float) -> np.ndarray:
    """
    Return 1 - IoU + center distance in face sizes + difference in size; inf where impossible.

    The distance keeps a fast small face whose boxes no longer overlap.

    :param tracks: (T, 4) center x, center y, width, height.
    :param boxes: (D, 4) likewise.
    """
    a, b = tracks[:, None], boxes[None]
    # Two intervals that overlap share half of both lengths less the distance of their middles,
    # at most the shorter one.
    offset = np.abs(a[..., :2] - b[..., :2])
    shared = np.minimum((a[..., 2:] + b[..., 2:]) / 2 - offset, np.minimum(a, b)[..., 2:])
    inner = np.maximum(shared[..., 0], 0.0) * np.maximum(shared[..., 1], 0.0)
    first, second = a[..., 2] * a[..., 3] + 1e-9, b[..., 2] * b[..., 3] + 1e-9
    iou = inner / (first + second - inner)
    distance = np.hypot(offset[..., 0], offset[..., 1]) / (first * second) ** 0.25
    ratio = np.abs(np.log(first / second))
    possible = (distance <= max_distance) & (ratio < _LARGEST_RATIO)
    return np.where(possible, 1 - iou + distance + SIZE_WEIGHT * ratio, np.inf)
