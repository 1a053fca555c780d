"""dashboard_node: a page in the browser that shows what the robot sees, and how it speaks."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from fer_ros.dashboard.access import Access, is_loopback
from fer_ros.dashboard.invitation import invitation
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros.dashboard.picture_desk import PictureDesk
from fer_ros.dashboard.server import DashboardServer
from fer_ros.dashboard.shown import Condition
from fer_ros.nodes.dashboard_controls import NodeControls
from fer_ros.nodes.dashboard_messages import to_condition, to_moment, to_tone
from fer_ros.nodes.dashboard_parameters import SPECS
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.qos import emotions_qos, image_qos, latched_qos
from fer_ros.nodes.running import run_node
from fer_ros.nodes.usage import usage
from fer_ros_msgs.msg import DialogTone, EmotionArray

#: A node that says nothing for so long is not there [s].
_PATIENCE = 3.5
_JPEG = b'\xff\xd8'
_YIELDING = 5


class DashboardNode(Node):
    """
    Gives the page what it shows, and does what is clicked there.

    Threads: the executor's takes messages in; the server's serves the page
    (:mod:`fer_ros.dashboard`), one more looks at dropped pictures. The annotated image is
    subscribed to only while somebody watches: emotion_node makes it for nobody else. dialog/notice
    is not subscribed to: whoever hears it counts as somebody who says it to people.
    """

    def __init__(self, node_name: str = 'dashboard_node', **kwargs: Any) -> None:
        super().__init__(node_name, **kwargs)
        declare(self, SPECS)
        emotion, behavior = (self.get_parameter(name).value for name in (
            'emotion_node', 'behavior_node'))
        self.feed = LiveFeed()
        self._controls = NodeControls(self, self.feed, emotion, behavior)
        self._emotion, self._behavior = self._full_name(emotion), self._full_name(behavior)
        # Whoever is shown is to be there from the start, or the page says so.
        self._heard = {self._emotion: time.monotonic()}
        self._video: Any = None
        self._told: str | None = None
        self.create_subscription(EmotionArray, 'emotions', self._on_emotions, emotions_qos())
        self.create_subscription(DialogTone, 'dialog/tone', self._on_tone, latched_qos())
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.25, self.follow_viewers, clock=steady)
        self.create_timer(1.0, self._look_around, clock=steady)
        access = Access(self.get_parameter('host').value)
        self.server = DashboardServer(
            self.feed, self._controls, PictureDesk(), access, self.get_parameter('port').value)
        self.server.start()
        self.get_logger().info(f'open {self.server.address}')
        if not is_loopback(access.host):
            print(invitation(self.server.address), flush=True)

    def destroy_node(self) -> None:
        """Stop serving before the node goes."""
        self.server.stop()
        super().destroy_node()

    def _full_name(self, name: str) -> str:
        return self.resolve_service_name(name).lstrip('/')

    def _on_emotions(self, message: EmotionArray) -> None:
        self.feed.add_moment(to_moment(message))

    def _on_tone(self, message: DialogTone) -> None:
        self.feed.add_tone(to_tone(message))

    def _on_image(self, message: CompressedImage) -> None:
        jpeg = bytes(message.data)
        if jpeg.startswith(_JPEG):
            self.feed.add_picture(jpeg)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            condition = to_condition(status)
            if condition.name not in (self._emotion, self._behavior):
                continue
            self._heard[condition.name] = time.monotonic()
            self.feed.set_condition(condition)
            self._take_settings(condition)

    def _take_settings(self, condition: Condition) -> None:
        values, settings = condition.values, self.feed.settings
        if condition.name == self._emotion and 'enabled' in values:
            settings = replace(settings, enabled=values['enabled'] == 'True')
        elif condition.name == self._behavior:
            settings = replace(
                settings, tones=tuple(filter(None, values.get('tones', '').split(', '))),
                tone_is_set=values.get('set by the operator') == 'True')
            self._take_notice(values.get('told last', ''), values.get('last notice', ''))
        self.feed.set_settings(settings)

    def _take_notice(self, person: str, text: str) -> None:
        """Show that somebody has been told; what was told before this node began is past."""
        if person and self._told not in (None, person):
            self.feed.add_notice(text)
        self._told = person

    def follow_viewers(self) -> None:
        """Ask for pictures while somebody watches."""
        if self.feed.is_watched and self._video is None:
            topic = self.resolve_topic_name('emotions/image') + '/compressed'
            self._video = self.create_subscription(
                CompressedImage, topic, self._on_image, image_qos())
        elif not self.feed.is_watched and self._video is not None:
            self.destroy_subscription(self._video)
            self._video = None

    def _look_around(self) -> None:
        """See which nodes are there and what their parameters stand at."""
        now = time.monotonic()
        for name, heard in self._heard.items():
            if now - heard > _PATIENCE:
                if name == self._emotion:
                    self.feed.nobody()
                self.feed.set_condition(Condition(name, 'silent', (
                    f'not heard for {now - heard:.0f} s: is it running (ros2 launch fer_ros '
                    'fer.launch.py)? If it has another name, tell it to dashboard_node '
                    '(parameters emotion_node, behavior_node)')))
        if self.feed.is_watched:
            self._controls.ask_parameters()


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; whoever drives the robot comes first."""
    os.nice(_YIELDING)
    return run_node('dashboard_node', DashboardNode, args,
                    usage('dashboard_node', __doc__ or '', SPECS), takes_images=False)


if __name__ == '__main__':
    sys.exit(main())
