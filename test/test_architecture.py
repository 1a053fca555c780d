"""The walls: ROS stays in nodes/, torch in the training rooms, no room knows one above it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / 'fer_ros'
ROS = {'rclpy', 'cv_bridge', 'launch', 'launch_ros', 'ament_index_python', 'std_srvs'}

#: room -> the rooms that it may import. Above stands what is built on what is below.
ROOMS = {
    'perception': set(),
    'behavior': {'perception'},
    'media': {'perception'},
    'pictures': {'perception', 'media'},
    'dashboard': {'perception', 'media', 'pictures'},
    'datasets': {'perception', 'media'},
    'evaluation': {'perception', 'media', 'datasets'},
    'training': {'perception'},
    'emotion_training': {'perception', 'datasets', 'evaluation', 'training'},
    'detector_training': {'perception', 'datasets', 'evaluation', 'training'},
    'nodes': {'perception', 'behavior', 'media', 'pictures', 'dashboard'},
    'commands': {'perception', 'behavior', 'media', 'pictures', 'dashboard', 'datasets',
                 'evaluation', 'emotion_training', 'detector_training'},
}
WITH_TORCH = {'training', 'emotion_training', 'detector_training'}
#: beside the rooms; any of them may use these.
BESIDE = {'command_help', 'machine', 'pages', 'resources', 'spelling', 'texts'}


def modules(path):
    """Return the modules that a file imports, also inside functions, as dotted names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f'{node.module}.{alias.name}' for alias in node.names}
    return names


def imports(path):
    """Return the top-level names that a file imports."""
    return {name.split('.')[0] for name in modules(path)}


def files(*folders):
    """Return the Python files below folders of the package."""
    return sorted(p for folder in folders for p in (PACKAGE / folder).rglob('*.py'))


def name_of(path):
    """Return how a file is called in the list of tests."""
    return str(path.relative_to(PACKAGE).with_suffix(''))


def test_every_folder_is_a_room():
    """A new room gets a place in the order above."""
    folders = {p.parent.name for p in PACKAGE.glob('*/__init__.py')}
    assert folders == set(ROOMS)


@pytest.mark.parametrize('path', files(*ROOMS), ids=name_of)
def test_no_room_imports_one_above_it(path):
    """What is below can be read, tested and used without what is above."""
    room = path.relative_to(PACKAGE).parts[0]
    used = {name.split('.')[1] for name in modules(path)
            if name.startswith('fer_ros.')} - {room} - BESIDE
    assert used <= ROOMS[room] | {'__version__'}, f'{room} may not import {used - ROOMS[room]}'


@pytest.mark.parametrize('path', files(*(set(ROOMS) - {'nodes'})), ids=name_of)
def test_no_ros_outside_nodes(path):
    """The core runs and is tested without ROS."""
    found = {n for n in imports(path) if n in ROS or n.endswith('_msgs')}
    assert not found, f'{path.name} imports {found}'


@pytest.mark.parametrize('path', files(*(set(ROOMS) - WITH_TORCH)), ids=name_of)
def test_no_torch_outside_the_training_rooms(path):
    """Neither a robot nor who judges a network needs torch."""
    assert 'torch' not in imports(path)


@pytest.mark.parametrize('path', files('perception', 'behavior'), ids=name_of)
def test_no_clock_in_the_core(path):
    """Only durations may be measured there; what time it is comes in as an argument."""
    text = path.read_text(encoding='utf-8')
    for call in ('time.time(', 'time.monotonic(', 'datetime.now', 'time.sleep('):
        assert call not in text, f'{path.name} calls {call})'


@pytest.mark.parametrize('path', files('.'), ids=name_of)
def test_pictures_are_drawn_by_humbles_matplotlib(path):
    """3.5 knows these as gridspec_kw only."""
    keywords = {node.arg for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
                if isinstance(node, ast.keyword)}
    assert not keywords & {'height_ratios', 'width_ratios'}


@pytest.mark.parametrize('path', files('.'), ids=name_of)
def test_files_stay_small(path):
    """A newcomer reads a file in one sitting."""
    assert len(path.read_text(encoding='utf-8').splitlines()) <= 300
