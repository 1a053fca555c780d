"""A bag written here, played in another process with /clock, judged by emotion_node's code."""

import os
import subprocess
import sys

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('rosbags')

from bags import BASE, write_bag  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from fer_ros.nodes.image_conversions import image_to_array  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402
from fer_ros.nodes.transport import transport_variables  # noqa: E402

PICTURES = [np.full((48, 64, 3), i, np.uint8) for i in range(20)]


def play(bag, *parameters):
    """Start the player in a process, as the launch file does."""
    arguments = [part for p in (f'bag:={bag}', *parameters) for part in ('-p', p)]
    return subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.nodes.bag_player_node', '--ros-args', *arguments],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, **transport_variables('shared_memory', os.environ)})


@pytest.fixture
def peer():
    """Return a subscriber of images and clock."""
    with ros():
        node = rclpy.create_node('peer')
        node.images, node.clocks = [], []
        for topic in ('/camera/image_raw', 'image'):
            node.create_subscription(Image, topic, node.images.append,
                                     image_qos('reliable', 100))
        node.create_subscription(Clock, '/clock', node.clocks.append, 100)
        with spinning(node):
            yield node


@pytest.mark.parametrize('plugin', ['sqlite3', 'mcap'])
def test_plays_every_message_with_its_time(peer, tmp_path, plugin):
    """Pictures and stamps unchanged; /clock runs from the first to the last."""
    player = play(write_bag(tmp_path / 'bag', PICTURES, 20.0, plugin))
    assert player.wait(30) == 0
    assert wait_for(lambda: len(peer.images) == 20)
    assert [int(image_to_array(m)[0, 0, 0]) for m in peer.images] == list(range(20))
    assert peer.images[0].header.stamp.sec == BASE
    times = [c.clock.sec - BASE + c.clock.nanosec * 1e-9 for c in peer.clocks]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(0.95, abs=0.02)
    assert len(times) > 40


def test_a_burst_loses_nothing(peer, tmp_path):
    """A reliable subscriber that falls behind gets every picture all the same."""
    large = [np.full((240, 320, 3), i, np.uint8) for i in range(60)]
    player = play(write_bag(tmp_path / 'bag', large, 30.0), 'rate:=100.0')
    assert player.wait(30) == 0
    assert wait_for(lambda: len(peer.images) == 60), len(peer.images)
    assert [int(image_to_array(m)[0, 0, 0]) for m in peer.images] == list(range(60))


def test_a_loop_lets_time_jump_back(peer, tmp_path):
    """And a named topic comes out as image."""
    player = play(write_bag(tmp_path / 'bag', PICTURES, 40.0), 'loop:=true',
                  'image_topic:=auto')
    assert wait_for(lambda: len(peer.images) > 45, 20.0)
    player.terminate()
    player.wait(10)
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in peer.images]
    assert sum(b < a for a, b in zip(stamps, stamps[1:])) >= 2


def test_bad_bags_are_one_clear_line(tmp_path):
    """Missing, no metadata, cut off, no such topic: status 1, the reason, no traceback."""
    good = write_bag(tmp_path / 'good', PICTURES)
    empty = tmp_path / 'empty'
    empty.mkdir()
    cut = write_bag(tmp_path / 'cut', PICTURES, plugin='mcap')
    file = next(cut.glob('*.mcap'))
    file.write_bytes(file.read_bytes()[:300])
    for bag, parameter, text in (
            ('/none', 'rate:=1.0', 'is not there'), (empty, 'rate:=1.0', 'metadata.yaml'),
            (cut, 'rate:=1.0', 'cannot be'), (good, 'topics:=/other', '/camera/image_raw'),
            (good, 'image_topic:=/other', '/camera/image_raw'), (good, 'rate:=0.0', 'rate')):
        player = play(bag, parameter)
        errors = player.communicate(timeout=30)[1]
        assert player.returncode == 1, (bag, errors)
        assert text in errors
        assert 'Traceback' not in errors


def test_a_looping_bag_through_emotion_node(tmp_path, astronaut):
    """Stamps are the bag's; each loop resets tracks once and work goes on, on simulated time."""
    from emotion_rig import Rig
    bag = write_bag(tmp_path / 'bag', [astronaut] * 20, 20.0)
    with ros():
        rig = Rig(use_sim_time=True)
        with spinning(rig.node, rig.peer):
            assert rig.node.get_parameter('use_sim_time').value is True
            player = play(bag, 'loop:=true', 'image_topic:=auto')
            assert wait_for(lambda: rig.node.worker.jumps >= 2, 30.0)
            player.terminate()
            player.wait(10)
            counted = rig.node.worker.jumps
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in rig.messages]
    assert all(-1e-6 < stamp - BASE < 0.951 for stamp in stamps)
    jumps = sum(b < a for a, b in zip(stamps, stamps[1:]))
    assert jumps == counted
    ids = [m.emotions[0].id for m in rig.messages if m.emotions]
    assert 2 <= len(dict.fromkeys(ids)) <= jumps + 1
    assert rig.messages[-2].emotions or rig.messages[-1].emotions
