"""What goes wrong around good images: a second camera, no stamps, a clock that stands."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmark.child import Child
from fer_ros.nodes.image_conversions import array_to_image
from fer_ros.nodes.qos import image_qos

#: clocks of the second camera against the first [s].
_OFFSETS = (0.0, 0.2, -3600.0)


def stream_oddly(child: Child, seconds: float) -> int:
    """
    Do all of it to a node, a third of the time each; return how many odd images were sent.

    :param seconds: in all.
    """
    sent = _second_camera(child, seconds / 3) + _no_stamps(child, seconds / 3)
    child.set_parameter('use_sim_time', True)
    child.spin(seconds / 3)
    child.set_parameter('use_sim_time', False)
    return sent


def _second_camera(child: Child, seconds: float, rate: float = 15.0) -> int:
    """Two cameras on one topic, one after the other with clocks apart."""
    count = 0
    for offset in _OFFSETS:
        other = child.node.create_publisher(Image, 'image', image_qos())
        blank = np.full_like(child.picture, 128)
        for _ in range(max(round(seconds * rate / len(_OFFSETS)), 1)):
            child.spin(1 / rate)
            now = child.node.get_clock().now().nanoseconds + round(offset * 1e9)
            other.publish(_image(blank, now))
            count += 1
        child.node.destroy_publisher(other)
    return count


def _no_stamps(child: Child, seconds: float, rate: float = 15.0) -> int:
    """Stamps of 0, as from a driver that does not know of them."""
    count = max(round(seconds * rate), 1)
    for _ in range(count):
        child.publisher.publish(_image(child.picture, 0))
        child.spin(1 / rate, 0)
    return count


def _image(picture: np.ndarray, nanoseconds: int) -> Image:
    header = Header()
    header.stamp.sec, header.stamp.nanosec = divmod(nanoseconds, 1_000_000_000)
    return array_to_image(picture, header, 'bgr8')
