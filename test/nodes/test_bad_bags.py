"""Bags that are empty, damaged, strange or lying, each played by a real process."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('rosbags')

from bags import BASE, STORE, image, make, write_bag, write_messages  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rosbags.rosbag2 import Reader, StoragePlugin, Writer  # noqa: E402
from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from test_bag_player_node import play  # noqa: E402

from fer_ros.nodes.qos import image_qos  # noqa: E402

PICTURES = [np.full((48, 64, 3), i, np.uint8) for i in range(20)]
IMAGE = '/camera/image_raw'


def ended(player, status=0, timeout=40):
    """Wait for a player and return what it said."""
    try:
        errors = player.communicate(timeout=timeout)[1]
    finally:
        player.kill()
    assert player.returncode == status, errors
    return errors


def refusal(bag, *parameters, timeout=30):
    """Return the only line that a player with nothing to play says, its status being 1."""
    errors = ended(play(bag, *parameters), 1, timeout)
    assert 'Traceback' not in errors
    fatal = [line for line in errors.splitlines() if 'FATAL' in line]
    assert len(fatal) == 1 and errors.splitlines()[-1] == fatal[0], errors
    return errors


def processor_seconds(process):
    """Return the processor time that a running process has taken so far [s]."""
    fields = Path(f'/proc/{process.pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture
def bag(tmp_path):
    """Return a good bag of one second."""
    return write_bag(tmp_path / 'good', PICTURES, 20.0)


@pytest.mark.parametrize('loop', ['loop:=true', 'loop:=false'])
@pytest.mark.parametrize('plugin', ['sqlite3', 'mcap'])
def test_an_empty_bag_is_refused(tmp_path, plugin, loop):
    """With a topic or without: once it looped at 100 % of a core, or ended with 0."""
    empty = write_messages(tmp_path / 'empty', [], plugin, [(IMAGE, 'sensor_msgs/msg/Image')])
    assert 'it has 0 messages' in refusal(empty, loop)
    nothing = write_messages(tmp_path / 'nothing', [], plugin)
    assert 'its topics are none' in refusal(nothing, loop)


@pytest.mark.parametrize('loop', ['loop:=true', 'loop:=false'])
def test_a_start_past_the_end_is_refused(bag, loop):
    """It says how long the bag is."""
    assert 'it lasts 0.95 s, but start is 100 s' in refusal(bag, 'start:=100.0', loop)


@pytest.mark.parametrize('parameter', [
    'rate:=0.0', 'rate:=.nan', 'rate:=1000000000.0', 'start:=-1.0', 'start:=.nan',
    'topics:=/camera/image_raw,/typo', 'image_topic:=/typo', 'bag:=~nobody/x'])
def test_a_value_that_makes_no_sense_is_refused(bag, parameter):
    """The line names the parameter."""
    assert parameter.split(':')[0] in refusal(bag, parameter)


def test_what_is_no_bag_is_refused(bag, tmp_path):
    """A file of another kind, a folder named as a file, a ROS 1 bag, a folder without a bag."""
    for name in ('notes.txt', 'old.bag'):
        (tmp_path / name).write_text('no bag')
    (bag / 'notes.txt').write_text('beside the bag')
    (tmp_path / 'folder.mcap').mkdir()
    assert 'is no bag' in refusal(tmp_path / 'notes.txt')
    assert 'is no bag' in refusal(bag / 'notes.txt')
    assert 'rosbags-convert' in refusal(tmp_path / 'old.bag')
    assert 'has no metadata.yaml' in refusal(tmp_path / 'folder.mcap')
    (tmp_path / 'folder.mcap' / 'metadata.yaml').mkdir()
    assert 'has no metadata.yaml' in refusal(tmp_path / 'folder.mcap')


@pytest.mark.parametrize('plugin', ['sqlite3', 'mcap'])
@pytest.mark.parametrize('share', [0.0, 0.3, 0.9999])
def test_a_file_that_was_cut_off_is_refused(tmp_path, plugin, share):
    """Where it cannot be opened or read to its end: the same line, looping or not."""
    bag = write_bag(tmp_path / 'bag', PICTURES, 40.0, plugin)
    file = next(f for f in bag.iterdir() if f.suffix in ('.mcap', '.db3'))
    data = file.read_bytes()
    file.write_bytes(data[:int(len(data) * share)])
    assert 'was cut off' in refusal(bag, 'loop:=true')


def test_a_damaged_end_ends_the_loop(tmp_path):
    """What comes before is played, then the fault is told: it does not begin anew for ever."""
    pictures = [np.full((480, 640, 3), i, np.uint8) for i in range(9)]
    bag = write_bag(tmp_path / 'bag', pictures, 9.0, 'mcap')
    file = next(bag.glob('*.mcap'))
    data = bytearray(file.read_bytes())
    data[-2_000_000:-1_000_000] = b'\xff' * 1_000_000
    file.write_bytes(data)
    with ros():
        peer, images = rclpy.create_node('peer'), []
        peer.create_subscription(Image, IMAGE, images.append, image_qos('reliable', 20))
        with spinning(peer):
            assert 'cannot be read on' in refusal(bag, 'loop:=true')
            assert wait_for(lambda: images)
            assert len(images) < 9


@pytest.mark.parametrize('wrong', [
    '', '- 1', 'a: [', 'rosbag2_bagfile_information: {version: 9}', 'version: 99',
    'storage_identifier: tape', 'type: no_such_msgs/msg/Image', 'type: nonsense', 'name: /other',
    'relative_file_paths: [gone.db3]'])
def test_metadata_that_is_wrong_is_refused(bag, wrong):
    """Whether it is no YAML, no metadata, or of something else than the file."""
    file, key = bag / 'metadata.yaml', wrong.split(': ')[0]
    text = file.read_text()
    if key == 'relative_file_paths':
        text = re.sub(r'relative_file_paths:\n  - .*\n', f'{wrong}\n', text)
    elif re.search(rf'^ *{key}: ', text, re.MULTILINE):
        text = re.sub(rf'( ){key}: .*', rf'\1{wrong}', text)
    else:
        text = wrong
    file.write_text(text)
    refusal(bag)


@pytest.fixture
def peer():
    """Return a subscriber of the tests' topics."""
    with ros():
        node = rclpy.create_node('peer')
        node.images, node.texts, node.clocks = [], [], []
        for topic in (IMAGE, '/image'):
            node.create_subscription(Image, topic, node.images.append, image_qos('reliable', 50))
        node.create_subscription(String, '/text', node.texts.append, 50)
        node.create_subscription(Clock, '/clock', node.clocks.append, 50)
        with spinning(node):
            yield node


@pytest.mark.parametrize('field, value', [
    ('nanoseconds_since_epoch', 0), ('nanoseconds_since_epoch', 9 * 10**18),
    ('message_count', 0)])
def test_metadata_that_lies_changes_nothing(bag, peer, field, value):
    """A wrong start or count: the messages are played as they are, from their own first time."""
    file = bag / 'metadata.yaml'
    file.write_text(re.sub(rf'{field}: \d+', f'{field}: {value}', file.read_text()))
    ended(play(bag, 'rate:=20'))
    assert wait_for(lambda: len(peer.images) == 20)
    assert min(c.clock.sec for c in peer.clocks) == BASE


def test_stamps_out_of_order_and_twice_are_played_by_time(tmp_path, peer):
    """Each message once."""
    rows = [('/image', t, image(PICTURES[i], t)) for i, t in enumerate((.3, .1, .2, .2, .2, 0.))]
    ended(play(write_messages(tmp_path / 'bag', rows)))
    assert wait_for(lambda: len(peer.images) == 6)
    assert [m.data[0] for m in peer.images] == [5, 1, 2, 3, 4, 0]


def test_a_bag_of_clock_alone_is_refused(tmp_path):
    """The player's own clock takes its place; with clock:=false it is a topic as others are."""
    bag = write_messages(tmp_path / 'bag', [
        ('/clock', 0.0, make('Clock', clock=make('Time', sec=1, nanosec=0)))])
    assert '/clock' in refusal(bag)
    ended(play(bag, 'clock:=false', 'patience:=0'))


@pytest.mark.parametrize('text', ['string data\nuint8 more', 'uint8[] data', 'string<=8 data'])
def test_a_type_that_is_defined_otherwise_is_left_out(tmp_path, peer, text):
    """Its bytes would be misread; what else is in the bag is played."""
    other = get_typestore(Stores.EMPTY)
    other.register(get_types_from_msg(text, 'std_msgs/msg/String'))
    path = tmp_path / 'bag'
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        strange = writer.add_connection('/text', 'std_msgs/msg/String', typestore=other)
        good = writer.add_connection(IMAGE, 'sensor_msgs/msg/Image', typestore=STORE)
        writer.write(strange, BASE * 10**9, b'\0\1\0\0\2\0\0\0a\0\0\0')
        writer.write(good, BASE * 10**9, STORE.serialize_cdr(
            image(PICTURES[0], 0.0), 'sensor_msgs/msg/Image'))
    errors = ended(play(path))
    assert wait_for(lambda: peer.images)
    assert not peer.texts
    assert '/text is left out: std_msgs/msg/String is defined otherwise in the bag' in errors


def test_a_type_that_is_defined_as_here_is_played(tmp_path, peer):
    """The other side of the test above."""
    assert 'defined otherwise' not in ended(play(write_messages(
        tmp_path / 'same', [('/text', 0.0, make('String', data='hello'))], 'mcap')))
    assert wait_for(lambda: peer.texts)


def test_topics_that_clash_are_told(tmp_path, peer):
    """Two under one name: refused with the remedy. Two types on one name: one is left out."""
    rows = [('/cam', 0.0, image(PICTURES[0], 0.0)), ('/image', 0.1, image(PICTURES[1], 0.1))]
    bag = write_messages(tmp_path / 'bag', rows)
    assert 'choose with topics' in refusal(bag, 'image_topic:=/cam')
    ended(play(bag, 'image_topic:=/cam', 'topics:=/cam'))
    assert wait_for(lambda: len(peer.images) == 1)
    both = tmp_path / 'both'
    with Writer(both, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for message in (rows[0][2], make('String', data='a')):
            connection = writer.add_connection(
                '/image', message.__msgtype__, typestore=STORE)
            writer.write(connection, BASE * 10**9,
                         STORE.serialize_cdr(message, message.__msgtype__))
    assert '/image is left out' in ended(play(both))


def test_a_loop_around_one_message_does_not_spin(tmp_path, peer):
    """It is played again and again, at a small part of a core, without filling the log."""
    bag = write_messages(tmp_path / 'bag', [('/image', 0.0, image(PICTURES[0], 0.0))])
    player = play(bag, 'loop:=true')
    assert wait_for(lambda: len(peer.images) >= 2, 30)
    before, began = processor_seconds(player), time.monotonic()
    time.sleep(3)
    share = (processor_seconds(player) - before) / (time.monotonic() - began)
    player.terminate()
    errors = ended(player)
    assert share < 0.3
    assert errors.count('begins anew') <= 2


def test_a_file_without_metadata_is_played(bag, peer):
    """By its own index, as sqlite3 or mcap files are found after a crash."""
    (bag / 'metadata.yaml').unlink()
    ended(play(next(bag.glob('*.db3')), 'rate:=20'))
    assert wait_for(lambda: len(peer.images) == 20)


def test_a_bag_without_definitions_is_played(bag, peer):
    """Humble's sqlite3 bags hold no message definitions."""
    with sqlite3.connect(next(bag.glob('*.db3'))) as file:
        file.execute('DELETE FROM message_definitions')
    with Reader(bag) as reader:
        assert not reader.connections[0].msgdef.data
    ended(play(bag, 'rate:=20'))
    assert wait_for(lambda: len(peer.images) == 20)


def test_a_reliable_subscriber_that_hangs_does_not_stop_the_player(tmp_path, peer):
    """It is told once; the others get every message all the same."""
    sleeper = subprocess.Popen([sys.executable, '-c', (
        'import rclpy\nfrom sensor_msgs.msg import Image\nrclpy.init()\n'
        'n = rclpy.create_node("sleeper")\n'
        f'n.create_subscription(Image, "{IMAGE}", lambda m: print(1, flush=True), 10)\n'
        'rclpy.spin(n)')], stdout=subprocess.PIPE)
    try:
        assert wait_for(lambda: peer.count_subscribers(IMAGE) == 2, 30)
        player = play(write_bag(tmp_path / 'bag', PICTURES * 15, 100.0), 'subscribers:=2',
                      'patience:=30')
        assert wait_for(lambda: peer.images, 30)
        assert sleeper.stdout.readline()  # the player knows it now
        sleeper.send_signal(signal.SIGSTOP)
        assert 'does not take its messages' in ended(player)
        assert wait_for(lambda: len(peer.images) == 300), len(peer.images)
        assert [m.data[0] for m in peer.images] == [*range(20)] * 15
    finally:
        sleeper.kill()
        sleeper.wait(10)


def test_lockstep_without_answers_ends_with_1(bag, tmp_path, peer):
    """Nobody there, or two topics of images to choose from."""
    assert 'no emotion_node subscribes' in refusal(
        bag, 'lockstep:=true', 'patience:=0.5')
    rows = [('/a', 0.0, image(PICTURES[0], 0.0)), ('/b', 0.1, image(PICTURES[1], 0.1))]
    two = write_messages(tmp_path / 'two', rows)
    assert '/a, /b' in refusal(two, 'lockstep:=true')
