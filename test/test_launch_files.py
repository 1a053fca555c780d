"""The launch files: their arguments, and which nodes these start; skips without launch."""

import importlib.util
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
])
def test_defaults(name, argument, default):
    value = arguments(name)[argument].default_value
    assert (None if value is None else ''.join(part.text for part in value)) == default


def test_parameters_are_those_of_the_node():
    parameters = pytest.importorskip('fer_ros.nodes.parameters', reason='needs ROS 2')
    assert {name for name, _ in load('fer').PARAMETERS} <= set(parameters.SPECS)


@pytest.mark.parametrize(('values', 'executables'), [
    ({}, {'emotion_node', 'behavior_node'}),
    ({'behavior': 'false'}, {'emotion_node'}),
    ({'source': 'demo'}, {'emotion_node', 'behavior_node', 'image_source_node'}),
    ({'source': '0', 'behavior': 'false'}, {'emotion_node', 'image_source_node'}),
])
def test_arguments_choose_the_nodes(values, executables):
    assert set(started(**values)) == executables


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
