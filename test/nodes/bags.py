"""Write bags for the tests."""

from pathlib import Path

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

BASE = 1_700_000_000


def write_bag(path: Path, pictures, rate=10.0, plugin='sqlite3', topic='/camera/image_raw'):
    """Record pictures (uint8 BGR) as sensor_msgs/Image at a rate."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    image, header, time = (store.types[name] for name in (
        'sensor_msgs/msg/Image', 'std_msgs/msg/Header', 'builtin_interfaces/msg/Time'))
    with Writer(path, version=9, storage_plugin=StoragePlugin[plugin.upper()]) as writer:
        connection = writer.add_connection(topic, image.__msgtype__, typestore=store)
        for i, picture in enumerate(pictures):
            stamp = round((BASE + i / rate) * 1e9)
            message = image(
                header=header(stamp=time(sec=stamp // 10**9, nanosec=stamp % 10**9),
                              frame_id='camera'),
                height=picture.shape[0], width=picture.shape[1], encoding='bgr8',
                is_bigendian=0, step=picture.shape[1] * 3,
                data=np.ascontiguousarray(picture).reshape(-1))
            writer.write(connection, stamp, store.serialize_cdr(message, image.__msgtype__))
    return path
