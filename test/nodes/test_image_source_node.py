"""image_source_node in a process of its own, received over DDS."""

import signal
import struct
import subprocess
import sys
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
import yaml

rclpy = pytest.importorskip('rclpy')

from helpers import ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from fer_ros.media.frame_source import SourceError  # noqa: E402
from fer_ros.nodes.calibration import read_calibration  # noqa: E402
from fer_ros.nodes.image_conversions import image_to_array  # noqa: E402
from fer_ros.nodes.qos import image_qos, latched_qos  # noqa: E402


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
    assert (peer.images[-1].width, peer.images[-1].height) == (32, 24)  # its shape is kept


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


def test_pictures_are_held_as_before_a_camera(peer, tmp_path):
    """A state needs time to form; who listens is told which picture it is."""
    for i in (1, 2):
        cv2.imwrite(str(tmp_path / f'p{i}.png'), np.full((8, 8, 3), i, np.uint8))
    (tmp_path / 'notes.txt').write_text('no picture')
    shown = []
    peer.create_subscription(String, 'image_source_node/showing',
                             lambda message: shown.append(message.data), latched_qos())
    with source(f'source:={tmp_path}', 'loop:=false') as process:
        assert process.wait(30) == 0
        assert '[WARN]' in (errors := process.stderr.read()) and 'notes.txt' in errors
    assert wait_for(lambda: shown[-1:] == ['p2.png'])
    seen = [(image_to_array(m)[0, 0, 0], m.header.stamp.sec + m.header.stamp.nanosec * 1e-9)
            for m in peer.images]
    assert [value for value, _ in seen] == sorted(value for value, _ in seen)
    first, second = ([stamp for value, stamp in seen if value == i] for i in (1, 2))
    assert 10 < len(first) <= 20 and 10 < len(second) <= 20
    assert second[0] - first[-1] > 0.25  # a cut


@pytest.mark.parametrize('parameter, text', [
    ('source:=/none.mp4', 'is not there'), ('source:=~nobody/a.mp4', 'is not there'),
    ('source:="99"', 'cannot be opened'), ('source:="99999999999999999999"', 'cannot be opened'),
    ('rate:=-1.0', 'rate'), ('rate:=.nan', 'rate'), ('width:=99999', 'width'),
    ('height:=-1', 'height'), ('reliability:=sometimes', 'best_effort, reliable'),
    ('camera_info_file:=/none.yaml', 'is no camera calibration'),
    ('camera_info_file:=~nobody/a.yaml', 'is no camera calibration')])
def test_bad_start_is_one_clear_line(parameter, text):
    """Exit status 1, the reason, no traceback."""
    assert text in refusal(parameter)


def refusal(*parameters):
    """Return what a source that cannot be shown says, its status being 1."""
    with source(*parameters) as process:
        errors = process.communicate(timeout=30)[1]
    assert process.returncode == 1, errors
    assert 'Traceback' not in errors
    assert sum('FATAL' in line for line in errors.splitlines()) == 1, errors
    return errors


def cut(path, share):
    """Keep the beginning of a file."""
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    return path


@pytest.mark.parametrize('loop', ['loop:=true', 'loop:=false'])
def test_a_video_without_a_frame_ends_with_1(tmp_path, video, loop):
    """A header alone, which OpenCV opens; an empty file; text; a folder named as a video."""
    data = video.read_bytes()
    header = tmp_path / 'header.avi'
    header.write_bytes(data[:data.index(b'movi') + 4])
    (tmp_path / 'empty.mp4').write_bytes(b'')
    (tmp_path / 'text.mp4').write_text('no video')
    (tmp_path / 'folder.mp4').mkdir()
    for name in ('header.avi', 'empty.mp4', 'text.mp4', 'folder.mp4'):
        assert name in refusal(f'source:={tmp_path / name}', loop)


def test_a_video_that_is_cut_in_half_is_shown_and_told(peer, video):
    """What there is is shown; the line tells how much was expected."""
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    for picture in np.random.default_rng(0).integers(0, 256, (20, 48, 64, 3), np.uint8):
        writer.write(picture)
    writer.release()
    with source(f'source:={cut(video, 0.5)}', 'loop:=false', 'rate:=50.0') as process:
        errors = process.communicate(timeout=30)[1]
    assert process.returncode == 0
    assert 'of 20 frames: it is cut off' in errors
    assert wait_for(lambda: 5 < len(peer.images) < 20)


@pytest.mark.parametrize('scale', [0, 0xFFFFFFFF])
def test_a_video_without_a_rate_is_shown_at_30_hz(peer, video, scale):
    """The container says 0 or nonsense frames a second."""
    data = bytearray(video.read_bytes())
    place = data.index(b'vids') + 20  # dwScale of the stream's header, then dwRate
    data[place:place + 8] = struct.pack('<II', scale, 0)
    data[data.index(b'avih') + 8:data.index(b'avih') + 12] = struct.pack('<I', 0)
    video.write_bytes(data)
    with source(f'source:={video}', 'loop:=true') as process:
        assert wait_for(lambda: len(peer.images) >= 40, 20.0)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in peer.images]
    assert 0.01 < np.median(np.diff(stamps)) < 0.11


def test_a_folder_of_many_sizes_is_shown(peer, tmp_path):
    """Odd and single ones too; each camera_info has its picture's size."""
    sizes = {(1, 1), (7, 3), (640, 481), (33, 1000)}
    for width, height in sizes:
        cv2.imwrite(str(tmp_path / f'{width}.png'), np.zeros((height, width, 3), np.uint8))
    with source(f'source:={tmp_path}', 'rate:=20.0', 'loop:=false') as process:
        assert process.wait(30) == 0
    assert wait_for(lambda: len(peer.images) == len(peer.infos) == 4)
    assert {(m.width, m.height) for m in peer.images} == sizes
    assert {(m.width, m.height) for m in peer.infos} == sizes


def test_a_folder_without_a_picture_ends_with_1(tmp_path):
    """Nothing in it, or nothing that can be read, looping as the default is."""
    assert 'has no picture' in refusal(f'source:={tmp_path}')
    (tmp_path / 'a.png').write_text('no picture')
    (tmp_path / 'b.png').mkdir()
    assert 'none of the 2 pictures' in refusal(f'source:={tmp_path}')


CALIBRATION = {
    'image_width': 64, 'image_height': 48, 'camera_name': 'test', 'distortion_model': 'plumb_bob',
    'camera_matrix': {'rows': 3, 'cols': 3, 'data': [50.0, 0, 31.5, 0, 52, 23.5, 0, 0, 1]},
    'distortion_coefficients': {'rows': 1, 'cols': 5, 'data': [0.1, -0.2, 0, 0, 0]},
    'rectification_matrix': {'rows': 3, 'cols': 3, 'data': [1, 0, 0, 0, 1, 0, 0, 0, 1]},
    'projection_matrix': {'rows': 3, 'cols': 4,
                          'data': [48.0, 0, 30, -5, 0, 49, 22, 0, 0, 0, 1, 0]}}


def calibration_file(tmp_path, changes=None):
    """Write a calibration; a change is the data of a matrix, or a value."""
    content = {**CALIBRATION}
    for name, value in (changes or {}).items():
        content[name] = {'data': value} if isinstance(value, list) else value
    (tmp_path / 'camera.yaml').write_text(yaml.safe_dump(content))
    return f'camera_info_file:={tmp_path / "camera.yaml"}'


def test_a_calibration_fits_the_resized_images(peer, tmp_path, video):
    """A point in space is seen at the same place of the scene, whatever the size."""
    with source(f'source:={video}', calibration_file(tmp_path), 'width:=128', 'height:=24'):
        assert wait_for(lambda: peer.infos, 20.0)
    info = peer.infos[0]
    assert (info.width, info.height) == (128, 24)
    # The centers of the corner pixels of 64x48, seen in 128x24 (OpenCV's resize).
    place = np.array([[1 / 50.0, 1 / 52.0, 1.0]]).T
    before = np.array(CALIBRATION['camera_matrix']['data'], float).reshape(3, 3) @ place
    after = np.asarray(info.k).reshape(3, 3) @ place
    assert after[0] == pytest.approx((before[0] + 0.5) * 2 - 0.5)
    assert after[1] == pytest.approx((before[1] + 0.5) / 2 - 0.5)
    assert info.p[3] == -10.0 and info.p[0] == 96.0 and info.p[5] == 24.5
    assert list(info.d) == [0.1, -0.2, 0, 0, 0]


@pytest.mark.parametrize('changes', [
    {'camera_matrix': [1.0, 2.0, 3.0, 4.0]}, {'camera_matrix': [0.0] * 9},
    {'camera_matrix': [float('nan')] * 9}, {'camera_matrix': ['a'] * 9}, {'camera_matrix': None},
    {'camera_matrix': [10 ** 400] * 9}, {'rectification_matrix': [1.0] * 8},
    {'projection_matrix': [1.0] * 9}, {'distortion_coefficients': [0.0] * 3},
    {'distortion_coefficients': [float('inf')] * 5}, {'distortion_model': 'curved'},
    {'image_width': 0}, {'image_height': 'tall'}, {'image_width': 64.5}])
def test_a_calibration_that_is_none_is_refused(tmp_path, changes):
    """The field is named; once four values published whatever was in memory."""
    file = calibration_file(tmp_path, changes).partition(':=')[2]
    with pytest.raises(SourceError, match=f'camera.yaml.*{next(iter(changes))[:5]}'):
        read_calibration(file)


def test_a_calibration_that_cannot_be_used_ends_with_1(tmp_path, video):
    """Too few values; text; images of other proportions."""
    few = calibration_file(tmp_path, {'camera_matrix': [1.0, 2.0, 3.0, 4.0]})
    assert 'camera_matrix must be 9 finite numbers' in refusal(f'source:={video}', few)
    (tmp_path / 'camera.yaml').write_text('no calibration')
    assert 'is no camera calibration' in refusal(f'source:={video}', few)
    wide = calibration_file(tmp_path, {'image_width': 1920, 'image_height': 1080})
    assert 'is of images of 1920x1080, but the source has 64x48' in refusal(
        f'source:={video}', wide)
