"""Videos: frames in which a face is in clear, from the first one on and after switching on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_ros.evaluation.privacy.conditions import ShownPicture, shown_boxes
from fer_ros.evaluation.privacy.metrics import Faces, all_faces, hidden_faces, hidden_pixels
from fer_ros.media.frame_source import open_frame_source
from fer_ros.perception.types import BoundingBox

#: What says where faces may be: of pictures and their stamps [s], in order.
Finder = Callable[[np.ndarray, float], Sequence[BoundingBox]]
#: From this score on the teacher's boxes are faces: one seen in one frame is there.
_SURE = 0.6


def read_clip(path: Path, teacher: Path) -> tuple[list[ShownPicture], float]:
    """
    Read a video and find its faces with another network than ours.

    Where the teacher misses the only face of a clip for some frames, its box moves evenly from
    the last sight to the next.

    :param teacher: YuNet, as OpenCV's FaceDetectorYN reads it.
    :returns: the frames with their faces, and the time from one to the next [s].
    """
    detector = cv2.FaceDetectorYN.create(str(teacher), '', (1, 1), _SURE)
    source = open_frame_source(str(path))
    images, boxes = [], []
    for image in source:
        detector.setInputSize((image.shape[1], image.shape[0]))
        found = detector.detect(image)[1]
        images.append(image)
        boxes.append(np.empty((0, 4)) if found is None else found[:, :4].astype(float))
    source.close()
    return [ShownPicture(image, shown_boxes(here))
            for image, here in zip(images, _without_gaps(boxes))], source.period


def judge_clip(frames: Sequence[ShownPicture], period: float, finder: Finder,
               first: int = 0) -> Faces:
    """
    Hide the faces of a clip, frame by frame.

    :param period: from one frame to the next [s].
    :param finder: new, without memory of another clip.
    :param first: the frame with which hiding is switched on.
    """
    return all_faces([hidden_faces(hidden_pixels(frame.image.shape, finder(
        frame.image, number * period)), frame.faces)
        for number, frame in enumerate(frames) if number >= first])


def _without_gaps(boxes: list[np.ndarray]) -> list[np.ndarray]:
    """Fill in the only face of a clip where it was missed between two sights."""
    counts = np.array([len(here) for here in boxes])
    if counts.max(initial=0) != 1:
        return boxes
    seen, frames = np.flatnonzero(counts), np.arange(len(boxes))
    known = np.concatenate([boxes[i] for i in seen])
    filled = np.stack([np.interp(frames, seen, values) for values in known.T], -1)
    return [filled[i:i + 1] if seen[0] <= i <= seen[-1] else boxes[i] for i in frames]
