"""A subscription that asks for what the publishers of its topic offer, also when that changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile

#: How often the publishers are looked at [s].
_PERIOD = 1.0


class FollowingSubscription:
    """
    Subscribes, and subscribes anew when the publishers offer something else.

    :param node: makes the subscription.
    :param message_type: of the topic.
    :param topic: its name.
    :param callback: gets each message.
    :param choose: the profile to ask for, given what each publisher offers.
    :param events: makes the event callbacks of each new subscription.
    """

    def __init__(self, node: Node, message_type: Any, topic: str, callback: Callable[..., None],
                 choose: Callable[[Sequence[QoSProfile]], QoSProfile],
                 events: Callable[[], Any] = lambda: None) -> None:
        self._node, self._type, self._topic = node, message_type, topic
        self._callback, self._choose, self._events = callback, choose, events
        self.profile = choose(self._offered())
        self._subscribe()
        # Steady: it goes on where the node's own clock stands.
        self._timer = node.create_timer(
            _PERIOD, self._follow, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def destroy(self) -> None:
        """End the subscription."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)

    def _offered(self) -> list[QoSProfile]:
        return [info.qos_profile for info in self._node.get_publishers_info_by_topic(self._topic)]

    def _subscribe(self) -> None:
        self._subscription = self._node.create_subscription(
            self._type, self._topic, self._callback, self.profile,
            event_callbacks=self._events())

    def _follow(self) -> None:
        offered = self._offered()
        if not offered:
            return
        wanted = self._choose(offered)
        if (wanted.reliability, wanted.durability) != (
                self.profile.reliability, self.profile.durability):
            self._node.get_logger().info(
                f'publishers of {self._topic} offer {wanted.reliability.name}, '
                f'{wanted.durability.name}: subscribing anew')
            self._node.destroy_subscription(self._subscription)
            self.profile = wanted
            self._subscribe()
