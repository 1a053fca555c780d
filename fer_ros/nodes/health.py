"""Judge whether the node is well and, if not, what its user should do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus

from fer_ros.nodes.diagnostics import TRANSPORT_HINT

try:  # Iron and later
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

if TYPE_CHECKING:
    from fer_ros.nodes.emotion_node import EmotionNode


class Health:
    """
    Watches the image subscription.

    :param node: the node to judge.
    """

    def __init__(self, node: EmotionNode) -> None:
        self._node = node
        self._incompatible = ''
        self._last_received = 0
        self._last_image = time.monotonic()

    def callbacks(self) -> SubscriptionEventCallbacks:
        """Return the events to subscribe with; a fresh subscription has no incompatibility."""
        self._incompatible = ''
        self._last_received = 0
        self._last_image = time.monotonic()
        return SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible)

    def judge(self) -> tuple[bytes, str]:
        """Return the diagnostics level and what to tell the user."""
        node = self._node
        if not node.is_active:
            return DiagnosticStatus.WARN, 'not active: ros2 lifecycle set <node> activate'
        if not node.is_enabled:
            return DiagnosticStatus.OK, 'disabled by ~/enable'
        trouble = self._no_image()
        if trouble:
            return trouble
        if node.faults.recent:
            return DiagnosticStatus.WARN, node.faults.last
        return DiagnosticStatus.OK, f'{node.worker.faces} faces'

    def _no_image(self) -> tuple[bytes, str] | None:
        """Return what to say while no image arrives, None if images do arrive."""
        node, now = self._node, time.monotonic()
        received = node.worker.frames.received
        if received != self._last_received:
            self._last_received, self._last_image = received, now
            self._incompatible = ''
        if now - self._last_image < node.config['image_timeout']:
            return None
        topic = node.image_topic
        count = node.count_publishers(topic)
        if count == 0:
            return DiagnosticStatus.WARN, f'no image: 0 publishers on {topic}'
        if self._incompatible:
            return DiagnosticStatus.ERROR, self._incompatible
        return DiagnosticStatus.WARN, (
            f'no image for {now - self._last_image:.0f} s, although {count} publisher(s) are on '
            f'{topic}: is it paused? If not, {TRANSPORT_HINT}')

    def _on_incompatible(self, event: Any) -> None:
        policy = getattr(event.last_policy_kind, 'name', event.last_policy_kind)
        self._incompatible = (
            f'incompatible QoS ({policy}) with a publisher of {self._node.image_topic}: '
            'set image_qos to auto or best_effort')
        self._node.faults.report('incompatible_qos', self._incompatible)
