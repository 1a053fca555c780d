"""
Faces in a recorded bag (mcap or sqlite3), played with /clock; ends when the bag has ended.

``ros2 launch fer_ros bag.launch.py bag:=recording``; ``image:=/camera/image_raw`` chooses among
several image topics.
"""

from contextlib import closing
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.events.process import ProcessExited
from launch_ros.actions import Node

from fer_ros.media.bag_reading import COMPRESSED_IMAGE, find_bag, image_topics, open_reader
from fer_ros.nodes import bag_player_node
from fer_ros.nodes.launch_arguments import PLAYER, chosen_of

FER = Path(get_package_share_directory('fer_ros')) / 'launch' / 'fer.launch.py'
#: emotion_node loads its models first [s].
PATIENCE = 60.0


def generate_launch_description() -> LaunchDescription:
    """Start fer.launch.py on the bag's time, and the player."""
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='folder of the bag, or its one file'),
        *(DeclareLaunchArgument(name, default_value='',
                                description=bag_player_node.SPECS[name].text) for name in PLAYER),
        DeclareLaunchArgument('image', default_value='', description='topic of the bag with the '
                              'images (without /compressed); empty: its first one'),
        DeclareLaunchArgument('use_sim_time', default_value='true',
                              description='take the time from /clock'),
        DeclareLaunchArgument('image_transport', default_value='',
                              description='raw or compressed; empty: as the bag has it'),
        OpaqueFunction(function=player_parameters),  # before anything starts: a bad one is told
        OpaqueFunction(function=choose_images),
        IncludeLaunchDescription(str(FER)),  # first: it sets the transports for the player too
        OpaqueFunction(function=start_player),
    ])


def choose_images(context: LaunchContext) -> list[SetLaunchConfiguration]:
    """
    Return the topic and transport of the images, as the bag has them.

    :raises ValueError: if the bag cannot be opened or has no such topic; nothing has started.
    """
    texts = context.launch_configurations
    with closing(open_reader(find_bag(texts['bag']))) as reader:
        kinds = image_topics(reader)
    wanted = texts['image'].removesuffix('/compressed')
    found = [topic for topic in kinds if wanted in ('', topic.removesuffix('/compressed'))]
    if not found:
        raise ValueError(f"'{texts['bag']}' has no images{' on ' * bool(wanted)}{wanted}; its "
                         f'image topics are {", ".join(kinds) or "none"}')
    compressed = kinds[found[0]] == COMPRESSED_IMAGE
    return [SetLaunchConfiguration('image', found[0].removesuffix('/compressed')),
            SetLaunchConfiguration('image_transport', texts['image_transport'] or (
                'compressed' if compressed else 'raw'))]


def player_parameters(context: LaunchContext) -> None:
    """:raises ValueError: if an argument of the player's has no meaning."""
    chosen_of(bag_player_node.SPECS, PLAYER, context.launch_configurations)


def start_player(context: LaunchContext) -> list[Node]:
    """Return the player; when it has played the bag, everything ends."""
    texts = context.launch_configurations
    return [Node(
        package='fer_ros', executable='bag_player_node', name='bag_player_node',
        namespace=texts['namespace'], output='screen',
        arguments=['--ros-args', '--log-level', texts['log_level']],
        parameters=[{'bag': texts['bag'], 'patience': PATIENCE,
                     **chosen_of(bag_player_node.SPECS, PLAYER, texts)}],
        on_exit=end)]


def end(event: ProcessExited, context: LaunchContext) -> list[Shutdown] | None:
    """End everything with the bag, with a status other than 0 if it could not be played."""
    if context.is_shutdown:
        return None
    if event.returncode == 0:
        return [Shutdown(reason='the bag has ended')]
    raise RuntimeError(f'bag_player_node has ended with status {event.returncode}, see its last '
                       'lines above')
