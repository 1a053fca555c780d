"""
bag_player_node: plays mcap and sqlite3 bags with ``/clock`` where ``ros2 bag`` is missing.

Messages go out as they were recorded, without being unpacked. A loop lets time jump back, as a
looping ``ros2 bag play`` does: every node that keeps a state must notice.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from fer_ros.nodes.conversions import nanoseconds_to_stamp
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.nodes.running import run_node
from fer_ros.nodes.working_node import WorkingNode

_IMAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
_CLOCK_PERIOD = 0.01
#: So many messages wait for a reliable subscriber that falls behind.
_HISTORY = 100

SPECS = {
    'bag': Spec('', 'folder with metadata.yaml, or an .mcap or .db3 file'),
    'rate': Spec(1.0, 'speed, 1 = as recorded', 0.01, 100.0),
    'loop': Spec(False, 'begin anew at the end'),
    'start': Spec(0.0, 'skip so much of the beginning [s]', 0.0, 1e9),
    'topics': Spec('', 'only these, separated by commas; empty: all'),
    'image_topic': Spec('', 'publish this topic as image (or image/compressed); auto: the first '
                        'one with images; empty: every topic keeps its name'),
    'clock': Spec(True, 'publish /clock'),
}


class BagError(ValueError):
    """A bag cannot be played; the text names it and the reason."""


def find_bag(value: str) -> Path:
    """
    Return the path that the reader wants: the folder of a bag, or its single file.

    :raises BagError: if there is no bag.
    """
    path = Path(value).expanduser()
    if not value or not path.exists():
        raise BagError(f"bag '{value}' is not there; give a folder with metadata.yaml, or an "
                       '.mcap or .db3 file')
    if path.is_file() and (path.parent / 'metadata.yaml').is_file():
        return path.parent
    if path.is_dir() and not (path / 'metadata.yaml').is_file():
        raise BagError(f"'{path}' has no metadata.yaml: it is no bag, or its recording was cut "
                       'off (ros2 bag reindex writes one)')
    return path


class BagPlayerNode(WorkingNode):
    """Plays a bag once or in a loop."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('bag_player_node', SPECS, **kwargs)
        self._reader = _open_reader(find_bag(self.value('bag')))
        self._topics = self._advertise()
        self._clock_topic = self.create_publisher(Clock, '/clock', 10) if (
            self.value('clock')) else None
        self.start(self._run_bag, self._reader.close)

    def _advertise(self) -> dict[int, Any]:
        """Return connection id -> publisher of every topic whose type is installed."""
        wanted = [t.strip() for t in self.value('topics').split(',') if t.strip()]
        image_topic = self._image_topic()
        publishers = {}
        for connection in self._reader.connections:
            if wanted and connection.topic not in wanted:
                continue
            if connection.topic == '/clock' and self.value('clock'):
                continue  # ours is made from the recorded times
            message_type = _import_type(connection.msgtype)
            if message_type is None:
                self.get_logger().warning(
                    f'{connection.topic} is left out: {connection.msgtype} is not installed')
                continue
            topic = connection.topic
            if topic == image_topic:
                topic = self.resolve_topic_name('image') + (
                    '/compressed' * (connection.msgtype == _IMAGES[1]))
            publishers[connection.id] = self.create_publisher(
                message_type, topic, _qos(connection))
        if not publishers:
            raise BagError(f"nothing to play in '{self.value('bag')}'; its topics are " + (
                ', '.join(sorted(c.topic for c in self._reader.connections)) or 'none'))
        return publishers

    def _image_topic(self) -> str:
        wanted = str(self.value('image_topic'))
        images = [c.topic for c in self._reader.connections if c.msgtype in _IMAGES]
        if wanted == 'auto' and images:
            return str(images[0])
        if wanted and wanted not in images:
            raise BagError(f"image_topic '{wanted}': the bag's image topics are "
                           f'{", ".join(images) or "none"}')
        return wanted

    def _run_bag(self) -> None:
        self._wait_for_subscribers()
        try:
            self._play()
            while self.value('loop') and not self.stopping.is_set():
                self.get_logger().info('the bag begins anew: time jumps back')
                self._play()
        except Exception as error:  # a damaged bag raises whatever its storage raises
            raise BagError(f"'{self.value('bag')}' cannot be read on: {error}") from error
        for publisher in self._topics.values():  # let the last messages arrive
            if not self.stopping.is_set():
                publisher.wait_for_all_acked(Duration(seconds=2))
        if not self.stopping.wait(0.3):
            self.get_logger().info('the bag has ended')

    def _wait_for_subscribers(self, patience: float = 4.0) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self.stopping.wait(0.05):
            if any(p.get_subscription_count() for p in self._topics.values()):
                # The other side learns of the match a little later.
                self.stopping.wait(1.0)
                return

    def _play(self) -> None:
        """Play the bag once; due times are counted from the start, so nothing drifts."""
        connections = [c for c in self._reader.connections if c.id in self._topics]
        first = self._reader.start_time + int(self.value('start') * 1e9)
        began = time.monotonic()
        for connection, stamp, data in self._reader.messages(connections, start=first):
            due = began + (stamp - first) * 1e-9 / self.value('rate')
            while (wait := due - time.monotonic()) > 0:
                if self.stopping.wait(min(wait, _CLOCK_PERIOD)):
                    return
                passed = (time.monotonic() - began) * self.value('rate')
                self._tell_time(min(first + int(passed * 1e9), stamp))
            if self.stopping.is_set():
                return
            self._tell_time(stamp)
            self._topics[connection.id].publish(bytes(data))

    def _tell_time(self, nanoseconds: int) -> None:
        if self._clock_topic is not None:
            self._clock_topic.publish(Clock(clock=nanoseconds_to_stamp(nanoseconds)))


def _open_reader(path: Path) -> Any:
    try:
        from rosbags.highlevel import AnyReader
    except ModuleNotFoundError as error:
        raise BagError('bags need the rosbags library: pip install rosbags') from error
    try:
        reader = AnyReader([path])
        reader.open()
    except Exception as error:  # rosbags, sqlite3 and YAML errors
        raise BagError(f"'{path}' cannot be opened: {error}") from error
    if not reader.is2:
        reader.close()
        raise BagError(f"'{path}' is a ROS 1 bag; rosbags-convert makes a ROS 2 bag of it")
    return reader


def _import_type(name: str) -> Any:
    package, kind, message = name.split('/')
    try:
        return getattr(import_module(f'{package}.{kind}'), message)
    except (ImportError, AttributeError):
        return None


def _qos(connection: Any) -> QoSProfile:
    """Return the recorded publisher's profile, as far as it matters here."""
    profile = QoSProfile(depth=_HISTORY)
    for offered in connection.ext.offered_qos_profiles[:1]:
        if 'BEST_EFFORT' in str(offered.reliability):
            profile.reliability = ReliabilityPolicy.BEST_EFFORT
        if 'TRANSIENT_LOCAL' in str(offered.durability):
            profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
            profile.depth = max(int(offered.depth), 1)  # late joiners get what they once got
    return profile


def main(args: list[str] | None = None) -> int:
    """Play until the bag ends or the node is told to stop."""
    return run_node('bag_player_node', BagPlayerNode, args)


if __name__ == '__main__':
    sys.exit(main())
