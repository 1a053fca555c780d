"""The parameters of emotion_node: declared once, described, ranged and checked together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from fer_ros.nodes.parameter_specs import Spec, check_choice
from fer_ros.perception.cues import OTHER, CueConfig
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.execution_provider import PROVIDERS
from fer_ros.perception.face_tracker import TrackerConfig
from fer_ros.perception.packaged_network import packaged_networks
from fer_ros.perception.pipeline import PipelineConfig
from fer_ros.perception.quality import QualityConfig
from fer_ros.perception.smoothing import FILTERS, SmoothingConfig

SPECS: dict[str, Spec] = {
    'detector_model': Spec('', 'ONNX file of the face detector, with its model card beside it; '
                           'empty: the one in the package, in float32; `face_detector_int8`: its '
                           'copy, measured no faster', live=False),
    'emotion_model': Spec('', 'ONNX file of the emotion network, with its model card beside it; '
                          'empty: the faster one in the package, with onnxruntime on a processor '
                          'with 8-bit dot products `emotion_int8`, else `emotion`; either name '
                          'forces that one', live=False),
    'threads': Spec(1, 'CPU threads of each network and of OpenCV', 1, 64, live=False),
    'provider': Spec('cpu', 'what runs the networks: cpu, or an accelerator that the installed '
                     'onnxruntime offers; auto: cuda or coreml if offered, else cpu. What fails '
                     'falls back to cpu with one line. Networks this small may be slower on an '
                     'accelerator, and tensorrt takes minutes to start', choices=PROVIDERS,
                     live=False),
    'image_transport': Spec('raw', 'raw: subscribe to image; compressed: to image/compressed',
                            choices=('raw', 'compressed'), live=False),
    'cameras': Spec('', 'image topics of several cameras, separated by commas: one node for each '
                    'runs in this process, in the namespace of its topic (front for '
                    '/front/image_raw; name=topic gives another), and they share the networks; '
                    'at the start only; empty: one camera, on image', live=False),
    'image_qos': Spec('best_effort', 'QoS of the image subscription: best_effort matches every '
                      'publisher, reliable has lost images sent again, auto asks for what all '
                      'publishers offer', choices=('best_effort', 'reliable', 'auto'),
                      live=False),
    'image_depth': Spec(1, 'QoS history depth of the image subscription', 1, 100, live=False),
    'deterministic': Spec(False, 'process every image in its order, with the depth image of its '
                          'stamp, and report no processing time: the same bag gives the same '
                          'bytes at any rate, with one emotion network on one kind of '
                          'processor. Asks for reliable images whatever image_qos and '
                          'image_depth are; latency and memory (to 1 GB) grow if images come too '
                          'fast, what is lost then is reported', live=False),
    'use_depth': Spec(False, 'subscribe to depth and camera_info and report where faces are',
                      live=False),
    'depth_tolerance': Spec(0.1, 'largest difference between the stamps of image and depth [s]',
                            0.0, 10.0),
    'estimate_position': Spec(False, 'subscribe to camera_info and estimate where faces are from '
                              'their size, where use_depth is off or finds no depth; the messages '
                              'say so, and how far the estimate may be off (standard deviation: '
                              'about 8 %)', live=False),
    'face_width': Spec(0.136, 'estimate_position: mean width of a face across the cheekbones '
                       '(bizygomatic) [m]; 0.136 is the mean of adults (2.14 interpupillary '
                       'distances of 63.4 mm, Dodgson 2004), a child of six has about 0.115',
                       0.05, 0.3),
    'min_face_size': Spec('auto', 'smallest face to look for [px of the source image]; sets the '
                          "detector's working resolution; auto: 12 in small pictures, 24 in those "
                          'of 640x400 and more', 8.0, 2000.0, word='auto', whole=False,
                          live=False),
    'detector_input': Spec('auto', 'longest side of the picture shown to the detector [px]; auto: '
                           'from min_face_size', 32, 8192, word='auto', live=False),
    'detector_interval': Spec('auto', 'the networks look at each n-th frame, faces coast between; '
                              'auto: at every frame while that takes less than max_load of a '
                              'core, else at fewer, down to ten a second or to 40 % of a core',
                              1, 100, word='auto'),
    'max_load': Spec(0.25, 'share of one core that detector_interval auto aims at', 0.01, 1.0),
    'search_period': Spec(0.17, 'the whole picture is searched for new faces at least so often '
                          '[s]; in between, known ones are looked for where they should be; 0: in '
                          'every frame', 0.0, 10.0),
    'max_faces': Spec(32, 'at most so many faces, the largest first', 1, 256),
    'detection_threshold': Spec(0.4, 'detector score that keeps a known face', 0.01, 1.0,
                                live=False),
    'new_face_threshold': Spec(0.65, 'detector score that a new face needs', 0.01, 1.0),
    'nms_threshold': Spec(0.4, 'overlap (IoU) from which two detections are one face',
                          0.05, 0.95, live=False),
    'min_hits': Spec(2, 'detections until a new face is reported', 1, 100),
    'max_age': Spec(2.5, 'a face unseen for longer is forgotten [s]', 0.0, 60.0),
    'min_emotion_size': Spec(20.0, 'smallest face to classify [px of the source image]',
                             8.0, 2000.0),
    'min_visible': Spec(0.7, 'smallest share of a face inside the image to classify it',
                        0.0, 1.0),
    'min_sharpness': Spec(0.01, 'smallest sharpness to classify a face (variance of the '
                          'Laplacian / variance of the crop); 0 classifies all', 0.0, 10.0),
    'max_turn': Spec(60.0, 'largest turn of the head away from the camera to classify a face '
                     '[deg]; 90 classifies all', 0.0, 90.0),
    'min_brightness': Spec(8.0, 'smallest mean gray level of a face to classify it, 0..255; 0 '
                           'classifies all', 0.0, 255.0),
    'smoothing_filter': Spec('exponential', 'exponential (low pass on log-probabilities), hmm '
                             "(Bayesian, with the classifier's own confusion matrix) or majority "
                             '(of the first answers)', choices=tuple(FILTERS)),
    'smoothing_time': Spec(0.3, 'exponential: time constant; hmm: how long frames count as one '
                           'look; majority: window [s]; 0: no smoothing', 0.0, 30.0),
    'transition_rate': Spec(0.2, 'hmm: how often a face is expected to change its emotion [1/s]',
                            0.0, 100.0),
    'forget_time': Spec(5.0, 'time constant with which probabilities return to the average while '
                        'a face cannot be classified [s]', 0.0, 600.0),
    'enter_threshold': Spec(0.7, 'probability from which an emotion may become the state',
                            0.05, 1.0),
    'exit_threshold': Spec(0.3, 'probability below which a state may be left; must be below '
                           'enter_threshold', 0.01, 0.99),
    'min_dwell': Spec(0.3, 'how long a change must hold before it becomes the state [s]',
                      0.0, 30.0),
    'cue_words_weight': Spec(0.7, 'what the words that somebody says (topic cues, modality words) '
                             'weigh beside the face; 1: as much; 0: nothing', 0.0, 5.0),
    'cue_words_decay': Spec(3.0, 'time constant with which words fade [s]', 0.1, 600.0),
    'cue_voice_weight': Spec(0.7, 'what the sound of a voice (topic cues, modality voice) weighs '
                             'beside the face', 0.0, 5.0),
    'cue_voice_decay': Spec(2.0, 'time constant with which a voice fades [s]', 0.1, 600.0),
    'cue_other_weight': Spec(0.5, 'what each other modality (topic cues) weighs beside the face',
                             0.0, 5.0),
    'cue_other_decay': Spec(3.0, 'time constant with which other modalities fade [s]',
                            0.1, 600.0),
    'overlay': Spec('bars', 'what the annotated image shows beside box and state: bars '
                    '(probabilities), cam (class activation map) or none',
                    choices=('bars', 'cam', 'none')),
    'anonymize': Spec(False, 'hide all faces that are found in each output image, upright, turned '
                      'or half covered, whatever is analyzed; no promise: a few of 12 px and more '
                      'stay in clear (how many: docs/explanation/anonymize.md), smaller ones are '
                      'not looked for, and messages still tell places and landmarks'),
    'ros4hri': Spec(False, 'publish faces as ROS4HRI (REP-155) on /humans/faces too; needs '
                    'hri_msgs', live=False),
    'detections': Spec(False, 'publish faces as vision_msgs/Detection2DArray on '
                       'emotions/detections too; needs vision_msgs', live=False),
    'markers': Spec(False, 'publish a label above each head as visualization_msgs/MarkerArray on '
                    'emotions/markers; needs visualization_msgs, and positions (use_depth or '
                    'estimate_position)', live=False),
    'face_frames': Spec(False, 'publish a TF frame face_ID for each face (REP-155: x forward out '
                        'of the face, z up); needs tf2_msgs, and positions (use_depth or '
                        'estimate_position)', live=False),
    'jpeg_quality': Spec(80, 'of emotions/image/compressed', 1, 100),
    'image_timeout': Spec(2.0, 'without an image for longer, diagnostics warn [s]', 0.1, 60.0),
    'autostart': Spec(True, 'configure and activate at start', live=False),
}


@dataclass(frozen=True)
class EmotionNodeConfig:
    """The checked parameters; ``values`` holds them by name, ``pipeline`` as the core wants."""

    values: Mapping[str, Any]
    pipeline: PipelineConfig

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def read_config(node: Node, changes: Mapping[str, Any] | None = None) -> EmotionNodeConfig:
    """
    Build the frozen config from the node's parameters.

    :param changes: values that are about to be set.
    :raises ValueError: if values contradict each other; names them.
    """
    values = {name: node.get_parameter(name).value for name in SPECS}
    values.update(changes or {})
    return build_config(values)


def build_config(values: Mapping[str, Any]) -> EmotionNodeConfig:
    """
    Check values together.

    :raises ValueError: if a choice is unknown or values contradict each other; names them.
    """
    for name, spec in SPECS.items():
        check_choice(name, spec, values[name])
    if values['detection_threshold'] > values['new_face_threshold']:
        raise ValueError(
            f"detection_threshold ({values['detection_threshold']}) must not exceed "
            f"new_face_threshold ({values['new_face_threshold']})")
    if values['cameras'] and values['ros4hri']:
        raise ValueError('ros4hri has one list of faces for the whole robot: not with several '
                         'cameras; start a node of one camera for it')
    interval = values['detector_interval']
    # What was measured must decide nothing where every run shall be the same.
    if values['deterministic'] and interval == 'auto':
        interval = 1
    return EmotionNodeConfig(dict(values), PipelineConfig(
        detector_model=_model(values['detector_model'] or 'face_detector'),
        emotion_model=_model(values['emotion_model']) if values['emotion_model'] else None,
        detection_threshold=values['detection_threshold'],
        nms_threshold=values['nms_threshold'], min_face_size=values['min_face_size'],
        detector_input=values['detector_input'],
        detector_interval=interval, max_load=values['max_load'],
        search_period=values['search_period'],
        max_faces=values['max_faces'], threads=values['threads'],
        provider=values['provider'],
        maps=values['overlay'] == 'cam',
        tracker=TrackerConfig(
            high_score=values['new_face_threshold'], min_hits=values['min_hits'],
            max_age=values['max_age']),
        smoothing=SmoothingConfig(
            values['smoothing_filter'], values['smoothing_time'], values['transition_rate'],
            values['forget_time']),
        state=StateConfig(values['enter_threshold'], values['exit_threshold'],
                          values['min_dwell']),
        quality=QualityConfig(values['min_emotion_size'], values['min_visible'],
                              values['min_sharpness'], values['max_turn'],
                              values['min_brightness']),
        cues=_cue_config(values)))


def _cue_config(values: Mapping[str, Any]) -> CueConfig:
    weights, decays = ({modality: values[f'cue_{modality}_{what}'] for modality in (
        'words', 'voice', OTHER)} for what in ('weight', 'decay'))
    # In a queue of images a cue may be far ahead of the one in work.
    return CueConfig(weights, decays, math.inf if values['deterministic'] else CueConfig.horizon)


def check_change(node: Node, parameters: list[Parameter],
                 configured: bool) -> tuple[SetParametersResult, EmotionNodeConfig | None]:
    """
    Judge a set of changes as a whole.

    :param configured: the node is past 'unconfigured', so that only live ones may change.
    :returns: the answer for rclpy, and the config as it would be (None if refused).
    """
    changes = {p.name: p.value for p in parameters if p.name in SPECS}
    fixed = [name for name, value in changes.items()
             if not SPECS[name].live and value != node.get_parameter(name).value]
    if 'cameras' in fixed:
        return SetParametersResult(successful=False, reason=(
            'cameras counts when the process starts only')), None
    if configured and fixed:
        return SetParametersResult(successful=False, reason=(
            f'{", ".join(fixed)} can be changed only while the node is unconfigured '
            f'(ros2 lifecycle set {node.get_fully_qualified_name()} deactivate, then '
            'cleanup)')), None
    try:
        return SetParametersResult(successful=True), read_config(node, changes)
    except ValueError as error:
        return SetParametersResult(successful=False, reason=str(error)), None


def _model(value: str) -> Any:
    """Return the file of a model: as named, or a packaged one by its bare name."""
    shipped = packaged_networks()
    if value in shipped:
        return shipped[value]
    if not value.endswith('.onnx'):
        raise ValueError(f"model '{value}' is neither an .onnx file nor one of those in the "
                         f'package: {", ".join(sorted(shipped))}')
    return value
