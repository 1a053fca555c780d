"""The views for RViz and Foxglove: what they show is what the nodes publish."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy')

from rclpy.qos import ReliabilityPolicy  # noqa: E402

from fer_ros.nodes.launch_arguments import TOPICS  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, image_qos  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray  # noqa: E402

CONFIG = Path(__file__).resolve().parent.parent / 'config'
RVIZ = yaml.safe_load((CONFIG / 'faces.rviz').read_text(encoding='utf-8'))['Visualization Manager']
FOXGLOVE = json.loads((CONFIG / 'foxglove_layout.json').read_text(encoding='utf-8'))
MARKERS = 'emotions/markers'
#: Where both show the people from [m]: behind the camera and above it; y points down (REP 103).
BEHIND_AND_ABOVE = (0.0, -1.8, -2.1)


def test_rviz_subscribes_to_what_is_published():
    """By names that follow a namespace, with a QoS that the publisher can serve."""
    shown = {display['Class'].split('/')[1]: display['Topic']
             for display in RVIZ['Displays'] if 'Topic' in display}
    assert shown['Image']['Value'] == TOPICS['annotated_image'][0]
    assert shown['MarkerArray']['Value'] == MARKERS
    for name, offered in (('Image', image_qos()), ('MarkerArray', emotions_qos())):
        assert not shown[name]['Value'].startswith('/')
        assert (shown[name]['Reliability Policy'] == 'Best Effort') == (
            offered.reliability == ReliabilityPolicy.BEST_EFFORT)
        assert shown[name]['Durability Policy'] == 'Volatile'


def test_rviz_looks_over_the_cameras_shoulder():
    view = RVIZ['Views']['Current']
    yaw, pitch = view['Yaw'], view['Pitch']
    focus = [view['Focal Point'][axis] for axis in 'XYZ']
    place = focus + view['Distance'] * np.array(
        [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    assert place == pytest.approx(BEHIND_AND_ABOVE, abs=0.1)


def test_foxglove_looks_over_the_cameras_shoulder():
    panel = FOXGLOVE['configById']['3D!people']
    view = panel['cameraState']
    phi, theta = np.radians([view['phi'], view['thetaOffset']])
    place = view['targetOffset'] + view['distance'] * np.array(
        [-np.sin(phi) * np.sin(theta), -np.sin(phi) * np.cos(theta), np.cos(phi)])
    assert place == pytest.approx(BEHIND_AND_ABOVE, abs=0.25)
    assert panel['followTf'] == RVIZ['Global Options']['Fixed Frame']


def panels(part):
    """Return the panels in a part of Foxglove's layout."""
    return {part} if isinstance(part, str) else panels(part['first']) | panels(part['second'])


def test_foxglove_has_each_panel_once():
    assert panels(FOXGLOVE['layout']) == set(FOXGLOVE['configById'])


def test_foxglove_shows_fields_that_the_messages_have():
    """Topics are absolute there: those of a robot without a namespace."""
    config = FOXGLOVE['configById']
    assert config['Image!faces']['imageMode']['imageTopic'] == f'/{TOPICS["annotated_image"][0]}'
    assert set(config['3D!people']['topics']) == {f'/{MARKERS}'}
    paths = [path['value'] for panel in config.values() for path in panel.get('paths', [])]
    paths += [config['RawMessages!tone']['topicPath']]
    emotions, tone = f'/{TOPICS["emotions"][0]}', f'/{TOPICS["tone"][0]}'
    for path in paths:
        topic, *fields = path.split('.')
        assert topic in (emotions, tone), path
        kind = EmotionArray if topic == emotions else DialogTone
        for field in fields:
            name = re.sub(r'\[\d\]', '', field)
            assert name in kind.get_fields_and_field_types(), path
            kind = Emotion if name == 'emotions' else kind
