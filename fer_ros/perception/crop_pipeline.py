"""Faces that somebody else found, follows and cuts out: crop -> emotion -> state."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fer_ros.perception.cue_delivery import CueDelivery
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.error_model import error_model
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.face_judge import FaceJudge
from fer_ros.perception.face_tracker import CONFIRMED
from fer_ros.perception.onnx_session import choose_provider
from fer_ros.perception.packaged_network import choose_emotion_network
from fer_ros.perception.people import NOT_JUDGED, People
from fer_ros.perception.pipeline_config import PipelineConfig
from fer_ros.perception.preprocessing import CROP_PER_BOX, check_picture
from fer_ros.perception.quality import QualityConfig, place_quality
from fer_ros.perception.types import BoundingBox, Detection, FaceTrack, TrackedFace

#: A crop is shown to the detector with such a rim on each side, as a share of it: the face of a
#: tight one reaches to its border.
_RIM = 0.25
#: The face of a crop lies so near its middle, as a share of it.
_MIDDLE = 0.25


@dataclass(frozen=True)
class FaceCrop:
    """
    A face as it was cut out.

    :param picture: uint8 (H, W) gray or (H, W, 3) BGR.
    :param place: box and landmarks in the source image [px], None where they are not known.
    """

    picture: np.ndarray
    place: Detection | None = None


@dataclass
class _Memory:
    first_stamp: float
    last_stamp: float
    place: Detection


class CropPipeline:
    """
    Alignment, classifier, smoothing and state in a row. Not thread-safe.

    How a crop frames its face is its maker's secret. Our detector looks for the face in it, so
    that the network sees it as it was trained to: with tight, loose and tilted crops alike that is
    as good as the whole picture (84 to 85 % right; 75 to 86 % as they are: ``python -m
    benchmark.crops``). Where it finds none, a crop is taken as it is.

    :param config: thresholds and time constants.
    :param tell: see :func:`~fer_ros.perception.pipeline.build_pipeline`.
    :raises ModelCardError: if a model cannot be used; says why.
    """

    def __init__(self, config: PipelineConfig,
                 tell: Callable[[str], object] | None = None) -> None:
        self.provider = choose_provider(config.provider, tell)
        self._detector = load_face_detector(
            config.detector_model, score_threshold=config.detection_threshold,
            nms_threshold=config.nms_threshold, min_face_size=config.min_face_size,
            input_size=config.detector_input, threads=config.threads, provider=self.provider)
        network = choose_emotion_network(config.emotion_model, self.provider.name)
        self.classifier = EmotionClassifier(network.path, config.threads, self.provider)
        self.config, self.arithmetic = config, network.arithmetic
        self._judge = FaceJudge(self.classifier, _of_crops(config.quality))
        self._people = People(
            self.labels, error_model(self.classifier.card.metrics, len(self.labels)),
            config.smoothing, config.state, config.cues)
        self._memory: dict[str, _Memory] = {}
        #: why cues were left out at the last :meth:`process`, one line each.
        self.unheard: list[str] = []
        #: whole time of the last :meth:`process` [s].
        self.last_seconds = 0.0

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions in the order of all probabilities."""
        return self.classifier.labels

    @property
    def cues(self) -> CueDelivery:
        """Takes other cues than faces, see :attr:`.Pipeline.cues`."""
        return self._people.delivery

    @property
    def followed(self) -> tuple[str, ...]:
        """The ids of all whose crops came within the last ``max_age``."""
        return tuple(self._memory)

    @property
    def opted_out(self) -> frozenset[str]:
        """The ids of those who do not want to be judged."""
        return self._people.opted_out

    def opt_out(self, ids: Collection[str]) -> None:
        """Forget people's emotions; the networks see their faces no more."""
        self._people.opt_out(ids)

    def opt_in(self, ids: Collection[str]) -> None:
        """Judge people again, from the next crop on."""
        self._people.opt_in(ids)

    def reset(self) -> None:
        """Forget every face and its state."""
        self._people.reset()
        self._memory = {}

    def reconfigure(self, config: PipelineConfig) -> None:
        """Take new thresholds without losing anybody; models and threads stay as they are."""
        self.config, self._judge.config = config, _of_crops(config.quality)
        self._people.reconfigure(config.smoothing, config.state, config.cues)

    def process(self, crops: Mapping[str, FaceCrop], stamp: float,
                others: Sequence[str] = ()) -> list[TrackedFace]:
        """
        Judge the crops of one moment, in one batch.

        :param crops: id -> crop.
        :param stamp: when they were taken [s], not before the last one's.
        :param others: ids of faces that are there too, without a crop: they coast.
        :returns: a face for each crop, and for each of the others that had one before.
        """
        start = time.perf_counter()
        self._forget_who_left(stamp)
        willing = {id_: crop for id_, crop in crops.items() if id_ not in self.opted_out}
        framings = [self.framing(crop.picture) for crop in willing.values()]
        places = [self._place(*pair) for pair in zip(willing.values(), framings)]
        for id_, crop in crops.items():
            known = self._memory.setdefault(id_, _Memory(stamp, stamp, _NOWHERE))
            known.last_stamp, known.place = stamp, crop.place or _NOWHERE
        self.unheard = self._people.hear(stamp, [
            self._track(id_, id_ in crops) for id_ in self._memory])
        judgments = self._judge.judge_crops(
            places, self._qualities(willing, places), lambda chosen: self._cut(
                [(list(willing.values())[i].picture, framings[i]) for i in chosen]))
        emotions = {id_: self._people.follow(
            id_, one.probabilities, one.weight, one.quality, stamp, one.valence_arousal)
            for id_, one in zip(willing, judgments)}
        faces = [self._face(id_, stamp, id_ in crops, emotions.get(id_, NOT_JUDGED) if (
            id_ in crops) else self._people.coast(id_, stamp))
            for id_ in dict.fromkeys([*crops, *others]) if id_ in self._memory]
        self.last_seconds = time.perf_counter() - start
        return faces

    def _forget_who_left(self, stamp: float) -> None:
        self._memory = {id_: one for id_, one in self._memory.items()
                        if stamp - one.last_stamp <= self.config.tracker.max_age}
        self._people.keep(self._memory)

    def framing(self, picture: np.ndarray) -> Detection:
        """Return the face in a crop [px of it]; the crop as it is where none is found."""
        check_picture(picture)
        height, width = picture.shape[:2]
        rim = round(_RIM * max(height, width))
        found = [one for one in self._detector.detect(cv2.copyMakeBorder(
            picture, rim, rim, rim, rim, cv2.BORDER_REPLICATE)) if self._is_middle(
                one, width + 2 * rim, height + 2 * rim)]
        if not found:
            return as_it_is(picture)
        best = max(found, key=lambda one: one.score * one.box.size)
        box = replace(best.box, x=best.box.x - rim, y=best.box.y - rim)
        marks = best.landmarks
        return Detection(box, best.score, None if marks is None else marks - np.float32(rim))

    def _is_middle(self, face: Detection, width: int, height: int) -> bool:
        x, y = face.box.center
        return abs(x / width - 0.5) < _MIDDLE and abs(y / height - 0.5) < _MIDDLE

    def _place(self, crop: FaceCrop, framing: Detection) -> Detection:
        """Return what is known of a face's size and pose: in the source, or else in the crop."""
        if crop.place is None:
            return framing
        return replace(crop.place, landmarks=framing.landmarks if crop.place.landmarks is None
                       else crop.place.landmarks)

    def _qualities(self, crops: Mapping[str, FaceCrop],
                   places: Sequence[Detection]) -> list[str]:
        return [place_quality(place, crop.picture.shape[1], crop.picture.shape[0],
                              self._judge.config)
                for crop, place in zip(crops.values(), places)]

    def _cut(self, faces: Sequence[tuple[np.ndarray, Detection]]) -> np.ndarray:
        """Return the faces as the network wants to see them, (N, ...)."""
        crops = [self.classifier.crops(picture, [face]) for picture, face in faces]
        return np.concatenate(crops) if crops else np.empty(0, np.uint8)

    def _face(self, id_: str, stamp: float, detected: bool, emotion: object) -> TrackedFace:
        track = self._track(id_, detected)
        return TrackedFace(track, emotion, stamp - track.first_stamp)  # type: ignore[arg-type]

    def _track(self, id_: str, detected: bool) -> FaceTrack:
        known = self._memory[id_]
        return FaceTrack(id_, known.place, CONFIRMED, known.first_stamp, known.last_stamp,
                         detected)


def as_it_is(picture: np.ndarray) -> Detection:
    """Return the face of a crop that is framed as the emotion networks are used to."""
    height, width = picture.shape[:2]
    side = min(height, width) / CROP_PER_BOX
    return Detection(BoundingBox((width - side) / 2, (height - side) / 2, side, side), 0.0)


#: The place of a face that is nowhere known.
_NOWHERE = Detection(BoundingBox(0, 0, 0, 0), 0.0)


def _of_crops(config: QualityConfig) -> QualityConfig:
    """Return what may be asked of crops: they show all of a face that there is to be shown."""
    return replace(config, min_visible=0.0)
