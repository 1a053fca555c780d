"""Where the faces of the next frame are: known ones where they should be, new ones everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.perception.detection_schedule import SearchSchedule
from fer_ros.perception.face_detector import WindowedDetector
from fer_ros.perception.face_tracker import LOST
from fer_ros.perception.face_windows import ExpectedFace, windows_around
from fer_ros.perception.types import Detection, FaceTrack


class FaceFinder:
    """
    Looks at every frame it is given, at as little of it as will do.

    :param detector: finds faces.
    :param period: the whole picture is searched at least so often [s]; 0: in every frame.
    :param nms_threshold: overlap (IoU) from which two detections are one face.
    """

    def __init__(self, detector: WindowedDetector, period: float, nms_threshold: float) -> None:
        self.detector, self.period, self._same = detector, period, nms_threshold
        #: bare time of the networks in the last call of :meth:`find` [s].
        self.inference_seconds = 0.0
        self._schedule = SearchSchedule(period)
        self._stamps: tuple[float | None, float | None] = None, None

    def reset(self) -> None:
        """Search the next frame."""
        self._schedule.reset()
        self._stamps = None, None

    def find(self, image: np.ndarray, stamp: float, tracks: Sequence[FaceTrack],
             expected: Sequence[ExpectedFace]) -> list[Detection]:
        """
        Find the faces of a frame.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR.
        :param stamp: time of the frame [s], not before the last one's.
        :param tracks: after the last frame.
        :param expected: where these should be by now.
        """
        search = self._schedule.due(stamp, hurry=self._somebody_vanished(tracks))
        self._stamps = self._stamps[1], stamp
        height, width = image.shape[:2]
        windows = windows_around(expected, width, height) if (
            self.detector.takes_windows and self.period > 0) else None
        if windows is None:
            return self._everywhere(image)
        known = self.detector.detect_in(image, windows)
        if not search:
            self.inference_seconds = self.detector.inference_seconds
            return known
        seconds = self.detector.inference_seconds
        # What both see is taken from the windows: seen the same way in every frame.
        new = [d for d in self._everywhere(image)
               if all(d.box.iou(one.box) <= self._same for one in known)]
        self.inference_seconds += seconds
        return known + new

    def _everywhere(self, image: np.ndarray) -> list[Detection]:
        found = self.detector.detect(image)
        self.inference_seconds = self.detector.inference_seconds
        return found

    def _somebody_vanished(self, tracks: Sequence[FaceTrack]) -> bool:
        """Who was there in the last frame but one, and not in the last, is searched for once."""
        return any(track.state == LOST and track.last_stamp == self._stamps[0]
                   for track in tracks)
