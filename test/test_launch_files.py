"""The launch files: their arguments, and which nodes these start; skips without launch."""

import importlib.util
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parent.parent / 'launch'
FILES = sorted(FOLDER.glob('*.launch.py'))


def load(name: str) -> ModuleType:
    """Import a launch file; skips where there is no launch."""
    pytest.importorskip('launch_ros.actions', reason='launch comes with a ROS distribution only')
    path = FOLDER / f'{name}.launch.py'
    spec = importlib.util.spec_from_file_location(f'{name}_launch', path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(name: str) -> dict:
    """Return the launch arguments of a file, those of included files too, by name."""
    found = load(name).generate_launch_description().get_launch_arguments()
    return {argument.name: argument for argument in found}


def started(**values: str) -> dict:
    """Return the nodes that fer.launch.py starts for these arguments, by executable."""
    module = load('fer')
    from launch import LaunchContext
    from launch.utilities import perform_substitutions

    context = LaunchContext()
    for argument in module.generate_launch_description().get_launch_arguments():
        context.launch_configurations[argument.name] = perform_substitutions(
            context, argument.default_value)
    context.launch_configurations.update(values)
    return {node.node_executable: node for node in module.start_nodes(context)}


def launch(*words: str, seconds: float = 60) -> tuple[int, str]:
    """Run ``ros2 launch fer_ros`` for real; return its status and output."""
    pytest.importorskip('launch_ros.actions', reason='launch comes with a ROS distribution only')
    if shutil.which('ros2') is None or subprocess.run(
            ['ros2', 'pkg', 'executables', 'fer_ros'], capture_output=True).returncode:
        pytest.skip('fer_ros is not installed where ros2 launch finds it')
    done = subprocess.run(['ros2', 'launch', 'fer_ros', *words], capture_output=True, text=True,
                          timeout=seconds)
    return done.returncode, done.stdout + done.stderr


def installed(package: str) -> bool:
    """Return whether a ROS package is there."""
    from ament_index_python.packages import get_packages_with_prefixes
    return package in get_packages_with_prefixes()


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_launch_file_compiles(path):
    compile(path.read_text(encoding='utf-8'), path, 'exec')


def test_all_four_are_there():
    assert [path.name for path in FILES] == [
        'bag.launch.py', 'demo.launch.py', 'fer.launch.py', 'sim.launch.py']


@pytest.mark.parametrize('name', ['fer', 'demo', 'bag', 'sim'])
def test_every_argument_is_described(name):
    assert all(argument.description for argument in arguments(name).values())


@pytest.mark.parametrize('name', ['demo', 'bag', 'sim'])
def test_variants_take_all_arguments_of_the_master(name):
    assert set(arguments('fer')) <= set(arguments(name))


@pytest.mark.parametrize(('name', 'argument', 'default'), [
    ('fer', 'source', 'none'), ('demo', 'source', 'demo'), ('fer', 'use_sim_time', 'false'),
    ('bag', 'use_sim_time', 'true'), ('sim', 'use_sim_time', 'true'), ('bag', 'bag', None),
    ('fer', 'required', 'true'), ('bag', 'image', ''), ('fer', 'rviz', 'false'),
    ('sim', 'world', ''), ('sim', 'bag', ''), ('sim', 'gui', 'true'),
])
def test_defaults(name, argument, default):
    value = arguments(name)[argument].default_value
    assert (None if value is None else ''.join(part.text for part in value)) == default


@pytest.mark.parametrize(('values', 'executables'), [
    ({}, {'emotion_node', 'behavior_node'}),
    ({'behavior': 'false'}, {'emotion_node'}),
    ({'source': 'demo'}, {'emotion_node', 'behavior_node', 'image_source_node'}),
    ({'source': '0', 'behavior': 'false'}, {'emotion_node', 'image_source_node'}),
    ({'input': 'ros4hri'}, {'expression_node', 'behavior_node'}),
])
def test_arguments_choose_the_nodes(values, executables):
    assert set(started(**values)) == executables


@pytest.mark.parametrize(('camera', 'seen'), [('', 'front'), ('back', 'back')])
def test_of_several_cameras_one_is_seen_by_the_others(camera, seen):
    """The rule of the camera comes first: the first that matches counts."""
    nodes = started(cameras='/front/image,back=/usb/image', camera=camera, dashboard='true')
    for name in ('behavior_node', 'dashboard_node'):
        rules = dict(reversed([(source[0].perform(None), target[0].perform(None)) for (
            source, target) in nodes[name]._Node__remappings]))
        assert rules['emotions'] == f'{seen}/emotions'
        assert rules['emotions/image'] == f'{seen}/emotions/image'
    assert all(source[0].perform(None) != f'{seen}/emotions'
               for _, source in nodes['emotion_node']._Node__remappings)


@pytest.mark.parametrize(('values', 'text'), [
    ({'cameras': '/image'}, 'name=topic'),
    ({'cameras': '/a/image', 'camera': 'b'}, 'must be one of a'),
    ({'cameras': '/a/image', 'emotions': '/faces'}, 'all of several cameras'),
    ({'behavior': 'flase'}, "behavior is 'flase', must be true or false"),
    ({'threads': '0'}, "threads is '0', must be a whole number from 1 to 64"),
    ({'params_file': '/none.yaml'}, "'/none.yaml' cannot be read"),
    ({'input': 'ros4hri', 'anonymize': 'true'}, 'input:=ros4hri takes no anonymize'),
])
def test_bad_arguments_start_nothing(values, text):
    pytest.importorskip('launch_ros.actions', reason='launch comes with a ROS distribution only')
    with pytest.raises(ValueError, match=text):
        started(**values)


def test_the_transport_suits_images_unless_the_user_has_chosen(monkeypatch):
    module = load('fer')
    from launch import LaunchContext
    for name in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE',
                 'FASTDDS_BUILTIN_TRANSPORTS'):
        monkeypatch.delenv(name, raising=False)
    context = LaunchContext()
    context.launch_configurations['transport'] = 'shared_memory'
    assert len(module.set_transport(context)) == 1
    monkeypatch.setenv('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    assert module.set_transport(context) == []


@pytest.fixture
def fake_packages(tmp_path, monkeypatch):
    """Let packages be found that are not here, by their names alone."""
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    for name in ('ros_gz_sim', 'ros_gz_bridge', 'rviz2'):
        (index / name).touch()
        (tmp_path / 'share' / name).mkdir()
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{tmp_path}:{os.environ["AMENT_PREFIX_PATH"]}')


def simulated(**values: str):
    """Return sim.launch.py and its context after its checks."""
    module = load('sim')
    from launch import LaunchContext
    from launch.utilities import perform_substitutions

    context = LaunchContext()
    for name, argument in arguments('sim').items():
        if argument.default_value is not None:
            context.launch_configurations[name] = perform_substitutions(
                context, argument.default_value)
    context.launch_configurations.update(values)
    for setting in module.prepare(context):
        setting.execute(context)
    return module, context


def parameters_of(node) -> dict:
    """Return the parameters that a launch file gives a node, as text."""
    from launch import LaunchContext
    from launch_ros.parameter_descriptions import Parameter
    from launch_ros.utilities import evaluate_parameters
    found = {}
    for part in evaluate_parameters(LaunchContext(), node._Node__parameters):
        if isinstance(part, Parameter):
            found[part.name] = part.evaluate(LaunchContext())[1]
        found.update(part if isinstance(part, dict) else {})
    return found


def renamed(node) -> list:
    """Return a node's remapping rules as pairs of text."""
    return [tuple(''.join(part.text for part in side) for side in pair)
            for pair in node._Node__remappings]


def test_the_world_of_this_package_comes_with_its_bridge_and_depth(fake_packages):
    """Named, it starts Gazebo; the bridge follows the namespace and the names of the topics."""
    module, context = simulated(world='people', namespace='robot', gui='false',
                                image='/camera/image_raw')
    [gazebo] = module.start_gazebo(context)
    given = {name: value for name, value in gazebo.launch_arguments}
    world = Path(context.launch_configurations['world'])
    assert given['gz_args'] == f'-r -s --headless-rendering {world}' and world.is_file()
    assert context.launch_configurations['use_depth'] == 'true'
    [bridge] = module.start_bridge(context)
    assert parameters_of(bridge) == {'config_file': str(world.with_suffix('.yaml'))}
    assert ('image', '/camera/image_raw') in renamed(bridge)


def test_another_world_keeps_its_own_topics(fake_packages, tmp_path):
    """Without a file for the bridge beside it, gz_topic says where the images are."""
    world = tmp_path / "a world's.sdf"
    world.write_text('<sdf version="1.9"/>')
    module, context = simulated(world=str(world), gz_topic='/eye')
    [gazebo] = module.start_gazebo(context)
    assert shlex.split(dict(gazebo.launch_arguments)['gz_args']) == ['-r', str(world)]
    assert context.launch_configurations['use_depth'] == ''
    [bridge] = module.start_bridge(context)
    assert not parameters_of(bridge)


def test_rviz_comes_with_markers_in_the_frame_of_the_camera(fake_packages):
    nodes = started(rviz='true', frame_id='front_optical')
    assert parameters_of(nodes['emotion_node'])['markers'] is True
    assert parameters_of(nodes['emotion_node'])['estimate_position'] is True
    words = nodes['rviz2'].cmd
    words = [''.join(part.text for part in word) for word in words if isinstance(word, list)
             and all(hasattr(part, 'text') for part in word)]
    assert words[words.index('-f') + 1] == 'front_optical'
    assert Path(words[words.index('-d') + 1]).is_file()
    assert 'markers' not in parameters_of(started()['emotion_node'])
    one_of_two = started(rviz='true', cameras='front=/f, back=/b', camera='back')['rviz2']
    assert ('emotions/markers', 'back/emotions/markers') in renamed(one_of_two)
    given = started(rviz='true', markers='false')['emotion_node']
    assert parameters_of(given)['markers'] is False


@pytest.mark.parametrize(('words', 'text'), [
    (['sim.launch.py'], 'ros_gz_bridge is not installed: sudo apt install'),
    (['sim.launch.py', 'world:=people', 'bridge:=false'],
     'ros_gz_sim is not installed: sudo apt install'),
    (['sim.launch.py', 'world:=/none.sdf', 'bridge:=false'],
     "world '/none.sdf' is not there; fer_ros has people"),
    (['sim.launch.py', 'world:=people', 'bag:=/none'], 'world and bag: one of them'),
    (['sim.launch.py', 'bag:=/none'], "bag '/none' is not there"),
    (['fer.launch.py', 'rviz:=true'], 'rviz2 is not installed: sudo apt install'),
    (['fer.launch.py', 'log_level:=loud'], '"loud" is not valid'),
    (['fer.launch.py', 'emotion_model:=/none.onnx'], 'emotion_node has ended with status 1'),
    (['fer.launch.py', 'policy_file:=/none.yaml'], 'behavior_node has ended with status 1'),
    (['fer.launch.py', 'source:=/none.mp4'], 'image_source_node has ended with status 1'),
    (['fer.launch.py', 'dashboard:=true', 'dashboard_host:=203.0.113.1'],
     'dashboard_node has ended with status 1'),
    (['bag.launch.py', 'bag:=/none'], "bag '/none' is not there"),
    (['bag.launch.py', 'bag:=/none', 'rate:=fast'], "rate is 'fast'"),
])
def test_what_cannot_run_ends_the_launch_with_status_1(words, text):
    """A supervisor sees that it failed, and a person why."""
    if 'is not installed' in text and installed(package := text.split()[0]):
        pytest.skip(f'{package} is installed')
    status, output = launch(*words)
    assert status == 1 and text in output, output


def test_a_misspelled_argument_is_told():
    """launch itself passes over it in silence."""
    _, output = launch('fer.launch.py', 'anonymise:=true', 'emotion_model:=/none.onnx')
    assert "unknown argument 'anonymise', did you mean 'anonymize'?" in output


@pytest.mark.parametrize('file', ['bag.launch.py', 'sim.launch.py'])
def test_a_bag_ends_the_launch(tmp_path, astronaut, file):
    """The player chooses the topic and everything ends with the bag, in a namespace too."""
    pytest.importorskip('rosbags')
    from bags import write_bag
    bag = write_bag(tmp_path / 'bag', [astronaut] * 30, 15.0, topic='/front/image_raw')
    status, output = launch(file, f'bag:={bag}', 'namespace:=robot')
    assert status == 0, output
    assert '[robot.behavior_node]: tone cheerful' in output, output


def test_the_page_comes_with_the_nodes(tmp_path, astronaut):
    """In a namespace, with nodes of other names: the page says where it is, and finds them."""
    pytest.importorskip('rosbags')
    from bags import write_bag
    bag = write_bag(tmp_path / 'bag', [astronaut] * 30, 15.0, topic='/front/image_raw')
    status, output = launch(
        'bag.launch.py', f'bag:={bag}', 'namespace:=robot', 'dashboard:=true',
        'dashboard_port:=0', 'emotion_node_name:=reader')
    assert status == 0, output
    assert '[robot.dashboard_node]: open http://127.0.0.1:' in output, output
