"""The values that flow through the pipeline: frozen, in pixels of the source image."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

UNCERTAIN = 'uncertain'
#: the probabilities of a face that was not classified.
NO_ANSWER = np.empty(0, np.float32)
QUALITY_OK = 'ok'
QUALITY_TOO_SMALL = 'too_small'
QUALITY_BLURRED = 'blurred'
QUALITY_CUT_OFF = 'cut_off'
QUALITY_EXTREME_POSE = 'extreme_pose'
QUALITY_TOO_DARK = 'too_dark'
#: the person does not want to be judged.
QUALITY_OPTED_OUT = 'opted_out'


@dataclass(frozen=True)
class BoundingBox:
    """
    An axis-aligned box; may reach beyond the image.

    :param x: left edge [px].
    :param y: top edge [px].
    :param width: [px], 0 or more.
    :param height: [px], 0 or more.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """
        Check the values.

        :raises ValueError: for a negative or non-finite size or place.
        """
        values = (self.x, self.y, self.width, self.height)
        if not all(map(math.isfinite, values)) or self.width < 0 or self.height < 0:
            raise ValueError(f'a box needs finite values and no negative size, got {values}')

    @property
    def area(self) -> float:
        """Area [px^2]."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """Center (x, y) [px]."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def size(self) -> float:
        """Side of the square with the same area [px]; the face size all thresholds use."""
        return self.area ** 0.5

    def clipped(self, image_width: int, image_height: int) -> BoundingBox:
        """Return the part inside an image; its size is 0 if there is none."""
        x1, y1 = min(max(self.x, 0.0), image_width), min(max(self.y, 0.0), image_height)
        x2 = min(max(self.x + self.width, 0.0), image_width)
        y2 = min(max(self.y + self.height, 0.0), image_height)
        return BoundingBox(x1, y1, x2 - x1, y2 - y1)

    def iou(self, other: BoundingBox) -> float:
        """Return intersection over union, 0..1 (0 if both are empty)."""
        w = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        h = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(w, 0.0) * max(h, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True)
class Detection:
    """
    One detected face.

    :param box: in the source image [px].
    :param score: detector score, 0..1.
    :param landmarks: float32 (5, 2), x and y [px]: right eye, left eye, nose, right and left
        mouth corner (the person's right and left); None if the detector gives none.
    """

    box: BoundingBox
    score: float
    landmarks: np.ndarray | None = None


@dataclass(frozen=True)
class FaceTrack:
    """
    A face followed over time.

    :param id: starts with a letter, never reused.
    :param detection: the latest detection; while coasting its box is predicted.
    :param state: 'tentative', 'confirmed' or 'lost'.
    :param first_stamp: when the face was first seen [s].
    :param last_stamp: when it was last detected [s].
    :param detected: True if it was detected in the latest frame.
    """

    id: str
    detection: Detection
    state: str
    first_stamp: float
    last_stamp: float
    detected: bool


@dataclass(frozen=True)
class EmotionEstimate:
    """
    What a tracked face expresses.

    :param label: debounced state, one of the labels or ``uncertain``.
    :param confidence: smoothed probability of the label, 0..1.
    :param probabilities: float32 (L,), smoothed, pooled with cues; empty before the first
        classification, and for a face that has opted out.
    :param raw_probabilities: float32 (L,), this frame's, calibrated; empty if not classified.
    :param valence: -1..1, derived from the probabilities; from a network that tells it, smoothed.
    :param arousal: likewise.
    :param state_age: time since the label was entered [s].
    :param quality: ``ok`` or why this frame's face was not classified.
    :param cues: while other cues count: (modality, its likeliest label) of all that do, 'face'
        first, if it can be classified.
    :param cue_agreement: 1: the cues bear the face out, -1: they contradict it, 0: neither.
    """

    label: str = UNCERTAIN
    confidence: float = 0.0
    probabilities: np.ndarray = field(default_factory=lambda: NO_ANSWER)
    raw_probabilities: np.ndarray = field(default_factory=lambda: NO_ANSWER)
    valence: float = 0.0
    arousal: float = 0.0
    state_age: float = 0.0
    quality: str = QUALITY_OK
    cues: tuple[tuple[str, str], ...] = ()
    cue_agreement: float = 0.0


@dataclass(frozen=True)
class TrackedFace:
    """
    One face of a processed frame: where it is, who it is, what it expresses.

    :param track: the face's track.
    :param emotion: its emotion.
    :param track_age: time since the face was first seen [s].
    :param activation_map: float32 (h, w), 0..1, class activation map of the face's crop;
        None unless asked for.
    """

    track: FaceTrack
    emotion: EmotionEstimate
    track_age: float
    activation_map: np.ndarray | None = None
