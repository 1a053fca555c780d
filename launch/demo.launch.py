"""
Real faces without a camera: fer.launch.py with a source of its own.

``ros2 launch fer_ros demo.launch.py``, or ``source:=0`` for the first webcam.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription

FER = Path(get_package_share_directory('fer_ros')) / 'launch' / 'fer.launch.py'


def generate_launch_description() -> LaunchDescription:
    """Set another default for source; all other arguments are those of fer.launch.py."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'source', default_value='demo',
            description='demo, a webcam index, a video file or a folder of images'),
        IncludeLaunchDescription(str(FER)),
    ])
