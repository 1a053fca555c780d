"""The worlds for Gazebo, read without it: names, files, topics, and what the camera would see."""

import importlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from gazebo_world import World

pytest.importorskip('rclpy')

from fer_ros.nodes.image_source_node import SPECS  # noqa: E402
from fer_ros.nodes.launch_arguments import TOPICS  # noqa: E402
from fer_ros.perception.pipeline import build_pipeline  # noqa: E402
from tools import gazebo_pictures  # noqa: E402

WORLDS = Path(__file__).resolve().parent.parent / 'worlds'
PEOPLE = WORLDS / 'people.sdf'
FILES = sorted(WORLDS.glob('*.sdf'))
#: Systems of gz-sim that need no set-up; Fortress takes these names too.
SYSTEMS = {'gz-sim-sensors-system': 'gz::sim::systems::Sensors',
           'gz-sim-user-commands-system': 'gz::sim::systems::UserCommands',
           'gz-sim-scene-broadcaster-system': 'gz::sim::systems::SceneBroadcaster'}
#: What ros_gz_bridge can turn into what, as its README has it.
BRIDGED = {'gz.msgs.Clock': 'rosgraph_msgs/msg/Clock', 'gz.msgs.Image': 'sensor_msgs/msg/Image',
           'gz.msgs.CameraInfo': 'sensor_msgs/msg/CameraInfo'}
#: What an rgbd_camera publishes below its topic.
SENSED = {'image': 'gz.msgs.Image', 'depth_image': 'gz.msgs.Image',
          'camera_info': 'gz.msgs.CameraInfo'}


def bridge(world):
    """Return the entries of the bridge's file beside a world."""
    return yaml.safe_load(world.with_suffix('.yaml').read_text(encoding='utf-8'))


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.name)
def test_a_world_is_as_sdf_wants_it(file):
    """Every element, attribute and number; plugins that Gazebo has; files that are there."""
    world = World(file)
    for plugin in world.root.iter('plugin'):
        assert SYSTEMS[plugin.get('filename')] == plugin.get('name')
    files = world.files()
    assert files and all(path.is_file() and path.resolve().is_relative_to(WORLDS)
                         for path in files), files


@pytest.mark.parametrize(('right', 'wrong', 'text'), [
    ('update_rate>', 'updaterate>', 'sensor: unknown updaterate'),
    ('type="rgbd_camera"', 'kind="rgbd_camera"', 'sensor: unknown @kind'),
    ('<horizontal_fov>1.047', '<horizontal_fov>wide', 'could not convert'),
    ('<size>20 20</size>', '<size>20</size>', 'size: .* is not 2 numbers'),
    ('<loop>true', '<loop>yes', "loop: 'yes'"),
    ('<actor name="officer">', '<actor name="astronaut">', 'world: two of one name'),
])
def test_the_reader_is_strict(tmp_path, right, wrong, text):
    """Gazebo passes over most of these in silence."""
    bad = tmp_path / 'bad.sdf'
    bad.write_text(PEOPLE.read_text().replace(right, wrong))
    with pytest.raises(ValueError, match=text):
        World(bad)


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.name)
def test_the_bridge_brings_what_the_world_has(file):
    """Topics that the camera publishes, as messages that ROS has, under the nodes' names."""
    world, names = World(file), set()
    there = {'/clock': 'gz.msgs.Clock', **{
        f'/{world.topic}/{name}': kind for name, kind in SENSED.items()}}
    for entry in bridge(file):
        assert set(entry) == {'ros_topic_name', 'gz_topic_name', 'ros_type_name', 'gz_type_name',
                              'direction'}
        assert entry['direction'] == 'GZ_TO_ROS'
        assert there[entry['gz_topic_name']] == entry['gz_type_name']
        assert BRIDGED[entry['gz_type_name']] == entry['ros_type_name']
        names.add(entry['ros_topic_name'])
    assert names == {'/clock', *(TOPICS[name][0] for name in ('image', 'depth', 'camera_info'))}


def test_the_bridge_names_messages_of_ros():
    for entry in bridge(PEOPLE):
        package, _, name = entry['ros_type_name'].split('/')
        assert hasattr(importlib.import_module(f'{package}.msg'), name)


def test_the_frame_is_the_one_that_rviz_shows():
    """And that image_source_node has: one view for all."""
    frame = World(PEOPLE).root.find('.//optical_frame_id').text
    view = yaml.safe_load((WORLDS.parent / 'config' / 'faces.rviz').read_text())
    assert frame == SPECS['frame_id'].default
    assert frame == view['Visualization Manager']['Global Options']['Fixed Frame']


def test_the_story_goes_on_where_it_began():
    """So that nobody jumps when it begins anew; and turns stay below half a circle."""
    world = World(PEOPLE)
    assert len({trajectory.times[-1] for trajectory, _ in world.people}) == 1
    for trajectory, _ in world.people:
        assert trajectory.times[0] == 0 and (np.diff(trajectory.times) > 0).all()
        assert (trajectory.places[0] == trajectory.places[-1]).all()
        assert trajectory.yaws[0] == trajectory.yaws[-1]
        assert np.abs(np.diff(trajectory.yaws)).max() < 3


def test_the_camera_sees_people_come_turn_change_and_leave(pipeline_config):
    """What fer_ros reads of them: two people, each with one id, in these states."""
    world, pipeline = World(PEOPLE), build_pipeline(pipeline_config)
    states, ids, seen = {'left': [], 'right': []}, {'left': set(), 'right': set()}, {}
    for i in range(5 * 28):
        faces = pipeline.process(world.seen(i / 5), i / 5).faces
        seen[i / 5] = len(faces)
        for face in faces:
            side = 'left' if face.track.detection.box.center[0] < world.width / 2 else 'right'
            ids[side].add(face.track.id)
            if states[side][-1:] != [face.emotion.label]:
                states[side].append(face.emotion.label)
    assert states == {'left': ['uncertain', 'happy', 'neutral', 'happy'],
                      'right': ['uncertain', 'neutral', 'sad']}
    assert len(ids['left']) == len(ids['right']) == 1
    assert (seen[1], seen[5], seen[10], seen[25], seen[27]) == (0, 1, 2, 1, 0)


@pytest.mark.parametrize('name', gazebo_pictures.FACES)
def test_the_pictures_are_those_of_the_script(name):
    shipped = cv2.imread(str(gazebo_pictures.FOLDER / f'{name}.jpg')).astype(int)
    assert np.abs(shipped - gazebo_pictures.make(name)).mean() < 4


def test_the_worlds_are_small():
    assert sum(path.stat().st_size for path in WORLDS.rglob('*') if path.is_file()) < 300_000
