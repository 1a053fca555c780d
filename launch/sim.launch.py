"""
Faces in Gazebo: its camera and its clock come over ros_gz_bridge (a package of its own).

``ros2 launch fer_ros sim.launch.py gz_topic:=/camera image:=/camera/image_raw``; with
``bridge:=false`` another bridge, or ``ros2 bag play --clock``, brings image and /clock.
"""

import os
from pathlib import Path

from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from fer_ros.nodes.launch_arguments import value_of
from fer_ros.nodes.parameter_specs import Spec

FER = Path(get_package_share_directory('fer_ros')) / 'launch' / 'fer.launch.py'
BRIDGE = Spec(True, '')


def generate_launch_description() -> LaunchDescription:
    """Start fer.launch.py on simulated time, and the bridge."""
    return LaunchDescription([
        DeclareLaunchArgument('bridge', default_value='true', description='start the bridge'),
        DeclareLaunchArgument('gz_topic', default_value='/camera',
                              description='image topic in Gazebo'),
        DeclareLaunchArgument('gz_messages', default_value='gz.msgs',
                              description='gz.msgs; ignition.msgs for Fortress on Humble'),
        DeclareLaunchArgument('use_sim_time', default_value='true',
                              description='take the time from /clock'),
        OpaqueFunction(function=check_bridge),  # before anything starts that would live on
        IncludeLaunchDescription(str(FER)),  # before the bridge: it sets its transport too
        OpaqueFunction(function=start_bridge),
    ])


def check_bridge(context: LaunchContext) -> None:
    """:raises ValueError: if the bridge is wanted and not installed; names the package."""
    if not value_of('bridge', BRIDGE, context.launch_configurations['bridge']):
        return
    try:
        get_package_prefix('ros_gz_bridge')
    except PackageNotFoundError as error:
        distribution = os.environ.get('ROS_DISTRO', '<distribution>')
        raise ValueError(
            'ros_gz_bridge is not installed: sudo apt install '
            f'ros-{distribution}-ros-gz-bridge (or bridge:=false if another one runs)') from error


def start_bridge(context: LaunchContext) -> list[Node]:
    """Return the bridge, if it is wanted."""
    if not value_of('bridge', BRIDGE, context.launch_configurations['bridge']):
        return []
    topic, messages = LaunchConfiguration('gz_topic'), LaunchConfiguration('gz_messages')
    return [Node(
        package='ros_gz_bridge', executable='parameter_bridge', name='camera_bridge',
        output='screen', arguments=[['/clock@rosgraph_msgs/msg/Clock[', messages, '.Clock'],
                                    [topic, '@sensor_msgs/msg/Image[', messages, '.Image']],
        remappings=[(topic, LaunchConfiguration('image'))])]
