"""What a node cannot use ends it with status 1 and one line that says why, as a real process."""

import os
import shutil

import pytest
import yaml

rclpy = pytest.importorskip('rclpy')

from helpers import ros  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from starts import ends_of, only_line  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.perception.model_card import sha256_of  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402

NODES = ('emotion_node', 'behavior_node', 'image_source_node', 'bag_player_node',
         'dashboard_node')


def check(commands):
    """Run (node, arguments, variables, what its one line must say) side by side."""
    for (node, _, _, text), (status, output) in zip(commands, ends_of(
            [(f'fer_ros.nodes.{node}', arguments, variables)
             for node, arguments, variables, _ in commands])):
        assert status == 1, (node, status, output)
        line = only_line(output)
        assert text in line and f'[{node}]' in line and len(line) < 1000, line


def test_arguments_that_ros_cannot_read(tmp_path):
    """Every kind for one node, one kind for every node: no traceback, the reason in one line."""
    damaged = tmp_path / 'damaged.yaml'
    damaged.write_text('/**:\n  ros__parameters:\n    a: [', encoding='utf-8')
    check([('image_source_node', ['--ros-args', *arguments], {}, text) for arguments, text in (
        (['--params-file', str(tmp_path / 'missing.yaml')], 'missing.yaml'),
        (['--params-file', str(damaged)], 'damaged.yaml'),
        (['--params-file', str(tmp_path)], str(tmp_path)),
        (['--nonsense'], '--nonsense'), (['-p', 'nonsense'], 'nonsense'),
        (['-r', 'nonsense'], 'nonsense'), (['--log-level', 'shout'], 'shout'))])
    check([(node, ['--ros-args', '--params-file', 'missing.yaml'], {}, 'missing.yaml')
           for node in NODES])


def test_log_folders_that_cannot_be_made():
    check([('image_source_node', [], {variable: '/dev/null/x'}, 'ROS_LOG_DIR')
           for variable in ('ROS_LOG_DIR', 'ROS_HOME')])


@pytest.mark.parametrize('node, wrong, meant', [
    ('emotion_node', 'anonymise', 'anonymize'), ('behavior_node', 'policyfile', 'policy_file'),
    ('image_source_node', 'sorce', 'source'), ('bag_player_node', 'loops', 'loop')])
def test_a_misspelled_parameter_is_refused(node, wrong, meant, tmp_path):
    """By -p and in a file."""
    file = tmp_path / 'params.yaml'
    file.write_text(yaml.safe_dump({f'/**/{node}': {'ros__parameters': {
        'use_sim_time': False, wrong: True}}}), encoding='utf-8')
    told = f"unknown parameter '{wrong}', did you mean '{meant}'?"
    check([(node, ['--ros-args', *arguments], {}, told) for arguments in (
        ['-p', f'{wrong}:=true'], ['--params-file', str(file)])])


def test_foreign_parameters_are_warned_of_and_legitimate_ones_are_not(capfd):
    """A file for all nodes (/**) may hold what is another's; rclpy has names of its own."""
    with ros():
        EmotionNode(parameter_overrides=[
            Parameter('robot_name', value='bob'), Parameter('use_sim_time', value=False),
            Parameter('qos_overrides./emotions.publisher.depth', value=3)]).destroy_node()
        line = only_line(capfd.readouterr().err)
        assert "unknown parameter 'robot_name' is ignored" in line
        for wrong in ('anonymous', 'anonymization', 'anonymisation', 'Anonymize', 'use_sim_tim'):
            with pytest.raises(ValueError, match=f"'{wrong}', did you mean '(anonym|use_sim)"):
                EmotionNode(parameter_overrides=[Parameter(wrong, value=True)])


def model_paths(tmp_path):
    """Return paths that are no models, and what is said of each."""
    (tmp_path / 'folder.onnx').mkdir()
    os.mkfifo(tmp_path / 'fifo.onnx')
    (tmp_path / 'device.onnx').symlink_to('/dev/zero')
    (tmp_path / 'empty.onnx').touch()
    (tmp_path / 'loop.onnx').symlink_to('loop.onnx')
    return {
        '~nosuchuser/x.onnx': 'not there', 'missing.onnx': 'not there',
        str(tmp_path / 'folder.onnx'): 'no file', str(tmp_path / 'fifo.onnx'): 'no file',
        str(tmp_path / 'device.onnx'): 'no file', str(tmp_path / 'loop.onnx'): 'not there',
        str(tmp_path / 'empty.onnx'): "empty.yaml' is not there",
        'x' * 300 + '.onnx': 'too long', 'model.pt': 'neither', '/dev/zero': 'neither'}


@pytest.mark.parametrize('parameter', ['emotion_model', 'detector_model'])
def test_paths_that_are_no_models(parameter, tmp_path, capfd):
    """One node is configured with each: refused with one line, and good for the next."""
    with ros():
        node = EmotionNode()
        for path, text in model_paths(tmp_path).items():
            answer, = node.set_parameters([Parameter(parameter, value=path)])
            if not answer.successful:
                assert text in answer.reason
                continue
            assert node.trigger_configure() == Result.FAILURE
            line = only_line(capfd.readouterr().err)
            assert 'cannot configure: ' in line and text in line
        node.set_parameters([Parameter(parameter, value='')])
        assert node.trigger_configure() == Result.SUCCESS
        node.destroy_node()


def test_a_node_that_starts_with_such_a_path(tmp_path):
    """The same, as processes."""
    check([('emotion_node', ['--ros-args', '-p', f'{parameter}:={path}'], {}, text)
           for i, (path, text) in enumerate(model_paths(tmp_path).items()) if i % 2 == 0
           for parameter in [('emotion_model', 'detector_model')[i // 2 % 2]]])


@pytest.fixture
def copies(tmp_path):
    """Return copies of both networks, each with its card's fields."""
    def fields(name):
        return yaml.safe_load(resource_path(f'models/{name}.yaml').read_text(encoding='utf-8'))
    result = {}
    for parameter, name in (('emotion_model', 'emotion'), ('detector_model', 'face_detector')):
        model = tmp_path / f'{name}.onnx'
        shutil.copy(resource_path(f'models/{name}.onnx'), model)
        result[parameter] = model, fields(name)
    return result


BOTH = [
    {'name': 2024}, {'name': None}, {'name': ['m']}, {'name': 'x' * 10_000}, {'name': 'a\x1b[2J'},
    {'task': 'cooking'}, {'input_size': [1e9, 48]}, {'color': None}, {'layout': 1},
    {'normalization': []}, {'mean': float('nan')}, {'std': 0}, {'std': float('inf')},
    {'temperature': 1e-320}, {'smallest_face': 0}, {'score_threshold': 'x'}, {'sha256': 'AB'},
    {'metrics': None}, {'metrics': {'confusion': [[-1]]}}, {'temprature': 1.0}, {'labels': 3}]


@pytest.mark.parametrize('parameter', ['emotion_model', 'detector_model'])
def test_cards_with_a_wrong_field(parameter, copies, capfd):
    """A running node is configured with each: refused with one line, and good for the next."""
    model, fields = copies[parameter]
    with ros():
        node = EmotionNode(parameter_overrides=[Parameter(parameter, value=str(model))])
        for change in BOTH:
            model.with_suffix('.yaml').write_text(yaml.safe_dump({**fields, **change}))
            assert node.trigger_configure() == Result.FAILURE, change
            line = only_line(capfd.readouterr().err)
            assert str(model.with_suffix('.yaml')) in line and next(iter(change)) in line
        model.with_suffix('.yaml').write_text(yaml.safe_dump(fields))
        assert node.trigger_configure() == Result.SUCCESS
        node.destroy_node()


def test_a_node_that_starts_with_such_a_card(copies, tmp_path):
    """The same, as processes: it said nothing and aborted at the first message."""
    commands = []
    for i, change in enumerate(({'name': 2024}, {'temperature': 1e-320}, {'metrics': None})):
        for parameter, (model, fields) in copies.items():
            copy = tmp_path / f'{parameter}{i}.onnx'
            shutil.copy(model, copy)
            copy.with_suffix('.yaml').write_text(yaml.safe_dump({**fields, **change}))
            commands.append(('emotion_node', ['--ros-args', '-p', f'{parameter}:={copy}'], {},
                             f"{copy.with_suffix('.yaml')}': {next(iter(change))}"))
    check(commands)


def test_a_network_that_is_none_for_its_card(copies, capfd):
    """Its digest is right, its bytes are not: onnxruntime's reason, in one line."""
    model, fields = copies['emotion_model']
    whole = model.read_bytes()
    with ros():
        node = EmotionNode(parameter_overrides=[Parameter('emotion_model', value=str(model))])
        for data in (b'', b'no network', whole[:len(whole) // 2],
                     copies['detector_model'][0].read_bytes()):
            model.write_bytes(data)
            model.with_suffix('.yaml').write_text(yaml.safe_dump(
                {**fields, 'sha256': sha256_of(model)}))
            assert node.trigger_configure() == Result.FAILURE
            assert 'emotion.onnx' in only_line(capfd.readouterr().err)
        node.destroy_node()
