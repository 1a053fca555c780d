"""Every command in the pages is run, or checked against what it calls, or says why not."""

import subprocess
import sys

import cv2
import pytest
from shell_commands import RUN, Command, commands, kind

COMMANDS = commands()


@pytest.mark.parametrize('command', COMMANDS, ids=str)
def test_command_is_known_and_right(command):
    assert kind(command)


@pytest.mark.parametrize('text', [
    'make dem', 'python -m fer_ros analyse picture.jpg', 'python -m fer_ros dataset --nonsense x',
    'python -m tools.no_such_tool', 'ros2 launch fer_ros far.launch.py',
    'ros2 launch fer_ros fer.launch.py picture:=/x', 'ros2 param set /emotion_node threads 2',
    'ros2 param set /emotion_node enter_threshold 7.0', 'ros2 topic echo /emotion',
    'ros2 service call /emotion_node/enable std_srvs/srv/Trigger', 'tail -f log',
    'export FASTDDS_DEFAULT_PROFILES_FILE=/x/config/none.xml'])
def test_a_wrong_command_is_noticed(text):
    """The checks themselves: what does not exist does not pass."""
    with pytest.raises((AssertionError, KeyError)):
        kind(Command('page', text))


def test_what_is_said_to_be_run_stands_in_a_page():
    assert set(RUN) <= {command.text for command in COMMANDS}


@pytest.mark.parametrize(('start', 'made'), [
    ('python -m fer_ros analyze', 'annotated/picture_emotions.png'),
    ('python -m fer_ros explain', 'runs/explain/portrait_maps.png'),
    ('python -m fer_ros dataset', 'runs/mine/dataset.npz')])
def test_run(start, made, tmp_path, astronaut, hopper):
    """As they stand, in a folder with pictures."""
    pictures = {'picture.jpg': astronaut, 'portrait.jpg': hopper, 'folder/a.jpg': astronaut}
    for i in range(0, 8, 2):
        pictures[f'my_pictures/freude/{i}.jpg'] = astronaut[i:]
        pictures[f'my_pictures/ernst/{i}.jpg'] = hopper[i:]
    for name, picture in pictures.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / 'names.yaml').write_text('freude: happy\nernst: neutral\n')
    words = next(text for text in RUN if text.startswith(start)).split()
    done = subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / made).stat().st_size > 0
