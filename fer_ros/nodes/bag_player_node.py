"""
bag_player_node: plays mcap and sqlite3 bags with ``/clock`` where ``ros2 bag`` is missing.

Messages go out as they were recorded, without being unpacked. A loop lets time jump back, as a
looping ``ros2 bag play`` does: every node that keeps a state must notice.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any

from rosgraph_msgs.msg import Clock

from fer_ros.media.bag_reading import (
    COMPRESSED_IMAGE,
    DAMAGED,
    BagError,
    find_bag,
    image_topics,
    open_reader,
    reason,
)
from fer_ros.nodes.bag_types import BagTypeError, import_type
from fer_ros.nodes.conversions import nanoseconds_to_stamp
from fer_ros.nodes.lockstep import Lockstep
from fer_ros.nodes.paced_publisher import PacedPublisher
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.nodes.qos import complete_qos
from fer_ros.nodes.running import run_node
from fer_ros.nodes.usage import usage
from fer_ros.nodes.working_node import WorkingNode
from fer_ros_msgs.msg import EmotionArray

_CLOCK_PERIOD = 0.01
#: One pass of a loop takes at least so long [s]: a bag may hold a single message.
_SHORTEST_PASS = 0.2
#: A longer silence in the bag is told [s]: a clock that was set leaves one of years.
_LONG_SILENCE = 60.0

SPECS = {
    'bag': Spec('', 'folder with metadata.yaml, or an .mcap or .db3 file'),
    'rate': Spec(1.0, 'speed, 1 = as recorded', 0.01, 100.0),
    'loop': Spec(False, 'begin anew at the end'),
    'start': Spec(0.0, 'skip so much of the beginning [s]', 0.0, 1e9),
    'topics': Spec('', 'only these, separated by commas; empty: all'),
    'image_topic': Spec('', 'publish this topic as image (or image/compressed); auto: the first '
                        'one with images; empty: every topic keeps its name'),
    'clock': Spec(True, 'publish /clock'),
    'subscribers': Spec(1, 'wait until a topic has so many, so that none of them misses the '
                        'beginning', 1, 100),
    'patience': Spec(-1.0, 'wait at most so long for them [s]; below 0: 4, or 30 in lockstep, in '
                     'which emotion_node loads its models', -1.0, 3600.0),
    'lockstep': Spec(False, 'let the bag wait for the answers (emotions) of an emotion_node with '
                     'deterministic, so that every image is processed at any rate; needs '
                     'image_topic if the bag has several'),
}


class BagPlayerNode(WorkingNode):
    """Plays a bag once or in a loop."""

    def __init__(self, node_name: str = 'bag_player_node', **kwargs: Any) -> None:
        super().__init__(node_name, SPECS, **kwargs)
        self._reader = open_reader(find_bag(self.value('bag')))
        self._image_topic = self._chosen_image_topic()
        self._topics = self._advertise()
        self._clock_topic = self.create_publisher(Clock, '/clock', 10) if (
            self.value('clock')) else None
        self._lockstep = Lockstep(self.stopping) if self.value('lockstep') else None
        if self._lockstep is not None:
            self.create_subscription(
                EmotionArray, 'emotions', self._lockstep.on_answer, complete_qos())
        self.start(self._run_bag, self._reader.close)

    def _chosen_image_topic(self) -> str:
        """Return the recorded topic that is played as image or waited for, '' if none is."""
        wanted = str(self.value('image_topic'))
        images = list(image_topics(self._reader))
        if wanted == 'auto' and images:
            return images[0]
        if not wanted and not self.value('lockstep'):
            return ''
        if not wanted and len(images) == 1:
            return images[0]
        if wanted not in images:
            raise BagError(f"image_topic '{wanted}': the bag's image topics are "
                           f'{", ".join(images) or "none"}')
        return wanted

    def _name_of(self, connection: Any) -> str:
        """Return the name under which a recorded topic is published."""
        if connection.topic != self._image_topic or not self.value('image_topic'):
            return str(connection.topic)
        return self.resolve_topic_name('image') + '/compressed' * (
            connection.msgtype == COMPRESSED_IMAGE)

    def _selected(self) -> list[Any]:
        """Return the connections that shall be played."""
        wanted = {t.strip() for t in self.value('topics').split(',') if t.strip()}
        if unknown := wanted - {c.topic for c in self._reader.connections}:
            raise BagError(f'topics: {", ".join(sorted(unknown))} not in the bag; {self._there()}')
        selected = [c for c in self._reader.connections if not wanted or c.topic in wanted]
        for c in selected:
            if c.topic != self._image_topic and self._name_of(c) in {
                    self._name_of(o) for o in selected if o.topic == self._image_topic}:
                raise BagError(f'the bag has a topic {c.topic} beside {self._image_topic}, which '
                               'is to be played under this name: choose with topics')
        return selected

    def _advertise(self) -> dict[int, PacedPublisher]:
        """Return connection id -> publisher of every topic that can be played."""
        publishers: dict[int, PacedPublisher] = {}
        for connection in self._selected():
            if connection.topic == '/clock' and self.value('clock'):
                continue  # ours is made from the recorded times
            try:
                publishers[connection.id] = PacedPublisher(
                    self, import_type(connection), self._name_of(connection), connection)
            except BagTypeError as error:
                self.get_logger().warning(f'{connection.topic} is left out: {error}')
            except Exception as error:  # names and types that this middleware refuses
                self.get_logger().warning(f'{connection.topic} is left out: {reason(error)}')
        if not publishers:
            raise BagError(f"nothing to play in '{self.value('bag')}': {self._there()}")
        return publishers

    def _there(self) -> str:
        return 'its topics are ' + (
            ', '.join(sorted({c.topic for c in self._reader.connections})) or 'none')

    def _run_bag(self) -> None:
        try:
            self._messages()  # what cannot be played is said before anybody is waited for
            self._wait_for_subscribers()
            self._play()
            while self.value('loop') and not self.stopping.is_set():
                self.get_logger().info(
                    'the bag begins anew: time jumps back', throttle_duration_sec=10)
                self._play()
        except BagError:
            raise
        except Exception as error:  # a damaged bag raises whatever its storage raises
            raise BagError(
                f"'{self.value('bag')}' cannot be read on: {reason(error)}; "
                f'{DAMAGED}') from error
        for publisher in self._topics.values():  # let the last messages arrive
            if not self.stopping.is_set():
                publisher.flush(2.0)
        if self._lockstep is not None:
            self._lockstep.check()
        if not self.stopping.wait(0.3):
            self.get_logger().info('the bag has ended')

    def _wait_for_subscribers(self) -> None:
        patience = self.value('patience')
        if patience < 0:
            patience = 4.0 if self._lockstep is None else 30.0
        images = {c.id for c in self._reader.connections if c.topic == self._image_topic}
        awaited = [publisher for key, publisher in self._topics.items()
                   if self._lockstep is None or key in images]
        heard = self.wait_for_subscribers(
            lambda: any(publisher.subscriber_count >= self.value('subscribers')
                        for publisher in awaited) and (
                self._lockstep is None or bool(self.count_publishers('emotions'))), patience)
        if self._lockstep is not None and not heard and not self.stopping.is_set():
            raise BagError('lockstep: no emotion_node subscribes and publishes emotions')

    def _messages(self) -> tuple[int, Iterator[tuple[Any, int, bytes]]]:
        """
        Return when to begin [ns] and the messages from then on.

        What metadata.yaml says of the bag's start and length is not relied on.

        :raises BagError: if there is no message.
        """
        beginning = next((stamp for _, stamp, _ in self._reader.messages()), 0)
        first = beginning + int(self.value('start') * 1e9)
        messages = self._reader.messages(
            [c for c in self._reader.connections if c.id in self._topics], start=first)
        head = next(messages, None)
        if head is None:
            raise BagError(f"nothing to play in '{self.value('bag')}': {self._why_nothing()}")
        return first, chain([head], messages)

    def _why_nothing(self) -> str:
        count, start = self._reader.message_count, self.value('start')
        if count and start:
            return f'it lasts {self._reader.duration * 1e-9:g} s, but start is {start:g} s'
        return f'it has {count} messages, none of the topics to be played; {self._there()}'

    def _play(self) -> None:
        """Play the bag once; due times are counted from the start, so nothing drifts."""
        first, messages = self._messages()
        began, last = time.monotonic(), first
        for connection, stamp, data in messages:
            if stamp - last > _LONG_SILENCE * 1e9:
                self.get_logger().warning(
                    f'the bag is silent for {(stamp - last) * 1e-9:.0f} s from '
                    f'{(last - first) * 1e-9:.1f} s on; start skips it')
            last = stamp
            if not self._wait_until_due(began, first, stamp):
                return
            self._publish(connection, bytes(data))
        if self._lockstep is not None:
            self._lockstep.wait()
        # A loop around a single message would take a whole core.
        self.stopping.wait(max(began + _SHORTEST_PASS - time.monotonic(), 0.0))

    def _wait_until_due(self, began: float, first: int, stamp: int) -> bool:
        """Tell the time until a message is due; False if the node was told to stop."""
        due = began + (stamp - first) * 1e-9 / self.value('rate')
        while (wait := due - time.monotonic()) > 0:
            if self.stopping.wait(min(wait, _CLOCK_PERIOD)):
                return False
            passed = (time.monotonic() - began) * self.value('rate')
            self._tell_time(min(first + int(passed * 1e9), stamp))
        self._tell_time(stamp)
        return not self.stopping.is_set()

    def _publish(self, connection: Any, data: bytes) -> None:
        self._topics[connection.id].publish(data)
        if self._lockstep is not None and connection.topic == self._image_topic:
            self._lockstep.sent(data)

    def _tell_time(self, nanoseconds: int) -> None:
        if self._clock_topic is not None:
            self._clock_topic.publish(Clock(clock=nanoseconds_to_stamp(nanoseconds)))


def main(args: list[str] | None = None) -> int:
    """Play until the bag ends or the node is told to stop."""
    return run_node('bag_player_node', BagPlayerNode, args,
                    usage('bag_player_node', __doc__ or '', SPECS))


if __name__ == '__main__':
    sys.exit(main())
