"""
Facial expression recognition on a camera topic: the master launch file.

``ros2 launch fer_ros fer.launch.py image:=/camera/image_raw``; ``--show-args`` lists all
arguments. ``demo``, ``bag`` and ``sim.launch.py`` are thin variants and take them too.
"""

from pathlib import Path

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from fer_ros.nodes.transport import transport_variables

CONFIG = Path(get_package_share_directory('fer_ros')) / 'config'

#: Topics, as (argument, name in the nodes, description).
TOPICS = (
    ('image', 'image', 'camera images; for compressed ones give the name without /compressed'),
    ('depth', 'depth', 'depth image registered to the camera image (use_depth:=true)'),
    ('camera_info', 'camera_info', 'calibration of the camera'),
    ('emotions', 'emotions', 'output: fer_ros_msgs/EmotionArray'),
    ('annotated_image', 'emotions/image', 'output: the image with faces, states and bars'),
    ('tone', 'dialog/tone', 'output: fer_ros_msgs/DialogTone'),
    ('text', 'dialog/text', 'what the robot is about to say, std_msgs/String'),
    ('ssml', 'dialog/ssml', 'output: the same text with prosody'),
    ('speaking', 'dialog/speaking', 'std_msgs/Bool: true while the robot speaks'),
)

#: Parameters of emotion_node that are arguments too; an empty one leaves params_file's value.
PARAMETERS = (
    ('emotion_model', 'ONNX file of the emotion network, or emotion_int8; empty: the shipped one'),
    ('detector_model', 'ONNX file of the face detector; empty: the one in the package'),
    ('image_transport', 'raw or compressed'),
    ('image_qos', 'QoS of the image subscription: best_effort, reliable or auto'),
    ('image_depth', 'QoS history depth of the image subscription'),
    ('use_depth', 'report where faces are, from depth and camera_info'),
    ('overlay', 'what the annotated image shows: bars, cam or none'),
    ('anonymize', 'hide all faces that are found in output images'),
    ('threads', 'CPU threads of each network'),
    ('autostart', 'configure and activate emotion_node at start'),
)

#: The rest, as (argument, default, description).
OTHERS = (
    ('source', 'none', 'publish images too: demo, a webcam index, a video file or a folder; '
                       'none: a camera driver does'),
    ('behavior', 'true', 'start behavior_node, from emotions to a dialog tone'),
    ('namespace', '', 'namespace of all nodes and relative topics'),
    ('use_sim_time', 'false', 'take the time from /clock'),
    ('params_file', str(CONFIG / 'emotion_node.yaml'), 'parameters of emotion_node'),
    ('policy_file', str(CONFIG / 'behavior.yaml'), 'policy of behavior_node'),
    ('transport', 'shared_memory', 'of Fast DDS: shared_memory (large enough for images; UDP to '
                                   'other machines), large_data (TCP to others) or keep; what '
                                   'you have set yourself stays'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the nodes."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=name_in_node, description=text)
          for name, name_in_node, text in TOPICS),
        *(DeclareLaunchArgument(name, default_value='', description=text)
          for name, text in PARAMETERS),
        *(DeclareLaunchArgument(name, default_value=default, description=text)
          for name, default, text in OTHERS),
        OpaqueFunction(function=set_transport),
        OpaqueFunction(function=start_nodes),
    ])


def set_transport(context: LaunchContext) -> list[SetEnvironmentVariable]:
    """Return the variables that let Fast DDS pass images on; the user's choice stays."""
    kind = LaunchConfiguration('transport').perform(context)
    return [SetEnvironmentVariable(*variable)
            for variable in transport_variables(kind, context.environment).items()]


def start_nodes(context: LaunchContext) -> list[Node]:
    """Return the nodes that the arguments ask for."""
    def value_of(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    use_sim_time = {'use_sim_time': yaml.safe_load(value_of('use_sim_time'))}
    common = {
        'package': 'fer_ros', 'namespace': value_of('namespace'), 'output': 'screen',
        'remappings': [(name_in_node, value_of(name)) for name, name_in_node, _ in TOPICS],
        'arguments': ['--ros-args', '--log-level', value_of('log_level')],
    }
    chosen = {name: yaml.safe_load(value_of(name)) for name, _ in PARAMETERS if value_of(name)}
    nodes: list[Node] = [LifecycleNode(
        executable='emotion_node', name='emotion_node',
        parameters=[value_of('params_file'), use_sim_time, chosen], **common)]
    if yaml.safe_load(value_of('behavior')):
        nodes.append(Node(
            executable='behavior_node', name='behavior_node',
            parameters=[use_sim_time, {'policy_file': value_of('policy_file')}], **common))
    if value_of('source') != 'none':
        nodes.append(Node(
            executable='image_source_node', name='image_source_node',
            parameters=[use_sim_time, {
                'source': value_of('source'),
                'compressed': value_of('image_transport') == 'compressed'}], **common))
    return nodes
