"""Positions of faces: depth and camera_info of every kind, early, late and never."""

import itertools
import time
from contextlib import contextmanager

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import BASE, Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest  # noqa: E402

from fer_ros.nodes.depth_buffer import DepthBuffer  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import image_qos, latched_qos  # noqa: E402

K = [500.0, 0.0, 256.0, 0.0, 500.0, 256.0, 0.0, 0.0, 1.0]


class DepthRig(Rig):
    """An emotion_node with a depth camera; the picture is 512x512."""

    def __init__(self, info_qos=None, **overrides):
        super().__init__(**{'use_depth': True, **overrides})
        self.numbers = itertools.count()
        self.depth = self.peer.create_publisher(Image, 'depth', image_qos('reliable', 50))
        self.info = self.peer.create_publisher(
            CameraInfo, 'camera_info', info_qos or image_qos('reliable', 50))

    def send_depth(self, seconds, meters=1.5, encoding='16UC1', size=(256, 256), wait=True):
        """Publish an even depth image and wait until the node has it."""
        pixels = np.full(size, meters * 1000, '<u2') if encoding == '16UC1' else (
            np.full(size, meters, '<f4'))
        self.depth.publish(depth_image(pixels, seconds, encoding))
        if wait:
            assert wait_for(lambda: self.node._locator._depths.nearest(BASE + seconds, 0.001))

    def send_info(self, **fields):
        """Publish a calibration until the node has it: it may subscribe anew meanwhile."""
        message = CameraInfo(**{'k': K, **fields})
        message.header.frame_id = f'{next(self.numbers)}'

        def heard():
            self.info.publish(message)
            time.sleep(0.05)
            info = self.node._locator._info
            return info is not None and info.header.frame_id == message.header.frame_id
        assert wait_for(heard)


def depth_image(pixels, seconds, encoding):
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding,
                    step=pixels.strides[0], data=pixels.tobytes())
    message.header.stamp.sec = BASE + int(seconds)
    message.header.stamp.nanosec = round(seconds % 1 * 1e9)
    return message


@contextmanager
def running(picture, **overrides):
    """Run the node until it has seen a face twice, at 0.0 and 0.01 s."""
    with ros():
        rig = DepthRig(**overrides)
        with spinning(rig.node, rig.peer):
            rig.ready()
            for publisher in (rig.depth, rig.info)[not rig.node.config['use_depth']:]:
                assert wait_for(publisher.get_subscription_count)
            if not overrides.get('deterministic'):
                rig.send(picture, 0.0)
                assert rig.send(picture, 0.01).emotions
            yield rig


@pytest.mark.parametrize('encoding', ['16UC1', '32FC1'])
@pytest.mark.parametrize('size', [(512, 512), (256, 256), (51, 77), (1024, 1024)])
def test_encodings_and_sizes(astronaut, encoding, size):
    """Millimeters or meters, smaller or larger than the image."""
    with running(astronaut) as rig:
        rig.send_info(width=512, height=512)
        rig.send_depth(0.05, 1.25, encoding, size)
        assert rig.send(astronaut, 0.05).emotions[0].position.z == pytest.approx(1.25)


@pytest.mark.parametrize('meters', [np.nan, 0.0, np.inf, -np.inf, -2.0])
def test_no_known_depth_is_no_position(astronaut, meters):
    """It is no fault: the face may be too near for the sensor."""
    with running(astronaut) as rig:
        rig.send_info()
        rig.send_depth(0.05, meters, '32FC1')
        assert not rig.send(astronaut, 0.05).emotions[0].has_position
        assert not rig.errors


@pytest.mark.parametrize('fields, text', [
    ({'k': [0.0] * 9}, 'not calibrated'), ({'k': [np.nan] * 9}, 'not calibrated'),
    ({'k': [500.0, 0.0, np.inf, *K[3:]]}, 'not calibrated'),
    ({'k': [-500.0, *K[1:]]}, 'not calibrated'),
    ({'width': 640, 'height': 480}, 'images of 640x480, but they have 512x512')])
def test_a_calibration_that_cannot_be_used_is_told(astronaut, fields, text):
    """No position and one line, the faces are still there."""
    with running(astronaut) as rig:
        rig.send_info(**fields)
        rig.send_depth(0.05)
        face = rig.send(astronaut, 0.05).emotions[0]
        assert not face.has_position and np.isfinite(face.position.z)
        assert text in rig.errors[0]


def test_binning_and_region_of_interest(astronaut):
    """K is of the whole sensor: the same face is at the same place."""
    with running(astronaut, search_period=0.0) as rig:
        rig.send_info()
        rig.send_depth(0.05)
        plain = rig.send(astronaut, 0.05).emotions[0].position
        k = [1000.0, 0.0, 512.0 + 100, 0.0, 1000.0, 512.0 + 60, 0.0, 0.0, 1.0]
        rig.send_info(k=k, width=1500, height=1200, binning_x=2, binning_y=2,
                      roi=RegionOfInterest(x_offset=100, y_offset=60, width=1024, height=1024))
        rig.send_depth(0.1)
        part = rig.send(astronaut, 0.1).emotions[0].position
        assert (part.x, part.y, part.z) == pytest.approx((plain.x, plain.y, plain.z), abs=0.01)


def test_a_latched_calibration_is_heard(astronaut):
    """Published once, before the node was there."""
    with ros():
        early = rclpy.create_node('early')
        early.create_publisher(CameraInfo, 'camera_info', latched_qos()).publish(CameraInfo(k=K))
        rig = DepthRig(info_qos=latched_qos())
        with spinning(rig.node, rig.peer, early):
            assert wait_for(lambda: rig.node._locator._info is not None)


def test_the_depth_image_nearest_in_time_counts(astronaut):
    """Not the newest one: images come late when the network is slow."""
    with running(astronaut) as rig:
        rig.send_info()
        for i in range(1, 8):
            rig.send_depth(i * 0.05, 1 + i * 0.1)
        assert rig.send(astronaut, 0.16).emotions[0].position.z == pytest.approx(1.3)
        assert rig.send(astronaut, 0.34).emotions[0].position.z == pytest.approx(1.7)
        assert not rig.send(astronaut, 0.6).emotions[0].has_position


def test_without_depth_the_size_tells(astronaut):
    """An estimate, and marked as one; nobody asks for depth images. A wider face is farther."""
    with running(astronaut, use_depth=False, estimate_position=True) as rig:
        assert not rig.depth.get_subscription_count()
        assert not rig.messages[-1].emotions[0].position_source
        rig.send_info()
        face = rig.send(astronaut, 0.05).emotions[0]
        assert face.has_position and face.position_source == face.POSITION_SIZE
        assert face.position.z == pytest.approx(0.136 * 500 / face.roi.width, rel=0.1)
        assert 0.06 < face.position_stddev / face.position.z < 0.12
        [changed] = rig.node.set_parameters([Parameter('face_width', value=0.272)])
        assert changed.successful
        doubled = rig.send(astronaut, 0.1).emotions[0]
        assert doubled.position.z == pytest.approx(2 * face.position.z, rel=0.05)
        assert not rig.errors


def test_the_size_tells_where_depth_does_not(astronaut):
    """Depth is better where it is known."""
    with running(astronaut, estimate_position=True) as rig:
        rig.send_info()
        for seconds, meters, source in ((0.05, 1.25, 'depth'), (0.1, 0.0, 'size')):
            rig.send_depth(seconds, meters)
            face = rig.send(astronaut, seconds).emotions[0]
            assert face.position_source == source
            assert face.position_stddev == 0 or source == 'size'
        assert rig.send(astronaut, 0.9).emotions[0].position_source == 'size'


def test_deterministic_waits_for_the_calibration(astronaut):
    """Else it would hang on chance which images have positions; there is no depth to wait for."""
    with running(astronaut, use_depth=False, estimate_position=True, deterministic=True) as rig:
        for i in range(3):
            rig.camera.publish(picture_at(astronaut, i * 0.05))
        assert wait_for(lambda: len(rig.messages) == 1)
        rig.info.publish(CameraInfo(k=K))
        assert wait_for(lambda: len(rig.messages) == 3)
        assert all(m.emotions[0].has_position for m in rig.messages[1:])


def test_depth_that_never_comes_is_told(astronaut):
    """Once it has been missing for two seconds; the answers come all the same."""
    with running(astronaut) as rig:
        rig.send_info()
        assert wait_for(lambda: rig.errors or not rig.send(
            astronaut, 0.1 + len(rig.messages) * 0.03).emotions[0].has_position and rig.errors)
        assert 'no depth image within 0.1 s of the image' in rig.errors[0]


def test_deterministic_waits_for_depth_that_is_late(astronaut):
    """And for the calibration; of two depth images with one stamp the first counts."""
    with running(astronaut, deterministic=True) as rig:
        for i in range(3):
            rig.camera.publish(picture_at(astronaut, i * 0.05))
        assert wait_for(lambda: len(rig.messages) == 1)  # no face is reported at first sight
        assert not wait_for(lambda: len(rig.messages) > 1, 0.5)
        rig.info.publish(CameraInfo(k=K))
        for i in range(3):
            rig.send_depth(i * 0.05, 1 + i, wait=False)
            rig.send_depth(i * 0.05, 9.0, wait=False)
        assert wait_for(lambda: len(rig.messages) == 3)
        assert [m.emotions[0].position.z for m in rig.messages[1:]] == [2.0, 3.0]
        assert not rig.errors


def test_deterministic_goes_on_without_depth(astronaut):
    """It waits once, not for each image; what comes too late is told."""
    with running(astronaut, deterministic=True) as rig:
        rig.info.publish(CameraInfo(k=K))
        for i in range(20):
            rig.camera.publish(picture_at(astronaut, i * 0.05))
        assert wait_for(lambda: len(rig.messages) == 20, 8.0)
        assert not any(m.emotions[0].has_position for m in rig.messages[1:])
        rig.send_depth(0.05, wait=False)
        assert wait_for(lambda: any('after its image' in error for error in rig.errors))


def test_deterministic_hears_a_best_effort_camera(astronaut):
    """It asks for reliable images, but takes what there is."""
    with ros():
        rig = Rig(deterministic=True)
        rig.peer.destroy_publisher(rig.camera)
        rig.camera = rig.peer.create_publisher(Image, 'image', image_qos('best_effort', 5))
        with spinning(rig.node, rig.peer):
            rig.ready()
            assert rig.send(np.zeros((48, 64), np.uint8), 0.0, 'mono8') is not None


def test_images_that_cannot_be_kept_are_counted(astronaut, monkeypatch):
    """More than the memory set aside: dropped and told, not lost in silence."""
    monkeypatch.setattr('fer_ros.nodes.frame_worker.LARGEST_QUEUE', 3_000_000)
    with running(astronaut, deterministic=True) as rig:
        camera = rig.peer.create_publisher(Image, 'image', QoSProfile(depth=100))
        assert wait_for(camera.get_subscription_count)
        for i in range(60):
            camera.publish(picture_at(astronaut, i * 0.01))
        frames = rig.node.worker.frames
        assert wait_for(lambda: frames.received == 60)
        assert wait_for(lambda: len(rig.messages) + frames.dropped == 60, 30.0)
        assert frames.dropped > 10
        assert 'images lost: deterministic' in rig.errors[0]


def picture_at(picture, seconds):
    """Return an image message with a stamp."""
    return array_to_image(picture, depth_image(np.zeros((1, 1)), seconds, '').header)


def test_the_buffer_forgets():
    """What no image can need, and the oldest where memory ends; not the newest."""
    buffer = DepthBuffer(250)
    assert [buffer.add(depth_image(np.zeros((10, 10), np.uint8), i * 0.1, '8UC1'))
            for i in range(5)] == [True, True, False, False, False]
    assert buffer.nearest(BASE + 0.2, 0.01) is None
    assert buffer.nearest(BASE + 0.3, 0.01) is not None
    buffer.advance(BASE + 0.45, 0.1)
    assert buffer.nearest(BASE + 0.3, 0.01) is None
    assert buffer.nearest(BASE + 0.4, 0.01) is not None
    assert buffer.reaches(BASE + 0.4) and not buffer.reaches(BASE + 0.41)
    buffer.advance(BASE - 100.0, 0.1)  # time jumped back: a depth image of before is none
    assert not buffer.reaches(BASE - 100.0)
