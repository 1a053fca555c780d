"""The one visible path: frame -> detections -> tracks -> emotions -> states."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from fer_ros.perception.cue_delivery import CueDelivery
from fer_ros.perception.detection_schedule import DetectionSchedule
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.error_model import error_model
from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.face_detector import FaceDetector, load_face_detector
from fer_ros.perception.face_finder import FaceFinder
from fer_ros.perception.face_judge import FaceJudge, Judgment
from fer_ros.perception.face_refiner import FaceRefiner, load_face_refiner
from fer_ros.perception.face_tracker import CONFIRMED, TENTATIVE, FaceTracker
from fer_ros.perception.onnx_session import choose_provider
from fer_ros.perception.packaged_network import choose_emotion_network
from fer_ros.perception.people import People
from fer_ros.perception.pipeline_config import PipelineConfig
from fer_ros.perception.preprocessing import check_picture, to_gray
from fer_ros.perception.shared_networks import SharedNetworks
from fer_ros.perception.still_pictures import detect_in_still
from fer_ros.perception.types import (
    QUALITY_OPTED_OUT,
    BoundingBox,
    Detection,
    FaceTrack,
    TrackedFace,
)

#: So many windows are sooner made gray one by one than the whole picture.
_FEW = 2
_REFUSED = Judgment(QUALITY_OPTED_OUT)


@dataclass(frozen=True)
class PipelineResult:
    """
    What one frame gave.

    :param faces: confirmed faces seen in this frame, or in the last one that was looked at and
        moved along, in the order of their ids.
    :param regions: every place that may be a face as far as the analysis looked, also weak
        detections and where a lost face should be. What hides faces looks further:
        :mod:`~fer_ros.perception.concealment`.
    :param time_jumped_back: the stamp lay before the last one; tracks and filters were reset.
    :param looked: the networks saw this frame; else faces coast along their tracks.
    :param processing_seconds: whole time spent on the frame.
    :param inference_seconds: bare onnxruntime time in it.
    :param unheard: why cues are left out, one line each.
    """

    faces: list[TrackedFace]
    regions: list[BoundingBox] = field(default_factory=list)
    time_jumped_back: bool = False
    looked: bool = True
    processing_seconds: float = 0.0
    inference_seconds: float = 0.0
    unheard: list[str] = field(default_factory=list)


class Pipeline:
    """
    Detector, tracker, classifier, smoothing and state in a row. Not thread-safe.

    :param detector: finds faces.
    :param refiner: finds known ones again.
    :param classifier: judges them.
    :param config: thresholds and time constants.
    :param ids: see :class:`~fer_ros.perception.face_tracker.FaceTracker`.
    :param arithmetic: what the classifier computes with and why, for people.
    :param provider: what the networks run on.
    """

    def __init__(self, detector: FaceDetector, refiner: FaceRefiner,
                 classifier: EmotionClassifier, config: PipelineConfig,
                 ids: Iterator[int] | None = None, arithmetic: str = '',
                 provider: ExecutionProvider | None = None) -> None:
        self.arithmetic, self.provider = arithmetic, provider or ExecutionProvider()
        self.detector, self.classifier, self.config = detector, classifier, config
        self.tracker = FaceTracker(config.tracker, ids)
        self._judge = FaceJudge(classifier, config.quality, config.maps)
        self._people = People(
            self.labels, error_model(classifier.card.metrics, len(classifier.labels)),
            config.smoothing, config.state, config.cues)
        self._schedule = DetectionSchedule(config.detector_interval, config.max_load)
        self._finder = FaceFinder(
            detector, refiner, config.search_period, config.nms_threshold)
        self._seen: list[Detection] = []
        self._tracks: list[FaceTrack] = []
        #: id -> class activation map, or None, of the faces of the last look.
        self._maps: dict[str, np.ndarray | None] = {}
        self._stamp: float | None = None
        #: whole time of the last :meth:`process` or :meth:`analyze` [s].
        self.last_seconds = 0.0

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions in the order of all probabilities."""
        return self.classifier.labels

    @property
    def interval(self) -> int:
        """Frames from one look of the networks to the next, as of now."""
        return self._schedule.interval

    @property
    def followed(self) -> tuple[str, ...]:
        """The ids of all who were in the last frame, or are waited for."""
        return tuple(track.id for track in self._tracks)

    @property
    def cues(self) -> CueDelivery:
        """Takes other cues than faces, from any thread; each counts from its stamp on."""
        return self._people.delivery

    @property
    def opted_out(self) -> frozenset[str]:
        """The ids of those who do not want to be judged."""
        return self._people.opted_out

    def opt_out(self, ids: Collection[str]) -> None:
        """
        Forget people's emotions; the network sees their faces no more, until they opt in or go.

        :param ids: some of :attr:`followed`.
        """
        self._people.opt_out(ids)
        self._maps = {id_: None if id_ in ids else one for id_, one in self._maps.items()}

    def opt_in(self, ids: Collection[str]) -> None:
        """Judge people again, from the next look on."""
        self._people.opt_in(ids)

    def reset(self) -> None:
        """Forget every face and its state, also who has opted out: all ids are new then."""
        self.tracker.reset()
        self._people.reset()
        self._schedule.reset()
        self._finder.reset()
        self._seen, self._tracks, self._maps = [], [], {}
        self._stamp = None

    def reconfigure(self, config: PipelineConfig) -> None:
        """Take new thresholds without losing anybody; models and threads stay as they are."""
        if (config.detector_interval, config.max_load) != (
                self.config.detector_interval, self.config.max_load):
            self._schedule = DetectionSchedule(config.detector_interval, config.max_load)
        if config.search_period != self.config.search_period:
            self._finder = FaceFinder(self.detector, self._finder.refiner,
                                      config.search_period, config.nms_threshold)
        self.config = config
        self.tracker.config = config.tracker
        self._judge.config, self._judge.maps = config.quality, config.maps
        self._people.reconfigure(config.smoothing, config.state, config.cues)

    def process(self, image: np.ndarray, stamp: float) -> PipelineResult:
        """
        Take the next frame of a video.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR; not changed.
        :param stamp: time of the frame [s]; a jump back resets tracks and filters.
        :returns: the faces in it.
        :raises ValueError: for an image of another kind.
        """
        start = time.perf_counter()
        check_picture(image)
        jumped = self._advance_to(stamp)
        unheard = self._people.hear(stamp, self._tracks)
        looked = self._schedule.due(stamp, hurry=self._somebody_is_new())
        faces = self._look(self._source(image), stamp) if looked else self._coast(stamp)
        self.last_seconds = time.perf_counter() - start
        if looked:
            self._schedule.took(self.last_seconds)
        return PipelineResult(faces, self._regions(looked), jumped, looked, self.last_seconds,
                              self._inference_seconds() if looked else 0.0, unheard)

    def analyze(self, image: np.ndarray) -> list[TrackedFace]:
        """
        Judge a still picture: no tracking, no smoothing, tracks are left alone.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR.
        :returns: its faces, by falling detector score, ids ``f1``, ``f2`` ... of this call.
        """
        start = time.perf_counter()
        check_picture(image)
        detections = detect_in_still(self._detect_surely, image)
        faces = []
        for i, (detection, judgment) in enumerate(
                zip(detections, self._judge.judge(image, detections))):
            track = FaceTrack(f'f{i + 1}', detection, CONFIRMED, 0.0, 0.0, True)
            emotion = self._people.once(
                judgment.probabilities, judgment.quality, judgment.valence_arousal)
            faces.append(TrackedFace(track, emotion, 0.0, judgment.activation))
        self.last_seconds = time.perf_counter() - start
        return faces

    def _source(self, image: np.ndarray) -> np.ndarray:
        """Return what to cut faces from: of several, a gray picture is made once for all."""
        gray = self.detector.card.color == self.classifier.card.color == 'gray'
        return to_gray(image) if gray and len(self._tracks) > _FEW else image

    def _detect(self, image: np.ndarray) -> list[Detection]:
        return self._largest(self.detector.detect(image))

    def _largest(self, detections: list[Detection]) -> list[Detection]:
        if len(detections) > self.config.max_faces:
            detections = sorted(detections, key=lambda d: -d.box.area)[:self.config.max_faces]
        return detections

    def _detect_surely(self, image: np.ndarray) -> list[Detection]:
        return [d for d in self._detect(image) if d.score >= self.config.tracker.high_score]

    def _advance_to(self, stamp: float) -> bool:
        """Note the time of a frame; return whether it jumped back, then everybody is forgotten."""
        jumped = self._stamp is not None and stamp < self._stamp
        if jumped:
            self.reset()
        self._stamp = stamp
        return jumped

    def _somebody_is_new(self) -> bool:
        """Who is new is looked at again at once: a second sight tells faces from false alarms."""
        return any(track.state == TENTATIVE for track in self._tracks)

    def _look(self, image: np.ndarray, stamp: float) -> list[TrackedFace]:
        """Detect, track, judge and smooth in one frame."""
        self._seen = self._largest(self._finder.find(
            image, stamp, self._tracks, self.tracker))
        self._tracks = self.tracker.update(self._seen, stamp)
        confirmed = [track for track in self._tracks if track.state == CONFIRMED]
        judgments = self._judgments(image, confirmed)
        self._people.keep(track.id for track in self._tracks)
        faces = []
        for track in confirmed:
            judgment = judgments.get(track.id, _REFUSED)
            emotion = self._people.follow(
                track.id, judgment.probabilities, judgment.weight, judgment.quality, stamp,
                judgment.valence_arousal)
            faces.append(TrackedFace(
                track, emotion, stamp - track.first_stamp, judgment.activation))
        self._maps = {face.track.id: face.activation_map for face in faces}
        return faces

    def _judgments(self, image: np.ndarray, tracks: list[FaceTrack]) -> dict[str, Judgment]:
        """Judge the faces that may be."""
        willing = [track for track in tracks if track.id not in self._people.opted_out]
        judged = self._judge.judge(image, [track.detection for track in willing])
        return {track.id: judgment for track, judgment in zip(willing, judged)}

    def _coast(self, stamp: float) -> list[TrackedFace]:
        """Return the faces of the last look where they should be by now."""
        self._tracks = self.tracker.at(stamp)
        return [TrackedFace(track, self._people.coast(track.id, stamp), stamp - track.first_stamp,
                            self._maps[track.id])
                for track in self._tracks if track.id in self._maps]

    def _regions(self, looked: bool) -> list[BoundingBox]:
        """Return every place that may be a face now."""
        return [detection.box for detection in self._seen] + [
            track.detection.box for track in self._tracks if not (looked and track.detected)]

    def _inference_seconds(self) -> float:
        return self._finder.inference_seconds + self.classifier.inference_seconds


def build_pipeline(config: PipelineConfig, ids: Iterator[int] | None = None,
                   tell: Callable[[str], object] | None = None,
                   networks: SharedNetworks | None = None) -> Pipeline:
    """
    Load the networks and put the pipeline together.

    :param ids: see :class:`~fer_ros.perception.face_tracker.FaceTracker`.
    :param tell: called once, with one line, if the networks run on the CPU although another
        provider is wanted; None: Python's log.
    :param networks: shared with other pipelines of this process, in other threads too.
    :raises ModelCardError: if a model cannot be used; says why.
    :raises ValueError: if there is no such provider.
    """
    choose = choose_provider if networks is None else networks.provider
    provider = choose(config.provider, tell)
    detector = load_face_detector(
        config.detector_model, score_threshold=config.detection_threshold,
        nms_threshold=config.nms_threshold, min_face_size=config.min_face_size,
        input_size=config.detector_input, threads=config.threads, provider=provider)
    refiner = load_face_refiner(
        config.refiner_model, config.detection_threshold, config.nms_threshold, config.threads,
        provider)
    # By now it is known whether the provider starts.
    network = choose_emotion_network(config.emotion_model, provider.name)
    classifier = EmotionClassifier(network.path, config.threads, provider)
    return Pipeline(
        detector, refiner, classifier, config, ids, network.arithmetic, provider)
