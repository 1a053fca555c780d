"""Write bags for the tests."""

from pathlib import Path

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

BASE = 1_700_000_000
STORE = get_typestore(Stores.ROS2_HUMBLE)
_DTYPES = {'bgr8': np.uint8, '16UC1': '<u2', '32FC1': '<f4'}


def make(name, **fields):
    """Return a message of a type by its short name ('Image'), for a bag."""
    package = {'Header': 'std_msgs', 'Time': 'builtin_interfaces', 'String': 'std_msgs',
               'Clock': 'rosgraph_msgs'}.get(name, 'sensor_msgs')
    return STORE.types[f'{package}/msg/{name}'](**fields)


def header(seconds):
    """Return a header of :data:`BASE` + seconds."""
    stamp = round((BASE + seconds) * 1e9)
    return make('Header', stamp=make('Time', sec=stamp // 10**9, nanosec=stamp % 10**9),
                frame_id='camera')


def image(picture, seconds, encoding='bgr8'):
    """Return a sensor_msgs/Image of an array (H, W) or (H, W, 3)."""
    data = np.ascontiguousarray(picture, _DTYPES[encoding]).reshape(-1).view(np.uint8)
    return make('Image', header=header(seconds), height=picture.shape[0],
                width=picture.shape[1], encoding=encoding, is_bigendian=0,
                step=len(data) // picture.shape[0], data=data)


def camera_info(seconds, width, height, focal):
    """Return a sensor_msgs/CameraInfo without distortion."""
    k = np.array([focal, 0, width / 2, 0, focal, height / 2, 0, 0, 1])
    return make(
        'CameraInfo', header=header(seconds), height=height, width=width,
        distortion_model='plumb_bob', d=np.zeros(5), k=k, r=np.eye(3).ravel(),
        p=np.zeros(12), binning_x=0, binning_y=0, roi=make(
            'RegionOfInterest', x_offset=0, y_offset=0, height=0, width=0, do_rectify=False))


def write_messages(path: Path, rows, plugin='sqlite3', topics=()):
    """
    Record messages.

    :param rows: (topic, seconds after :data:`BASE`, message).
    :param topics: (topic, type) that get no message.
    """
    with Writer(path, version=9, storage_plugin=StoragePlugin[plugin.upper()]) as writer:
        connections = {topic: writer.add_connection(topic, kind, typestore=STORE)
                       for topic, kind in topics}
        for topic, seconds, message in rows:
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(connections[topic], round((BASE + seconds) * 1e9),
                         STORE.serialize_cdr(message, kind))
    return path


def write_bag(path: Path, pictures, rate=10.0, plugin='sqlite3', topic='/camera/image_raw'):
    """Record pictures (uint8 BGR) as sensor_msgs/Image at a rate."""
    return write_messages(path, (
        (topic, i / rate, image(picture, i / rate)) for i, picture in enumerate(pictures)),
        plugin)
