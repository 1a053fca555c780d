"""Which outputs emotion_node has beside ``emotions``: one file each, none knows another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fer_ros.nodes.annotated_image import AnnotatedImage
from fer_ros.nodes.detections import Detections
from fer_ros.nodes.face_frames import FaceFrames
from fer_ros.nodes.frame import Output
from fer_ros.nodes.markers import Markers
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.nodes.ros4hri import Ros4Hri

#: parameter -> the output that it switches on.
_OPTIONAL: dict[str, Callable[[Any], Output]] = {
    'ros4hri': Ros4Hri, 'detections': Detections, 'markers': Markers,
    'face_frames': FaceFrames}


def chosen_outputs(config: EmotionNodeConfig) -> list[Callable[[Any], Output]]:
    """Return what makes the outputs that the parameters ask for, each from the node."""
    return [AnnotatedImage, *(make for name, make in _OPTIONAL.items() if config[name])]
