"""
Faces in a simulation: Gazebo with a world, a Gazebo that runs, or a bag.

``ros2 launch fer_ros sim.launch.py world:=people`` starts Gazebo with the world of this package,
its bridge and the nodes; needs ros_gz_sim and ros_gz_bridge.
``gz_topic:=/camera image:=/camera/image_raw`` only bridges a Gazebo that runs already; with
``bridge:=false`` another bridge, or ``ros2 bag play --clock``, brings image and /clock.
``bag:=recording`` is bag.launch.py.
"""

import shlex
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetLaunchConfiguration,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from fer_ros.nodes.installed import check_installed
from fer_ros.nodes.launch_arguments import TOPICS, value_of
from fer_ros.nodes.parameter_specs import Spec

SHARE = Path(get_package_share_directory('fer_ros'))
WORLDS = SHARE / 'worlds'
OWN = {'bridge': Spec(True, ''), 'gui': Spec(True, '')}


def generate_launch_description() -> LaunchDescription:
    """Start fer.launch.py on simulated time, and what brings images and /clock."""
    from_bag = LaunchConfiguration('from_bag')
    return LaunchDescription([
        DeclareLaunchArgument('world', default_value='', description='start Gazebo with it: '
                              'people, or the path of an SDF file; empty: Gazebo runs already'),
        DeclareLaunchArgument('gui', default_value='true', description='show the world in a '
                              'window; false: on machines without a screen'),
        DeclareLaunchArgument('bridge', default_value='true', description='start the bridge; it '
                              'takes the YAML file beside the world, of the same name, if there '
                              'is one, else gz_topic'),
        DeclareLaunchArgument('gz_topic', default_value='/camera',
                              description='image topic in Gazebo'),
        DeclareLaunchArgument('gz_messages', default_value='gz.msgs',
                              description='gz.msgs; ignition.msgs for Fortress on Humble'),
        DeclareLaunchArgument('bag', default_value='', description='play this bag instead, as '
                              'bag.launch.py does'),
        DeclareLaunchArgument('use_sim_time', default_value='true',
                              description='take the time from /clock'),
        OpaqueFunction(function=prepare),  # before anything starts that would live on
        # Before Gazebo and bridge: it sets the bridge's transport too.
        IncludeLaunchDescription(
            str(SHARE / 'launch' / 'fer.launch.py'), condition=UnlessCondition(from_bag)),
        IncludeLaunchDescription(
            str(SHARE / 'launch' / 'bag.launch.py'), condition=IfCondition(from_bag),
            launch_arguments={'bag': LaunchConfiguration('bag')}.items()),
        OpaqueFunction(function=start_gazebo),
        OpaqueFunction(function=start_bridge),
    ])


def prepare(context: LaunchContext) -> list[Action]:
    """
    Check what is wanted, and return the settings that follow from it.

    :raises ValueError: if the arguments have no meaning, or a package is not installed.
    """
    texts = context.launch_configurations
    own = {name: value_of(name, spec, texts[name]) for name, spec in OWN.items()}
    if texts['bag']:
        if texts['world']:
            raise ValueError('world and bag: one of them brings the images, choose')
        return [SetLaunchConfiguration('from_bag', 'true')]
    if own['bridge']:
        check_installed('ros_gz_bridge', 'bridge:=false if another one runs')
    settings = [SetLaunchConfiguration('from_bag', 'false')]
    if texts['world']:
        world = world_file(texts['world'])
        check_installed('ros_gz_sim')
        settings.append(SetLaunchConfiguration('world', str(world)))
        if world.parent == WORLDS and not texts.get('use_depth'):
            settings.append(SetLaunchConfiguration('use_depth', 'true'))  # its camera sees depth
    return settings


def world_file(text: str) -> Path:
    """
    Return the file of a world.

    :param text: the name of one in this package, or a path.
    :raises ValueError: if there is no such file.
    """
    named = WORLDS / f'{text}.sdf'
    file = named if named.is_file() else Path(text).expanduser().absolute()
    if not file.is_file():
        raise ValueError(f"world '{text}' is not there; fer_ros has "
                         f'{", ".join(sorted(path.stem for path in WORLDS.glob("*.sdf")))}')
    return file


def start_gazebo(context: LaunchContext) -> list[Action]:
    """Return Gazebo, if a world is given; when it is closed, everything ends."""
    texts = context.launch_configurations
    if not texts['world']:
        return []
    headless = [] if value_of('gui', OWN['gui'], texts['gui']) else ['-s', '--headless-rendering']
    gazebo = Path(get_package_share_directory('ros_gz_sim')) / 'launch' / 'gz_sim.launch.py'
    return [IncludeLaunchDescription(str(gazebo), launch_arguments={
        'gz_args': shlex.join(['-r', *headless, texts['world']]),  # a shell reads it
        'on_exit_shutdown': 'true'}.items())]


def start_bridge(context: LaunchContext) -> list[Node]:
    """Return the bridge, if it is wanted."""
    texts = context.launch_configurations
    if texts['bag'] or not value_of('bridge', OWN['bridge'], texts['bridge']):
        return []
    common = {'package': 'ros_gz_bridge', 'executable': 'parameter_bridge',
              'name': 'camera_bridge', 'output': 'screen'}
    file = Path(texts['world']).with_suffix('.yaml') if texts['world'] else None
    if file is not None and file.is_file():
        return [Node(
            **common, namespace=texts['namespace'], parameters=[{'config_file': str(file)}],
            remappings=[(name, texts[argument]) for argument, (name, _) in TOPICS.items()])]
    topic, messages = LaunchConfiguration('gz_topic'), LaunchConfiguration('gz_messages')
    return [Node(
        **common, arguments=[['/clock@rosgraph_msgs/msg/Clock[', messages, '.Clock'],
                             [topic, '@sensor_msgs/msg/Image[', messages, '.Image']],
        remappings=[(topic, LaunchConfiguration('image'))])]
