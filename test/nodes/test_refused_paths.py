"""Paths that lead to nothing a node can use: status 1 and one line, whatever lies there."""

import os

import pytest

pytest.importorskip('rclpy')

from starts import ends_of, only_line  # noqa: E402


@pytest.fixture
def places(tmp_path):
    """Return paths that are no file, and files that hold nothing of use."""
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'bag').mkdir()
    for name in ('fifo.mcap', 'bag/metadata.yaml'):
        os.mkfifo(tmp_path / name)
    (tmp_path / 'zero.yaml').symlink_to('/dev/zero')
    (tmp_path / 'loop').symlink_to('loop')
    (tmp_path / 'deep.yaml').write_text('[' * 100_000, encoding='utf-8')
    return ['~nosuchuser/x', '/dev/zero', 'x' * 300, *(
        str(tmp_path / name) for name in (
            'folder', 'bag', 'fifo.mcap', 'zero.yaml', 'loop', 'deep.yaml'))]


@pytest.mark.parametrize('node, parameter', [
    ('behavior_node', 'policy_file'), ('image_source_node', 'source'),
    ('image_source_node', 'camera_info_file'), ('bag_player_node', 'bag')])
def test_paths_that_lead_nowhere(node, parameter, places):
    """Nobody waits for a FIFO, reads a device without end, or follows a link to itself."""
    ends = ends_of([(f'fer_ros.nodes.{node}', ['--ros-args', '-p', f"{parameter}:='{path}'"], {})
                    for path in places])
    for path, (status, output) in zip(places, ends):
        assert status == 1, (path, status, output)
        assert f'[{node}]: cannot run: ' in only_line(output)
