"""A recorded topic's publisher, which waits for subscribers that fall behind."""

from __future__ import annotations

from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

#: So many messages may be on their way.
_HISTORY = 100


class PacedPublisher:
    """
    Publishes serialized messages no faster than reliable subscribers acknowledge them.

    Otherwise the middleware would overwrite what they have not yet received.

    :param node: makes the publisher.
    :param message_type: of the topic.
    :param topic: its name.
    :param connection: of ``rosbags``: how the topic was published when it was recorded.
    """

    def __init__(self, node: Node, message_type: Any, topic: str, connection: Any) -> None:
        qos = _qos(connection)
        self._logger, self._topic, self._count = node.get_logger(), topic, 0
        self._publisher = node.create_publisher(message_type, topic, qos)
        self._interval = max(qos.depth // 2, 1)

    @property
    def subscriber_count(self) -> int:
        """How many subscribe; a message is lost to who comes after it."""
        return int(self._publisher.get_subscription_count())

    def publish(self, data: bytes) -> None:
        """Publish CDR bytes."""
        self._publisher.publish(data)
        self._count += 1
        if self._count % self._interval == 0 and not self.flush(1.0):
            self._logger.warning(
                f'a reliable subscriber of {self._topic} does not take its messages: some will '
                'be lost', throttle_duration_sec=10)

    def flush(self, patience: float) -> bool:
        """Wait [s] until all have arrived; return whether they have."""
        return bool(self._publisher.wait_for_all_acked(Duration(seconds=patience)))


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
