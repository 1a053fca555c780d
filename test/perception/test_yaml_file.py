"""YAML of strangers: what is good is read, everything else is one line with file and line."""

import os
import socket

import pytest

from fer_ros.perception.yaml_file import compose_yaml, one_line, read_yaml

BOMB = 'a: &a [x, x, x, x, x, x, x, x, x, x]\n' + ''.join(
    f'{name}: &{name} [{", ".join([f"*{before}"] * 10)}]\n'
    for before, name in zip('abcdefgh', 'bcdefghi'))
CHAIN = 'a0: &a0 [x]\n' + ''.join(f'a{i + 1}: &a{i + 1} [*a{i}]\n' for i in range(100))
MERGES = 'a0: &a0 {x: 1, y: 2}\n' + ''.join(
    f'a{i + 1}: &a{i + 1} {{<<: [{", ".join([f"*a{i}"] * 10)}]}}\n' for i in range(6))


def file_with(tmp_path, text):
    """Return a file's path."""
    path = tmp_path / 'card.yaml'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize('text, value', [
    ('', None), ('# nothing\n', None), ('a: 1', {'a': 1}), ('\ufeffa: 1', {'a': 1}),
    ('a: [1, 2.5, x, null, true]', {'a': [1, 2.5, 'x', None, True]}),
    ('a: &a {b: 1}\nc: *a\nd: *a', {key: {'b': 1} for key in 'acd'}),
    ('a: &a {b: 1}\nc: {<<: *a, d: 2}', {'a': {'b': 1}, 'c': {'b': 1, 'd': 2}}),
    ('!!map {a: !!str 1}', {'a': '1'}), ('a: é', {'a': 'é'}),
])
def test_good_files(tmp_path, text, value):
    """Aliases, merges and standard tags included."""
    path = file_with(tmp_path, text)
    assert read_yaml(path) == value
    assert (compose_yaml(path) is None) is (value is None)


def test_limits_are_reached(tmp_path):
    """What lies just below them is read."""
    assert read_yaml(file_with(tmp_path, '[' * 20 + ']' * 20))
    assert len(read_yaml(file_with(tmp_path, '- x\n' * 9_999))) == 9_999


@pytest.mark.parametrize('text, line, reason', [
    ('[' * 100_000, 1, 'more than 20 levels'), ('- ' * 100_000, 1, 'more than 20 levels'),
    ('{a: ' * 50_000, 1, 'more than 20 levels'), ('? ' * 100_000, 1, 'more than 20 levels'),
    (CHAIN, 21, 'more than 20 levels'), ('-\n' * 50_000, 10_000, 'more than 10000 values'),
    (BOMB, 4, 'more than 10000 values, aliases included'), (MERGES, 5, 'more than 10000 values'),
    ('b: 1\na: &a [*a]', 2, "alias 'a' stands inside what it names"),
    ('*a', 1, "undefined alias 'a'"),
    ('a: !!python/object/apply:os.system [ls]', 1, "tag '!!python/object/apply:os.system' is"),
    ('a: 1\nb: !mine 1', 2, "tag '!mine' is not allowed"), ('=: 1', 1, "tag '!!value' is not"),
    ('a: 1\nb: 2\na: 3', 3, "'a' is there twice"), ('? [a]\n: b', 1, 'unhashable key'),
    ('a: !!int x', 1, "'x' is no int"), ('a: !!int ""', 1, "'' is no int"),
    ('a: !!float x', 1, "'x' is no float"), ('a: !!bool x', 1, "'x' is no bool"),
    ('a: !!int {b: 1}', 1, 'expected a scalar'), ('a: !!timestamp x', 1, 'no timestamp'),
    ('a: 1\nb: 2024-13-45', 2, "'2024-13-45' is no timestamp"),
    ('a: ' + '9' * 200_000, 1, 'more than 100 digits'),
    ('a: 1' + ':1' * 100_000, 1, 'more than 100 digits'),
    ('a: 1\n--- \nb: 2', 2, 'expected a single document'), ('a: 1\nb: [', 2, 'stream end'),
    ('a:\n\t- b', 2, 'that cannot start any token'),
    ('a: 1\nb: \0', 2, 'character U+0000'), (b'a: 1\n\xff\xfe\x00', 2, 'byte 0xff is no UTF-8'),
    ('a: 1\nb: "\\ud800"', 2, 'character U+D800'), ('a: "x\\0"', 1, 'character U+0000'),
    ('%YAML 9.9\n---\na', 1, 'incompatible'),
], ids=range(32))
def test_bad_files(tmp_path, text, line, reason):
    """The line where it is, and one line of text about it."""
    path = file_with(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        read_yaml(path)
    message = str(caught.value)
    assert message.startswith(f"'{path}', line {line}: ")
    assert reason in message
    assert '\n' not in message


def test_large_files(tmp_path):
    """Not read beyond the limit, whatever their size."""
    path = file_with(tmp_path, 'a: 1\n')
    os.truncate(path, 2 ** 33)
    with pytest.raises(ValueError, match='has more than 262144 bytes'):
        read_yaml(path)
    with pytest.raises(ValueError, match='has more than 3 bytes'):
        read_yaml(file_with(tmp_path, 'a: 1'), largest_bytes=3)


def test_what_is_no_file(tmp_path):
    """A FIFO without a writer would hang whoever opens it."""
    os.mkfifo(tmp_path / 'fifo')
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / 'socket'))
    for path in (tmp_path / 'fifo', tmp_path / 'socket', tmp_path, '/dev/zero', '/dev/null'):
        with pytest.raises(ValueError, match=f"'{path}' cannot be read: it is no regular file"):
            read_yaml(path)


@pytest.mark.parametrize('path', [
    '', 'none.yaml', '~nosuchuser/x.yaml', 'a\0b', 'x' * 5000, 'a\nb', '~/../../none'])
def test_paths_that_lead_nowhere(path):
    """One line, of bounded length, with the path."""
    with pytest.raises(ValueError, match='cannot be read: ') as caught:
        read_yaml(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 320


def test_the_home_folder(tmp_path, monkeypatch):
    """~ is the user's."""
    file_with(tmp_path, 'a: 1')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert read_yaml('~/card.yaml') == {'a': 1}


def test_one_line():
    """Nothing in it breaks a log or a terminal."""
    assert one_line('a\n b\x1b[31m\tc') == 'a b [31m c'
    assert one_line('x' * 1000, 10) == 'xxxxx ... xxxxx'
