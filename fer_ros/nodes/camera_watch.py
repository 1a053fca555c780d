"""Several cameras on one image topic: let the images of one of them through, and say so."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.nodes.conversions import stamp_to_seconds
from fer_ros.perception.camera_guard import FOLLOWED, LEFT_OUT, TAKEN_OVER, CameraGuard
from fer_ros.perception.sequence_lanes import SequenceLanes

#: One publisher may alternate between pictures of several kinds; a single odd one is let through.
_PATIENCE = 3
#: The graph is asked at most so often whether the followed publisher has gone [s].
_ASK_PERIOD = 0.5
#: The publisher of every image where rclpy does not tell them apart.
_NOBODY = b''
REMEDY = 'give each camera an image topic of its own'


class Look(NamedTuple):
    """What an image says of its camera; a compressed one names no size."""

    frame_id: str
    encoding: str
    width: int = 0
    height: int = 0

    def __str__(self) -> str:
        size = f'{self.width}x{self.height} ' * bool(self.width or self.height)
        return f"{size}{self.encoding or 'no encoding'}, frame_id '{self.frame_id}'"


class _Frame(NamedTuple):
    publisher: Hashable
    look: Look
    header: Header


def with_info(callback: Callable[[Any, Any], None]) -> Callable[..., None]:
    """Return a subscription's callback that gets message and info; Humble knows no info."""
    if hasattr(Subscription, 'CallbackType'):
        return callback
    return lambda message: callback(message, None)


class CameraWatch:
    """
    Follows one publisher of the image topic and, of its pictures, those of one look.

    Publishers are told apart by their gid, which rclpy reports from 9.1.1 on (Kilted), else by the
    numbers that they count (Jazzy; not with every middleware), else not at all (Humble).

    :param node: asked who publishes on the topic.
    :param topic: of the images, resolved.
    :param warn: logs a warning.
    :param timeout: a camera without an image for longer is silent [s].
    :param clock: monotonic seconds.
    """

    def __init__(self, node: Node, topic: str, warn: Callable[[str], None], timeout: float,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._node, self._topic, self._warn, self._clock = node, topic, warn, clock
        self._publishers = CameraGuard(timeout)
        self._looks = CameraGuard(timeout, _PATIENCE)
        self._lanes = SequenceLanes()
        self._ask_after = 0.0
        self.left_out = 0

    def set_timeout(self, timeout: float) -> None:
        """Change after how long a camera is silent [s]."""
        self._publishers.timeout = self._looks.timeout = timeout

    def judge(self, message: Image | CompressedImage, info: Any) -> str:
        """
        Return 'followed', 'left_out', or 'taken_over': followed, but another camera than before.

        :param info: the message's, as rclpy gives it; None where it gives none.
        """
        now, before = self._clock(), self._publishers.chosen
        frame = _Frame(self._publisher_of(info), _look_of(message), message.header)
        guard, verdict = self._publishers, self._judge(frame, now)
        name = frame.publisher
        if verdict != LEFT_OUT:
            if name != before:
                self._looks = CameraGuard(guard.timeout, _PATIENCE)
            seen = self._looks.judge(frame.look, now, frame)
            if seen != FOLLOWED:
                guard, name, verdict = self._looks, frame.look, seen
        if verdict == LEFT_OUT:
            self.left_out += 1
            self._tell(guard, name, now)
        elif verdict == TAKEN_OVER:
            self._warn(f'the followed camera on {self._topic} has fallen silent: '
                       f'following {self._describe(frame, self._names())} now')
        return verdict

    def trouble(self, publishers: int) -> str:
        """
        Return what to say of several cameras, '' if all is well.

        :param publishers: how many there are on the topic.
        """
        now = self._clock()
        others = [guard.cameras[name] for guard in (self._publishers, self._looks)
                  for name in guard.others(now)]
        if not others:
            if publishers > 1 and self._publishers.chosen == _NOBODY:
                return (f'{publishers} publishers on {self._topic}, and this rclpy '
                        f'does not tell their images apart: if more than one sends, {REMEDY}')
            return ''
        ours = self._looks.cameras[self._looks.chosen]
        names = self._names()
        return (
            f'{len(others) + 1} cameras on {self._topic}: following '
            f'{self._describe(ours.about, names)}; left out: ' + ', '.join(
                self._describe(other.about, names, ours.about.header, other.last - ours.last)
                for other in others) + f'; {REMEDY}')

    def _judge(self, frame: _Frame, now: float) -> str:
        """Judge by the publisher; one that has gone makes room at once."""
        guard = self._publishers
        verdict = guard.judge(frame.publisher, now, frame)
        if verdict == LEFT_OUT and now >= self._ask_after:
            self._ask_after = now + _ASK_PERIOD
            # Where gids of graph and message differ (some middlewares), neither is in the list.
            names = self._names()
            if guard.chosen not in names and (frame.publisher in names or len(names) == 1):
                guard.forget(guard.chosen)
                verdict = guard.judge(frame.publisher, now, frame)
        return verdict

    def _publisher_of(self, info: Any) -> Hashable:
        """Return what tells a message's publisher from others: gid, number, or nothing."""
        info = info or {}
        gid = info.get('publisher_gid')
        if gid:
            return _trimmed(gid['data'] if isinstance(gid, dict) else gid)
        number = info.get('publication_sequence_number')
        return _NOBODY if number is None else self._lanes.lane(number)

    def _tell(self, guard: CameraGuard, name: Hashable, now: float) -> None:
        """Warn of another camera, once."""
        camera = guard.cameras[name]
        if guard.is_other(name) and not camera.told:
            self._warn(self.trouble(0))
            camera.told = guard.cameras[guard.chosen].told = True

    def _names(self) -> dict[Hashable, str]:
        """Return gid -> node name, '' if not known yet, of every publisher on the topic."""
        infos = self._node.get_publishers_info_by_topic(self._topic)
        return {_trimmed(info.endpoint_gid): '' if 'UNKNOWN' in info.node_name else (
            f'{info.node_namespace.rstrip("/")}/{info.node_name}') for info in infos}

    def _describe(self, frame: _Frame, names: dict[Hashable, str], ours: Header | None = None,
                  later: float = 0.0) -> str:
        """
        Describe a camera by its latest frame.

        :param ours: header of the followed camera's latest frame, whose clock is compared.
        :param later: the frame came so much later than that one [s].
        """
        text = f'{names.get(frame.publisher) or "a publisher"} ({frame.look}'
        if ours is not None:
            ahead = stamp_to_seconds(frame.header) - stamp_to_seconds(ours) - later
            text += f', its clock {abs(ahead):.2f} s {"ahead" if ahead > 0 else "behind"}'
        return text + ')'


def _trimmed(gid: Any) -> bytes:
    """Return a gid without the zeros that some releases pad it with."""
    return bytes(gid).rstrip(b'\0')


def _look_of(message: Image | CompressedImage) -> Look:
    if isinstance(message, CompressedImage):
        return Look(message.header.frame_id, message.format)
    return Look(message.header.frame_id, message.encoding, message.width, message.height)
