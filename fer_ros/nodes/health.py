"""Judge whether the node is well and, if not, what its user should do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from diagnostic_msgs.msg import DiagnosticStatus

from fer_ros.nodes.diagnostics import TRANSPORT_HINT, FaultLog

try:  # Iron and later
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks


#: What to do in each state but the active one.
_ADVICE = {
    'unconfigured': 'not configured: ros2 lifecycle set {} configure, then activate',
    'inactive': 'not active: ros2 lifecycle set {} activate',
    'finalized': '{} has been shut down: start it anew'}


class Vitals(NamedTuple):
    """
    What the node looks like at a moment.

    :param name: of the node, in full.
    :param state: of its life cycle: unconfigured, inactive, active or finalized.
    :param enabled: by its service ``~/enable``.
    :param topic: of the images, resolved.
    :param publishers: on that topic.
    :param received: images since the node was configured.
    :param faces: in the latest image.
    :param image_timeout: without an image for longer, something is wrong [s].
    :param troubles: what else the user should know, by those who watch it.
    :param what: comes on the topic.
    :param known: a trouble that the console has been told of; '' if there is none.
    """

    name: str
    state: str
    enabled: bool
    topic: str = ''
    publishers: int = 0
    received: int = 0
    faces: int = 0
    image_timeout: float = 2.0
    troubles: tuple[str, ...] = ()
    known: str = ''
    what: str = 'image'


class Health:
    """
    Watches the image subscription.

    :param faults: what went wrong of late.
    :param log: told once that no images come and why, and once that they come again.
    :param clock: monotonic seconds.
    """

    def __init__(self, faults: FaultLog, log: Callable[[str], object],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._faults, self._log, self._clock = faults, log, clock
        self._is_silent = False
        self._topic = self._incompatible = ''
        self._last_received = 0
        self._last_image = clock()

    def watch(self, topic: str) -> SubscriptionEventCallbacks:
        """
        Begin to watch a fresh subscription, which has no incompatibility yet.

        :param topic: of the images, resolved.
        :returns: the events to subscribe with.
        """
        self._topic, self._incompatible = topic, ''
        self._last_received = 0
        self._last_image = self._clock()
        return SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible)

    def judge(self, vitals: Vitals) -> tuple[bytes, str]:
        """Return the diagnostics level and what to tell the user."""
        if vitals.state != 'active':
            return DiagnosticStatus.WARN, _ADVICE[vitals.state].format(vitals.name)
        if not vitals.enabled:
            return DiagnosticStatus.OK, 'disabled by ~/enable'
        level, no_image = self._no_image(vitals) or (DiagnosticStatus.WARN, '')
        no_image = no_image.replace('no image', f'no {vitals.what}', 1)
        fault = self._faults.last if self._faults.recent and not no_image else ''
        text = '; '.join(filter(None, (*vitals.troubles, no_image, fault)))
        self._tell(bool(no_image), text, vitals.what)
        text = '; '.join(filter(None, (text, vitals.known)))
        if text:
            return level, text
        return DiagnosticStatus.OK, f'{vitals.faces} faces'

    def _tell(self, is_silent: bool, text: str, what: str) -> None:
        """Tell the console, which shows no diagnostics, when images stop and when they come."""
        if is_silent != self._is_silent:
            self._is_silent = is_silent
            self._log(text if is_silent else 'images arrive again'.replace('image', what))

    def _no_image(self, vitals: Vitals) -> tuple[bytes, str] | None:
        """Return what to say while no image arrives, None if images do arrive."""
        now = self._clock()
        if vitals.received != self._last_received:
            self._last_received, self._last_image = vitals.received, now
            self._incompatible = ''
        if now - self._last_image < vitals.image_timeout:
            return None
        if vitals.publishers == 0:
            return DiagnosticStatus.WARN, f'no image: 0 publishers on {vitals.topic}'
        if self._incompatible:
            return DiagnosticStatus.ERROR, self._incompatible
        return DiagnosticStatus.WARN, (
            f'no image for {now - self._last_image:.0f} s, although {vitals.publishers} '
            f'publisher(s) are on {vitals.topic}: is it paused? If not, {TRANSPORT_HINT}')

    def _on_incompatible(self, event: Any) -> None:
        policy = getattr(event.last_policy_kind, 'name', event.last_policy_kind)
        self._incompatible = (
            f'incompatible QoS ({policy}) with a publisher of {self._topic}: '
            'set image_qos to auto or best_effort')
        self._faults.report('incompatible_qos', self._incompatible)
