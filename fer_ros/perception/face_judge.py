"""Judge the faces of a frame: whether they are good enough, which emotion, how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_ros.perception.activation import evidence
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.quality import (
    QualityConfig,
    brightness_and_sharpness,
    crop_quality,
    frame_weight,
    place_quality,
)
from fer_ros.perception.types import NO_ANSWER, QUALITY_OK, Detection


@dataclass(frozen=True)
class Judgment:
    """
    What one frame says about one face.

    :param quality: ``ok``, or why the face was not classified.
    :param probabilities: float32 (L,), calibrated; empty if it was not classified.
    :param weight: trust in them, 0.5..1.
    :param activation: float32 (h, w), 0..1, class activation map of the likeliest emotion; None
        unless asked for.
    :param valence_arousal: float32 (2,), -1..1, of a network that tells them; else None.
    """

    quality: str
    probabilities: np.ndarray = field(default_factory=lambda: NO_ANSWER)
    weight: float = 1.0
    activation: np.ndarray | None = None
    valence_arousal: np.ndarray | None = None


class FaceJudge:
    """
    Judges all faces of a frame: place, crop, look, and the good ones' emotions in one batch.

    :param classifier: names the emotions.
    :param config: what is good enough.
    :param maps: compute a class activation map for every classified face.
    """

    def __init__(self, classifier: EmotionClassifier, config: QualityConfig,
                 maps: bool = False) -> None:
        self.classifier, self.config, self.maps = classifier, config, maps

    def judge(self, image: np.ndarray, detections: Sequence[Detection]) -> list[Judgment]:
        """
        Return a judgment for each face, in the same order.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR.
        :param detections: N faces in it.
        """
        height, width = image.shape[:2]
        return self.judge_crops(
            detections, [place_quality(d, width, height, self.config) for d in detections],
            lambda chosen: self.classifier.crops(image, [detections[i] for i in chosen]))

    def judge_crops(self, detections: Sequence[Detection], qualities: Sequence[str],
                    cut: Callable[[list[int]], np.ndarray]) -> list[Judgment]:
        """
        Do the same where faces are cut out in another way.

        :param detections: N faces; their sizes say how far to trust the crops.
        :param qualities: N, of their places.
        :param cut: given the numbers of those with a good place, returns their crops as
            :meth:`.EmotionClassifier.crops` does.
        """
        judgments = [Judgment(quality) for quality in qualities]
        chosen = [i for i, quality in enumerate(qualities) if quality == QUALITY_OK]
        good, sharpnesses, crops = [], [], cut(chosen)
        for row, (i, crop) in enumerate(zip(chosen, crops)):
            brightness, sharp = brightness_and_sharpness(crop)
            judgments[i] = Judgment(crop_quality(sharp, brightness, self.config))
            if judgments[i].quality == QUALITY_OK:
                good.append(row)
                sharpnesses.append(sharp)
        probabilities, maps, feelings = self.classifier.answers(crops[good], self.maps)
        for n, (row, sharp) in enumerate(zip(good, sharpnesses)):
            i = chosen[row]
            judgments[i] = Judgment(
                QUALITY_OK, probabilities[n], frame_weight(detections[i], sharp, self.config),
                None if maps is None else evidence(maps[n], int(probabilities[n].argmax())),
                None if feelings is None else feelings[n])
        return judgments
