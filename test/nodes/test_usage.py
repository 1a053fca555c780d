"""``ros2 run fer_ros <node> --help`` tells what the node does, and starts nothing."""

import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

import rclpy  # noqa: E402

from fer_ros.nodes import (  # noqa: E402
    bag_player_node,
    behavior_node,
    behavior_parameters,
    dashboard_parameters,
    emotion_node,
    expression_parameters,
    image_source_node,
    parameters,
)
from fer_ros.nodes.usage import asks_for_help  # noqa: E402

NODES = {
    'emotion_node': parameters.SPECS, 'behavior_node': behavior_parameters.SPECS,
    'image_source_node': image_source_node.SPECS, 'bag_player_node': bag_player_node.SPECS,
    'dashboard_node': dashboard_parameters.SPECS,
    'expression_node': expression_parameters.SPECS}


@pytest.mark.parametrize('node', NODES)
def test_help_lists_every_parameter(node):
    """In a process, as ros2 run starts it."""
    done = subprocess.run([sys.executable, '-m', f'fer_ros.nodes.{node}', '--help'],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.startswith(f'usage: ros2 run fer_ros {node}')
    assert all(f'  {name} (default ' in done.stdout for name in NODES[node])
    assert max(map(len, done.stdout.splitlines())) < 120


@pytest.mark.parametrize(('words', 'asked'), [
    (['node'], False), (['node', '-h'], True), (['node', '--help', '--ros-args'], True),
    (['node', '--ros-args', '-p', 'x:=--help'], False)])
def test_what_belongs_to_ros_is_left_to_it(words, asked):
    """Only what stands before --ros-args is ours."""
    assert asks_for_help(words) == asked


@pytest.mark.parametrize('create', [
    emotion_node.EmotionNode, behavior_node.BehaviorNode, image_source_node.ImageSourceNode])
def test_a_node_in_a_process_of_several_has_a_name_of_its_own(create):
    """As components and tests want it."""
    context = rclpy.Context()
    rclpy.init(context=context)
    try:
        node = create(node_name='left', context=context)
        assert node.get_name() == 'left'
        node.destroy_node()
    finally:
        rclpy.try_shutdown(context=context)
