"""
Faces in Gazebo: its camera and its clock come over ros_gz_bridge (a package of its own).

``ros2 launch fer_ros sim.launch.py gz_topic:=/camera image:=/camera/image_raw``; with
``bridge:=false`` another bridge, or ``ros2 bag play --clock``, brings image and /clock.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

FER = Path(get_package_share_directory('fer_ros')) / 'launch' / 'fer.launch.py'


def generate_launch_description() -> LaunchDescription:
    """Start fer.launch.py on simulated time, and the bridge."""
    topic, messages = LaunchConfiguration('gz_topic'), LaunchConfiguration('gz_messages')
    return LaunchDescription([
        DeclareLaunchArgument('bridge', default_value='true', description='start the bridge'),
        DeclareLaunchArgument('gz_topic', default_value='/camera',
                              description='image topic in Gazebo'),
        DeclareLaunchArgument('gz_messages', default_value='gz.msgs',
                              description='gz.msgs; ignition.msgs for Fortress on Humble'),
        DeclareLaunchArgument('use_sim_time', default_value='true',
                              description='take the time from /clock'),
        IncludeLaunchDescription(str(FER)),  # first: it sets the transports for the bridge too
        Node(package='ros_gz_bridge', executable='parameter_bridge', name='camera_bridge',
             output='screen', condition=IfCondition(LaunchConfiguration('bridge')),
             arguments=[['/clock@rosgraph_msgs/msg/Clock[', messages, '.Clock'],
                        [topic, '@sensor_msgs/msg/Image[', messages, '.Image']],
             remappings=[(topic, LaunchConfiguration('image'))]),
    ])
