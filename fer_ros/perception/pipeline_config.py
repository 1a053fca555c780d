"""Everything the pipeline can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fer_ros.perception.cues import CueConfig
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.face_tracker import TrackerConfig
from fer_ros.perception.quality import QualityConfig
from fer_ros.perception.smoothing import SmoothingConfig
from fer_ros.resources import resource_path


@dataclass(frozen=True)
class PipelineConfig:
    """
    Networks, thresholds and times.

    :param detector_model: ONNX file with a model card; the packaged one unless told.
    :param emotion_model: likewise; None: the one in the package that is the fastest here, see
        :func:`~fer_ros.perception.packaged_network.choose_emotion_network`.
    :param refiner_model: likewise; it finds known faces again.
    :param detection_threshold: smallest detector score that may keep a known face.
    :param nms_threshold: overlap (IoU) from which two detections are one face.
    :param min_face_size: smallest face to look for [px of the source image]; sets the
        detector's working resolution. 'auto': by the size of the picture, see
        :class:`~fer_ros.perception.face_detector.OnnxFaceDetector`.
    :param detector_input: longest side of the picture shown to the detector [px]; 'auto': from
        ``min_face_size``.
    :param detector_interval: the networks look at each n-th frame; 'auto': at every one while
        that takes less than ``max_load`` of a core, see
        :class:`~fer_ros.perception.detection_schedule.DetectionSchedule`.
    :param max_load: share of one core that 'auto' aims at.
    :param search_period: the whole picture is searched for newcomers at least so often [s];
        in between, known faces are looked for where they should be. 0: in every frame.
    :param max_faces: at most so many faces, the largest first.
    :param threads: CPU threads of each network.
    :param provider: what runs the networks, one of
        :data:`~fer_ros.perception.execution_provider.PROVIDERS`.
    :param maps: compute a class activation map for every classified face.
    """

    detector_model: Path = field(
        default_factory=lambda: resource_path('models/face_detector.onnx'))
    emotion_model: Path | None = None
    refiner_model: Path = field(
        default_factory=lambda: resource_path('models/face_refiner.onnx'))
    detection_threshold: float = 0.4
    nms_threshold: float = 0.4
    min_face_size: float | str = 'auto'
    detector_input: int | str = 'auto'
    detector_interval: int | str = 1
    max_load: float = 0.25
    search_period: float = 0.17
    max_faces: int = 32
    threads: int = 1
    provider: str = 'cpu'
    maps: bool = False
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    smoothing: SmoothingConfig = field(default_factory=SmoothingConfig)
    state: StateConfig = field(default_factory=StateConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)
    cues: CueConfig = field(default_factory=CueConfig)
