"""image_source_node in a process of its own, received over DDS."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402

from fer_ros.nodes.image_conversions import image_to_array  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402


@contextmanager
def source(*parameters):
    """Run the node with parameters."""
    parameters = ('reliability:=reliable', *parameters)
    arguments = [part for p in parameters for part in ('-p', p)]
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.nodes.image_source_node', '--ros-args', *arguments],
        stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def peer():
    """Return a subscriber with its lists of received messages."""
    with ros():
        node = rclpy.create_node('peer')
        node.images, node.infos, node.jpegs = [], [], []
        node.create_subscription(Image, 'image', node.images.append, image_qos('reliable', 50))
        node.create_subscription(
            CompressedImage, 'image/compressed', node.jpegs.append, image_qos('reliable', 50))
        node.create_subscription(
            CameraInfo, 'camera_info', node.infos.append, image_qos('reliable', 50))
        with spinning(node):
            yield node


@pytest.fixture
def video(tmp_path):
    """Write a short video, 20 frames at 10 Hz."""
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    for i in range(20):
        writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.release()
    return path


def test_demo_in_real_time_with_camera_info(peer):
    """30 Hz, equal stamps of image and camera_info, a usable pinhole."""
    with source('compressed:=true') as process:
        assert wait_for(lambda: len(peer.images) >= 40 and peer.jpegs, 20.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert 'Traceback' not in process.stderr.read()
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in peer.images]
    assert np.median(np.diff(stamps)) == pytest.approx(1 / 30, rel=0.25)
    assert image_to_array(peer.images[0]).shape == (480, 640, 3)
    infos = {(m.header.stamp.sec, m.header.stamp.nanosec): m for m in peer.infos}
    matching = [infos[key] for m in peer.images if (
        key := (m.header.stamp.sec, m.header.stamp.nanosec)) in infos]
    assert len(matching) > 20
    assert matching[0].k[0] == pytest.approx(640 / 2 / np.tan(np.radians(30)))
    assert matching[0].header.frame_id == 'camera_optical_frame'


def test_a_video_ends_the_node_with_0(peer, video):
    """At its own rate or another, resized; exit status 0 at its end."""
    with source(f'source:={video}', 'loop:=false', 'rate:=20.0', 'width:=32') as process:
        assert process.wait(30) == 0
        assert 'the source has ended' in process.stderr.read()
    assert peer.images
    assert peer.images[-1].width == 32


def test_a_folder_of_pictures(peer, tmp_path, astronaut):
    """Natural order; the unreadable one is reported, not fatal."""
    for i in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f'p{i}.png'), np.full((8, 8, 3), i, np.uint8))
    (tmp_path / 'p3.jpg').write_bytes(b'no picture')
    with source(f'source:={tmp_path}', 'rate:=20.0') as process:
        assert wait_for(lambda: len(peer.images) >= 12, 20.0)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert 'p3.jpg' in process.stderr.read()
    values = [image_to_array(m)[0, 0, 0] for m in peer.images]
    start = values.index(1)
    assert values[start:start + 6] == [1, 2, 10, 1, 2, 10]


@pytest.mark.parametrize('parameter, text', [
    ('source:=/none.mp4', 'is not there'), ('source:="99"', 'cannot be opened'),
    ('rate:=-1.0', 'rate'), ('reliability:=sometimes', 'best_effort, reliable'),
    ('camera_info_file:=/none.yaml', 'is no camera calibration')])
def test_bad_start_is_one_clear_line(parameter, text):
    """Exit status 1, the reason, no traceback."""
    with source(parameter) as process:
        assert process.wait(30) == 1
        errors = process.stderr.read()
    assert text in errors
    assert 'Traceback' not in errors
