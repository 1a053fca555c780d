"""
Faces in a recorded bag (mcap or sqlite3), played with /clock.

``ros2 launch fer_ros bag.launch.py bag:=recording image:=/camera/image_raw``
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

FER = Path(get_package_share_directory('fer_ros')) / 'launch' / 'fer.launch.py'


def generate_launch_description() -> LaunchDescription:
    """Start fer.launch.py on the bag's time, and the player."""
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='folder of the bag, or its one file'),
        DeclareLaunchArgument('rate', default_value='1.0', description='speed, 1 = as recorded'),
        DeclareLaunchArgument('loop', default_value='false', description='start again at its end'),
        DeclareLaunchArgument('use_sim_time', default_value='true',
                              description='take the time from /clock'),
        IncludeLaunchDescription(str(FER)),  # first: it sets the transports for the player too
        Node(package='fer_ros', executable='bag_player_node', name='bag_player_node',
             output='screen', parameters=[{
                 'bag': ParameterValue(LaunchConfiguration('bag'), value_type=str),
                 'rate': ParameterValue(LaunchConfiguration('rate'), value_type=float),
                 'loop': ParameterValue(LaunchConfiguration('loop'), value_type=bool)}]),
    ])
