"""The walls: ROS stays in nodes/, torch in training/, time comes in as an argument."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / 'fer_ros'
ROS = {'rclpy', 'cv_bridge', 'launch', 'launch_ros', 'ament_index_python', 'std_srvs'}


def imports(path):
    """Return the top-level names that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or '').split('.')[0])
    return names


def files(*folders):
    """Return the Python files below folders of the package."""
    return sorted(p for folder in folders for p in (PACKAGE / folder).rglob('*.py'))


@pytest.mark.parametrize(
    'path', files('perception', 'behavior', 'training', 'media'), ids=lambda p: p.stem)
def test_no_ros_outside_nodes(path):
    """The core runs and is tested without ROS."""
    found = {n for n in imports(path) if n in ROS or n.endswith('_msgs')}
    assert not found, f'{path.name} imports {found}'


@pytest.mark.parametrize(
    'path', files('perception', 'behavior', 'nodes', 'media'), ids=lambda p: p.stem)
def test_no_torch_outside_training(path):
    """A robot needs no torch."""
    assert 'torch' not in imports(path)


@pytest.mark.parametrize('path', files('perception', 'behavior'), ids=lambda p: p.stem)
def test_no_clock_in_the_core(path):
    """Only durations may be measured there; what time it is comes in as an argument."""
    text = path.read_text(encoding='utf-8')
    for call in ('time.time(', 'time.monotonic(', 'datetime.now', 'time.sleep('):
        assert call not in text, f'{path.name} calls {call})'


@pytest.mark.parametrize('path', files('.'), ids=lambda p: p.stem)
def test_files_stay_small(path):
    """A newcomer reads a file in one sitting."""
    assert len(path.read_text(encoding='utf-8').splitlines()) <= 300
