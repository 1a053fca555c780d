"""
Where somebody's face may be, for what hides it: every place, whatever is analyzed.

Analysis wants few false alarms, concealment no face left out. So this looks on its own: with the
packaged detector at full resolution, at a low score, with the picture turned, and it holds a
place for a while after the last sight of it. What that reaches and what not is measured by
``fer_ros evaluate-anonymize``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.face_tracker import FaceTracker, TrackerConfig
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import BoundingBox, Detection, FaceTrack
from fer_ros.resources import resource_path

#: The one that the published figures are about, whichever one analysis is told to use.
DETECTOR = 'models/face_detector.onnx'
#: Places that overlap so much (IoU) are of one face.
_SAME = 0.3


@dataclass(frozen=True)
class ConcealmentConfig:
    """
    :param score: from this detector score on a place is hidden.
    :param smallest: smallest face that is looked for [px]; a smaller one tells nobody apart.
    :param looks: how the picture is shown to the detector: turned by so much [deg], shrunk to so
        much, and mirrored for so far beyond its border [px]. Half the size finds half covered
        faces that the full one does not; beside its mirror image half a face is a whole one.
    :param held_score: from this detector score on a place is held; a lower one keeps it up.
    :param hold: how long a place stays hidden after a face was last seen there [s].
    :param growth: by how much a place that is only held grows, on every side, in its own
        sizes [1/s].
    """

    score: float = 0.2
    smallest: float = 12.0
    looks: tuple[tuple[float, float, int], ...] = (
        (0.0, 1.0, 48), (0.0, 0.5, 96), (90.0, 1.0, 0), (180.0, 1.0, 0), (270.0, 1.0, 0))
    held_score: float = 0.4
    hold: float = 1.0
    growth: float = 0.5


class Concealment:
    """
    Finds the places of the next picture that is shown, and remembers those of the last ones.

    :param detector: finds upright faces from ``config.score`` on.
    :param config: how hard to look, and how long to hold.
    """

    def __init__(self, detector: FaceDetector, config: ConcealmentConfig) -> None:
        self.config = config
        self._detector = detector
        self._places = FaceTracker(TrackerConfig(
            high_score=config.held_score, min_hits=1, max_age=config.hold))

    def places(self, image: np.ndarray, stamp: float) -> list[BoundingBox]:
        """
        Find every place of a picture that may be a face.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR; not changed.
        :param stamp: time of the picture [s]; a jump back forgets what was held.
        :returns: boxes [px]; they may overlap and reach beyond the picture.
        :raises ValueError: for an image of another kind.
        """
        found = self._find(image)
        tracks = self._places.update(_distinct(found), stamp)
        return [detection.box for detection in found] + [
            self._held(track, stamp) for track in tracks if not track.detected]

    def in_still(self, image: np.ndarray) -> list[BoundingBox]:
        """
        Likewise of a picture for itself: what is held of others is neither used nor changed.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR; not changed.
        :raises ValueError: for an image of another kind.
        """
        return [detection.box for detection in self._find(image)]

    def _find(self, image: np.ndarray) -> list[Detection]:
        gray = to_gray(image)
        return [detection for look in self.config.looks
                for detection in self._search(gray, *look)]

    def _search(self, gray: np.ndarray, degrees: float, scale: float,
                mirrored: int) -> list[Detection]:
        """Find faces that are upright once the picture is turned; boxes of the picture itself."""
        border = min(mirrored, min(gray.shape) - 1)
        wide = cv2.copyMakeBorder(gray, border, border, border, border, cv2.BORDER_REFLECT_101)
        picture, matrix = turned_picture(wide, degrees, scale)
        back = cv2.invertAffineTransform(matrix)
        back[:, 2] -= border
        return [Detection(_moved_box(detection.box, back), detection.score)
                for detection in self._detector.detect(picture)]

    def _held(self, track: FaceTrack, stamp: float) -> BoundingBox:
        """Return where a face that was not found now should be, larger the longer ago it was."""
        box, grow = track.detection.box, self.config.growth * (stamp - track.last_stamp)
        return BoundingBox(box.x - grow * box.width, box.y - grow * box.height,
                           box.width * (1 + 2 * grow), box.height * (1 + 2 * grow))


def load_concealment(threads: int = 1, config: ConcealmentConfig | None = None,
                     provider: ExecutionProvider | None = None) -> Concealment:
    """
    Load :data:`DETECTOR` and put it to this use.

    :param threads: CPU threads.
    :param provider: what it runs on; None: the CPU.
    :raises ModelCardError: if it cannot be used; says why.
    :raises FileNotFoundError: if it is not in the package.
    """
    config = config or ConcealmentConfig()
    return Concealment(load_face_detector(
        resource_path(DETECTOR), score_threshold=config.score,
        min_face_size=config.smallest, threads=threads, provider=provider), config)


def turned_picture(image: np.ndarray, degrees: float, scale: float = 1.0,
                   border: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """
    Turn and shrink a picture; all of it stays in view.

    :param image: uint8 (H, W) or (H, W, 3).
    :param degrees: counterclockwise.
    :param scale: 0 to 1.
    :param border: gray level around it.
    :returns: the turned picture, and float64 (2, 3): pixel -> its pixel.
    """
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    shrink = np.diag([width / image.shape[1], height / image.shape[0], 1.0])
    if scale != 1.0:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    if not degrees:
        return image, shrink[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    sides = np.rint(np.abs(matrix[:, :2]) @ [width, height]).astype(int)
    matrix[:, 2] += (sides - [width, height]) / 2
    return cv2.warpAffine(image, matrix, (int(sides[0]), int(sides[1])),
                          borderValue=(border,) * 3), matrix @ shrink


def _moved_box(box: BoundingBox, matrix: np.ndarray) -> BoundingBox:
    """Return the upright box around a box that was moved, turned and scaled."""
    x, y = matrix[:, :2] @ box.center + matrix[:, 2]
    width, height = np.abs(matrix[:, :2]) @ [box.width, box.height]
    return BoundingBox(float(x - width / 2), float(y - height / 2), float(width), float(height))


def _distinct(found: list[Detection]) -> list[Detection]:
    """Return the best of those that overlap: one face is one place, however often found."""
    boxes = [(d.box.x, d.box.y, d.box.width, d.box.height) for d in found]
    kept = cv2.dnn.NMSBoxes(boxes, [d.score for d in found], 0.0, _SAME)
    return [found[i] for i in np.asarray(kept, np.int64).reshape(-1)]
