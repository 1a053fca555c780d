"""A parameter file that does not reach its node is found out before anything starts."""

import pytest

from fer_ros.nodes.parameter_files import check_parameter_file

KEYS = [
    ('/**', '/emotion_node', True), ('/**', '/a/b/emotion_node', True),
    ('/**/emotion_node', '/emotion_node', True), ('/**/emotion_node', '/robot/emotion_node', True),
    ('/*/emotion_node', '/robot/emotion_node', True), ('/*/emotion_node', '/emotion_node', False),
    ('emotion_node', '/emotion_node', True), ('/emotion_node', '/emotion_node', True),
    ('/emotion_node', '/robot/emotion_node', False), ('/**/other', '/emotion_node', False),
    ('/robot/emotion_node', '/robot/emotion_node', True)]


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize(('key', 'node', 'fits'), KEYS)
def test_keys_match_as_in_rcl(tmp_path, key, node, fits):
    file = write(tmp_path / 'p.yaml', f'{key}:\n  ros__parameters:\n    threads: 2\n')
    if fits:
        check_parameter_file(file, node)
    else:
        with pytest.raises(ValueError, match='has nothing for') as error:
            check_parameter_file(file, node)
        assert node in str(error.value)


@pytest.mark.parametrize(('key', 'node', 'fits'), KEYS)
def test_rcl_itself_agrees(tmp_path, key, node, fits):
    """The yardstick: what a real node gets from the file."""
    rclpy = pytest.importorskip('rclpy')
    file = write(tmp_path / 'p.yaml', f'{key}:\n  ros__parameters:\n    threads: 2\n')
    namespace, _, name = node.rpartition('/')
    context = rclpy.Context()
    rclpy.init(context=context, args=['--ros-args', '--params-file', str(file)])
    try:
        real = rclpy.create_node(name, namespace=namespace or '/', context=context)
        value = real.declare_parameter('threads', 1).value
        real.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    assert (value == 2) == fits


def test_nested_namespaces(tmp_path):
    text = 'robot: {emotion_node: {ros__parameters: {threads: 1}}}'
    check_parameter_file(write(tmp_path / 'p.yaml', text), '/robot/emotion_node')


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'no node at all'), ('[1, 2]', 'no node at all'), ('a: {b: 1}', 'no node at all'),
    ('a: [', 'p.yaml., line'), ('/**: {ros__parameters: }', 'no error')])
def test_odd_files(tmp_path, text, message):
    file = write(tmp_path / 'p.yaml', text)
    if message == 'no error':
        check_parameter_file(file, '/emotion_node')
        return
    with pytest.raises(ValueError, match=message) as error:
        check_parameter_file(file, '/emotion_node')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('path', ['missing.yaml', '.'])
def test_files_that_cannot_be_read(tmp_path, path):
    with pytest.raises(ValueError, match='cannot be read'):
        check_parameter_file(tmp_path / path, '/emotion_node')

