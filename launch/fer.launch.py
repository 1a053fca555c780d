"""
Facial expression recognition on a camera topic: the master launch file.

``ros2 launch fer_ros fer.launch.py image:=/camera/image_raw``; ``--show-args`` lists all
arguments. ``demo``, ``bag`` and ``sim.launch.py`` are thin variants and take them too.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.events.process import ProcessExited
from launch.logging import get_logger
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import Parameter

from fer_ros.nodes import launch_arguments
from fer_ros.nodes.cameras import parse_cameras
from fer_ros.nodes.installed import check_installed
from fer_ros.nodes.launch_arguments import (
    BEHAVIOR,
    DASHBOARD,
    EMOTION,
    OTHERS,
    SOURCE,
    TOPICS,
    value_of,
)
from fer_ros.nodes.parameter_files import check_parameter_file
from fer_ros.nodes.transport import transport_variables

CONFIG = Path(get_package_share_directory('fer_ros')) / 'config'


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, check them, start the nodes."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=name_in_node, description=text)
          for name, (name_in_node, text) in TOPICS.items()),
        *(DeclareLaunchArgument(name, default_value='', description=spec.text)
          for name, spec in launch_arguments.parameter_specs().items()),
        *(DeclareLaunchArgument(
            name, default_value=str(spec.default).lower() if isinstance(spec.default, bool)
            else spec.default, description=spec.text, choices=spec.choices or None)
          for name, spec in OTHERS.items()),
        OpaqueFunction(function=warn_of_misspelled),
        OpaqueFunction(function=set_transport),
        OpaqueFunction(function=start_nodes),
    ])


def warn_of_misspelled(context: LaunchContext) -> None:
    """Warn of each argument that launch would pass over in silence."""
    known = {*TOPICS, *launch_arguments.parameter_specs(), *OTHERS}
    for given, close in launch_arguments.misspelled(context.launch_configurations, known).items():
        get_logger('launch').warning(f"unknown argument '{given}', did you mean '{close}'?")


def set_transport(context: LaunchContext) -> list[SetEnvironmentVariable]:
    """Return the variables that let Fast DDS pass images on; the user's choice stays."""
    kind = context.launch_configurations['transport']
    return [SetEnvironmentVariable(*variable)
            for variable in transport_variables(kind, context.environment).items()]


def start_nodes(context: LaunchContext) -> list[Node]:
    """
    Return the nodes that the arguments ask for.

    :raises ValueError: if an argument has no meaning; nothing has been started then.
    """
    texts = context.launch_configurations
    others = {name: value_of(name, spec, texts[name]) for name, spec in OTHERS.items()}
    use_sim_time = {'use_sim_time': others['use_sim_time']}
    common = {
        'package': 'fer_ros', 'namespace': others['namespace'], 'output': 'screen',
        'remappings': [(name, texts[argument]) for argument, (name, _) in TOPICS.items()],
        'arguments': ['--ros-args', '--log-level', others['log_level']],
    }
    camera = launch_arguments.chosen_camera(texts['cameras'], others['camera'], texts)
    seen = common if not camera else {**common, 'remappings': [
        *((topic, f'{camera}/{topic}') for topic in (
            'emotions', 'emotions/image', 'emotions/markers')),
        *common['remappings']]}  # the first rule counts
    if others['rviz']:
        check_installed('rviz2', 'rviz:=false')
    nodes: list[Node] = [judging_node(others, texts, use_sim_time, common)]
    if others['behavior']:
        policy = {'policy_file': others['policy_file'], **launch_arguments.chosen(BEHAVIOR, texts)}
        nodes.append(Node(
            executable='behavior_node', name=others['behavior_node_name'],
            parameters=[use_sim_time, policy],
            on_exit=when_ended('behavior_node', others['required']), **seen))
    if others['dashboard']:
        shown = {name: others[f'{name}_name'] for name in ('emotion_node', 'behavior_node')}
        shown['emotion_node'] = f'{camera}/{shown["emotion_node"]}'.lstrip('/')
        nodes.append(Node(
            executable='dashboard_node', name='dashboard_node',
            parameters=[use_sim_time, {**shown, **launch_arguments.chosen(DASHBOARD, texts)}],
            on_exit=when_ended('dashboard_node', others['required']), **seen))
    if others['source'] != 'none':
        source = {'source': others['source'],
                  'compressed': texts['image_transport'] == 'compressed',
                  **launch_arguments.chosen(SOURCE, texts)}
        nodes.append(Node(
            executable='image_source_node', name=others['source_node_name'],
            parameters=[use_sim_time, source],
            on_exit=when_ended('image_source_node', others['required'], may_end=True), **common))
    if others['rviz']:
        frame = ['-f', texts['frame_id']] if texts['frame_id'] else []
        nodes.append(Node(**{
            **seen, 'package': 'rviz2', 'executable': 'rviz2', 'name': 'rviz2',
            'arguments': ['-d', str(CONFIG / 'faces.rviz'), *frame],
            'parameters': [use_sim_time]}))
    return nodes


def judging_node(others: dict, texts: dict, use_sim_time: dict, common: dict) -> Node:
    """
    Return emotion_node, or expression_node with input:=ros4hri.

    :raises ValueError: if an argument has no meaning.
    """
    name, file = others['emotion_node_name'], others['params_file']
    if file:
        check_file(others, texts['cameras'])
    if others['input'] == 'image':
        values = {**use_sim_time, **launch_arguments.chosen(EMOTION, texts)}
        if others['rviz']:
            # Without places there would be nothing to see in 3D.
            values = {'markers': True, 'estimate_position': True, **values}
        return LifecycleNode(
            executable='emotion_node', name=name,
            # One by one they are for all nodes of the process; a mapping would be for this name
            # alone.
            parameters=[file or str(CONFIG / 'emotion_node.yaml'), *(
                Parameter(key, value, value_type=type(value)) for key, value in values.items())],
            on_exit=when_ended('emotion_node', others['required']), **common)
    return Node(
        executable='expression_node', name=name, parameters=[
            *filter(None, [file]), use_sim_time,
            launch_arguments.chosen_expression(texts, others['rviz'])],
        on_exit=when_ended('expression_node', others['required']), **common)


def check_file(others: dict, cameras: str) -> None:
    """
    Check the parameter file.

    :param cameras: a node each.
    :raises ValueError: if it is not there, or says nothing to this node.
    """
    for camera in [camera.name for camera in parse_cameras(cameras)] or ['']:
        node = '/'.join(['', *filter(None, [
            others['namespace'].strip('/'), camera, others['emotion_node_name']])])
        check_parameter_file(others['params_file'], node)


def when_ended(name: str, required: bool, may_end: bool = False):
    """
    Return what happens when a node ends.

    :param required: then everything ends; with an exception, by which alone launch gets a
        status other than 0.
    :param may_end: with status 0 the node has done its work.
    """
    def end(event: ProcessExited, context: LaunchContext) -> list[Shutdown] | None:
        if not required or context.is_shutdown:
            return None
        if may_end and event.returncode == 0:
            return [Shutdown(reason=f'{name} has finished')]
        raise RuntimeError(f'{name} has ended with status {event.returncode}, see its last lines '
                           'above (required:=false lets the others go on)')
    return end
