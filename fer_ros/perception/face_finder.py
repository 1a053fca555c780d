"""Where the faces of the next frame are: known ones where they should be, new ones everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.detection_schedule import SearchSchedule
from fer_ros.perception.face_detector import FaceDetector
from fer_ros.perception.face_refiner import FaceRefiner
from fer_ros.perception.face_tracker import LOST, TENTATIVE, FaceTracker
from fer_ros.perception.face_windows import ExpectedFace
from fer_ros.perception.types import BoundingBox, Detection, FaceTrack

#: So many searches in a row may miss a known face before the refiner alone is not believed.
_BELIEVED = 3
#: Overlap (IoU) from which a search saw the face that was expected: it may have moved.
_NEAR = 0.1


class FaceFinder:
    """
    Looks at every frame it is given, at as little of it as will do.

    :param detector: finds faces in whole pictures.
    :param refiner: finds known faces again.
    :param period: the whole picture is searched at least so often [s]; 0: in every frame, and
        the refiner is not asked.
    :param nms_threshold: overlap (IoU) from which two detections are one face.
    """

    def __init__(self, detector: FaceDetector, refiner: FaceRefiner, period: float,
                 nms_threshold: float) -> None:
        self.detector, self.refiner = detector, refiner
        self.period, self._same = period, nms_threshold
        #: bare time of the networks in the last call of :meth:`find` [s].
        self.inference_seconds = 0.0
        self._schedule = SearchSchedule(period)
        self._stamps: tuple[float | None, float | None] = None, None
        self._unseen: dict[str, int] = {}

    def reset(self) -> None:
        """Search the next frame."""
        self._schedule.reset()
        self._stamps, self._unseen = (None, None), {}

    def find(self, image: np.ndarray, stamp: float, tracks: Sequence[FaceTrack],
             tracker: FaceTracker) -> list[Detection]:
        """
        Find the faces of a frame.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR.
        :param stamp: time of the frame [s], not before the last one's.
        :param tracks: after the last frame.
        :param tracker: knows where they should be by now.
        """
        new = {track.id for track in tracks if track.state == TENTATIVE}
        search = self._schedule.due(stamp, hurry=bool(new) or self._somebody_vanished(tracks))
        self._stamps = self._stamps[1], stamp
        self.inference_seconds = 0.0
        # Who is new is searched for again: a second sight shall not be the refiner's.
        expected = [face for face in tracker.expected(stamp) if face.id not in new] if (
            self.period > 0) else []
        known = self._refine(image, expected)
        if not search:
            return known
        found = self.detector.detect(image)
        self.inference_seconds += self.detector.inference_seconds
        self._unseen = {face.id: 0 if _is_among(face.box, found, _NEAR) else
                        self._unseen.get(face.id, 0) + 1 for face in expected}
        # What both see is taken from the refiner: seen the same way in every frame.
        return known + [one for one in found if not _is_among(one.box, known, self._same)]

    def _refine(self, image: np.ndarray, expected: Sequence[ExpectedFace]) -> list[Detection]:
        """Look for known faces, but not for one that searches no longer see: it is none."""
        faces = [face for face in expected if self._unseen.get(face.id, 0) < _BELIEVED]
        if not faces:
            return []
        known = self.refiner.refine(image, faces)
        self.inference_seconds += self.refiner.inference_seconds
        return known

    def _somebody_vanished(self, tracks: Sequence[FaceTrack]) -> bool:
        """Who was there in the last frame but one, and not in the last, is searched for once."""
        return any(track.state == LOST and track.last_stamp == self._stamps[0]
                   for track in tracks)


def _is_among(box: BoundingBox, detections: Sequence[Detection], overlap: float) -> bool:
    return any(box.iou(one.box) > overlap for one in detections)
