"""What the launch files can be told, checked before anything starts; knows no launch itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from fer_ros.nodes import (
    behavior_parameters,
    dashboard_parameters,
    expression_parameters,
    image_source_node,
    parameters,
)
from fer_ros.nodes.cameras import parse_cameras
from fer_ros.nodes.parameter_specs import Spec, check_choice
from fer_ros.nodes.transport import TRANSPORTS
from fer_ros.spelling import meant

#: argument -> (name in the nodes, what it is): the topics.
TOPICS = {
    'image': ('image', 'camera images; for compressed ones give the name without /compressed'),
    'depth': ('depth', 'depth image registered to the camera image (use_depth:=true)'),
    'camera_info': ('camera_info', 'calibration of the camera (use_depth, estimate_position)'),
    'emotions': ('emotions', 'output: fer_ros_msgs/EmotionArray'),
    'annotated_image': ('emotions/image', 'output: the image with faces, states and bars'),
    'group': ('emotions/group', 'output: fer_ros_msgs/GroupMood'),
    'tone': ('dialog/tone', 'output: fer_ros_msgs/DialogTone'),
    'notice': ('dialog/notice', 'output: fer_ros_msgs/Notice, what to tell somebody who is new'),
    'text': ('dialog/text', 'what the robot is about to say, std_msgs/String'),
    'ssml': ('dialog/ssml', 'output: the same text with prosody'),
    'speaking': ('dialog/speaking', 'std_msgs/Bool: true while the robot speaks'),
    'addressee': ('dialog/addressee', 'std_msgs/String: id of the face that the robot talks to'),
}

#: Parameters that are arguments too, as argument -> parameter, node by node. An empty argument
#: leaves what the node's file or default says.
EMOTION = {name: name for name in (
    'cameras', 'emotion_model', 'detector_model', 'image_transport', 'image_qos', 'image_depth',
    'use_depth', 'estimate_position', 'face_width', 'overlay', 'anonymize', 'threads', 'provider',
    'autostart', 'ros4hri', 'detections', 'markers', 'face_frames')}
BEHAVIOR = {name: name for name in (
    'language', 'min_interval', 'person_cooldown', 'hold', 'hold_uncertain', 'min_confidence',
    'suggest_again')}
SOURCE = {'source_rate': 'rate', 'source_width': 'width', 'source_height': 'height',
          'camera_info_file': 'camera_info_file', 'frame_id': 'frame_id'}
DASHBOARD = {'dashboard_host': 'host', 'dashboard_port': 'port'}

#: Those of bag.launch.py's player, by the names of its parameters.
PLAYER = ('rate', 'loop', 'start', 'topics', 'lockstep')

LOG_LEVELS = ('debug', 'info', 'warn', 'error', 'fatal')
#: The arguments of the launch files themselves.
OTHERS = {
    'source': Spec('none', 'publish images too: demo, a webcam index, a video file or a folder; '
                   'none: a camera driver does'),
    'input': Spec('image', 'image: emotion_node finds faces in the images and judges them; '
                  'ros4hri: expression_node judges those that another detector publishes on '
                  '/humans/faces', choices=('image', 'ros4hri')),
    'behavior': Spec(True, 'start behavior_node, from emotions to a dialog tone'),
    'camera': Spec('', 'of several cameras (cameras), the name of the one whose people '
                   'behavior_node and the page see; empty: the first'),
    'dashboard': Spec(False, 'start dashboard_node, a page in the browser; the log tells its '
                      'address'),
    'rviz': Spec(False, 'start rviz2 on the annotated image and the labels above heads; switches '
                 'markers and estimate_position on (camera_info). frame_id names the frame of '
                 'another camera'),
    'namespace': Spec('', 'namespace of all nodes and relative topics'),
    'emotion_node_name': Spec('emotion_node', 'name of emotion_node, or of expression_node in its '
                              'place'),
    'behavior_node_name': Spec('behavior_node', 'name of behavior_node'),
    'source_node_name': Spec('image_source_node', 'name of image_source_node'),
    'use_sim_time': Spec(False, 'take the time from /clock'),
    'required': Spec(True, 'when a node ends, end everything, with a status other than 0 if it '
                     'failed; false: the others go on'),
    'params_file': Spec('', 'parameters of emotion_node, or of expression_node in its place; '
                        'empty: the defaults'),
    'policy_file': Spec('', 'policy of behavior_node; empty: the one in the package'),
    'transport': Spec('shared_memory', 'of Fast DDS: shared_memory (large enough for images; UDP '
                      'to other machines), large_data (TCP to others) or keep; what you have set '
                      'yourself stays', choices=TRANSPORTS),
    'log_level': Spec('info', 'of all nodes', choices=LOG_LEVELS),
}


def parameter_specs() -> dict[str, Spec]:
    """Return the declarations of all parameters that are arguments, by argument."""
    return {**{name: parameters.SPECS[p] for name, p in EMOTION.items()},
            **{name: behavior_parameters.SPECS[p] for name, p in BEHAVIOR.items()},
            **{name: image_source_node.SPECS[p] for name, p in SOURCE.items()},
            **{name: dashboard_parameters.SPECS[p] for name, p in DASHBOARD.items()}}


def value_of(name: str, spec: Spec, text: str) -> Any:
    """
    Return the value of an argument.

    :param name: for the error.
    :param spec: its declaration; the default has its type.
    :param text: as given.
    :raises ValueError: if it is of another type, out of range or none of the choices.
    """
    if isinstance(spec.default, str) and not spec.word:
        check_choice(name, spec, text)
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if spec.word:
        check_choice(name, spec, value)
        return value
    if isinstance(spec.default, bool):
        if value not in (True, False):  # 1 and 0 too, as launch's conditions take them
            raise ValueError(f"{name} is '{text}', must be true or false")
        return bool(value)
    whole = isinstance(spec.default, int)
    good = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not good or not spec.low <= value <= spec.high:
        raise ValueError(f"{name} is '{text}', must be a {'whole ' * whole}number from "
                         f'{spec.low:g} to {spec.high:g}')
    return value if whole else float(value)


def chosen(table: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the parameters that the arguments set.

    :param table: argument -> parameter.
    :param texts: argument -> what was given; empty: nothing.
    :raises ValueError: if one has no meaning; names it.
    """
    specs = parameter_specs()
    return {parameter: value_of(name, specs[name], texts[name])
            for name, parameter in table.items() if texts.get(name)}


def chosen_expression(texts: Mapping[str, str], rviz: bool) -> dict[str, Any]:
    """
    Return the parameters of expression_node that the arguments set.

    :param rviz: the argument of this name, which is nothing for this node either.
    :raises ValueError: if one has no meaning, or none for this node; names it.
    """
    values = chosen(EMOTION, texts)
    # Those of bags and simulations are set by their launch files.
    lost = [name for name in values if name not in expression_parameters.SPECS
            and name not in ('image_transport', 'image_qos', 'image_depth', 'autostart')
            and values[name] != parameters.SPECS[name].default] + ['rviz'] * rviz
    if lost:
        raise ValueError(f'input:=ros4hri takes no {", ".join(lost)}: expression_node sees no '
                         'image but the crops of another detector')
    return {name: value for name, value in values.items() if name in expression_parameters.SPECS}


def chosen_of(specs: Mapping[str, Spec], names: Iterable[str],
              texts: Mapping[str, str]) -> dict[str, Any]:
    """Do the same for arguments that bear the names of a node's parameters."""
    return {name: value_of(name, specs[name], texts[name]) for name in names if texts.get(name)}


def chosen_camera(cameras: str, wanted: str, topics: Mapping[str, str]) -> str:
    """
    Return the name of the camera that behavior_node and the page see, '' if there is but one.

    :param cameras: the parameter of emotion_node.
    :param wanted: the argument ``camera``.
    :param topics: the arguments that name topics.
    :raises ValueError: if there is no such camera, or a topic would be that of all of them.
    """
    names = [camera.name for camera in parse_cameras(cameras)]
    if not names:
        return ''
    for argument in ('emotions', 'annotated_image'):
        if topics[argument] != TOPICS[argument][0]:
            raise ValueError(f"{argument} is '{topics[argument]}': all of several cameras would "
                             "publish there; each camera's is in its namespace")
    if wanted and wanted not in names:
        raise ValueError(f"camera is '{wanted}', must be one of {', '.join(names)}")
    return wanted or names[0]


def misspelled(given: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the unknown arguments that look like a known one, and which."""
    names = list(known)
    close = {name: meant(name, names, others_allowed=True) for name in given if name not in names}
    return {name: match for name, match in close.items() if match}
