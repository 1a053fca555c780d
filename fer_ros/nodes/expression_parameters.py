"""The parameters of expression_node: its own, and those of emotion_node that make sense for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_ros.nodes import parameters
from fer_ros.nodes.parameter_specs import Spec, check_choice

_SHARED = (
    'detector_model', 'emotion_model', 'threads', 'provider', 'detection_threshold', 'max_faces',
    'max_age', 'min_emotion_size', 'min_sharpness', 'max_turn', 'min_brightness',
    'smoothing_filter', 'smoothing_time', 'transition_rate', 'forget_time', 'enter_threshold',
    'exit_threshold', 'min_dwell', 'image_timeout', 'cue_words_weight', 'cue_words_decay',
    'cue_voice_weight', 'cue_voice_decay', 'cue_other_weight', 'cue_other_decay')

SPECS: dict[str, Spec] = {
    'crops': Spec('cropped', 'which pictures of faces to judge: /humans/faces/ID/cropped or '
                  '/humans/faces/ID/aligned; our detector aligns either', live=False,
                  choices=('cropped', 'aligned')),
    **{name: parameters.SPECS[name] for name in _SHARED}}


def build_config(values: Mapping[str, Any]) -> parameters.EmotionNodeConfig:
    """
    Check values together; what this node has no parameter for is as emotion_node has it.

    :raises ValueError: if a choice is unknown or values contradict each other; names them.
    """
    check_choice('crops', SPECS['crops'], values['crops'])
    defaults = {name: spec.default for name, spec in parameters.SPECS.items()}
    return parameters.build_config({**defaults, **values})
