"""What the node says about itself on /diagnostics, and faults logged once, not per frame."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

#: A fault of one kind is logged at most this often [s].
FAULT_PERIOD = 10.0
#: The latest fault makes the status WARN for so long [s].
FAULT_MEMORY = 5.0
_SYSTEM_CLOCK = Clock(clock_type=ClockType.SYSTEM_TIME)
TRANSPORT_HINT = (
    'images larger than 0.5 MB do not fit the default Fast DDS transport: for the camera driver '
    'and this node, set FASTDDS_DEFAULT_PROFILES_FILE to config/fastdds_one_machine.xml of '
    'fer_ros, or FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA if they run on two machines')


class ThrottledLog:
    """
    Logs each kind of text at most every :data:`FAULT_PERIOD`.

    :param log: called with the text to log.
    :param clock: monotonic seconds.
    """

    def __init__(self, log: Callable[[str], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._logged: dict[str, float] = {}
        self._silent: dict[str, int] = {}

    def report(self, kind: str, text: str) -> None:
        """Log a text unless one of its kind was logged a short while ago."""
        now = self._clock()
        if now - self._logged.get(kind, -FAULT_PERIOD) < FAULT_PERIOD:
            self._silent[kind] = self._silent.get(kind, 0) + 1
            return
        repeated = self._silent.pop(kind, 0)
        self._logged[kind] = now
        self._log(text + (f' ({repeated} more of this kind since the last line)'
                          if repeated else ''))


class FaultLog(ThrottledLog):
    """Counts faults, logs them throttled, and remembers the latest one."""

    def __init__(self, log: Callable[[str], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(log, clock)
        self._last: tuple[float, str] | None = None
        self.count = 0

    def report(self, kind: str, text: str) -> None:
        """Note a fault; log it unless its kind was logged a short while ago."""
        self.count += 1
        self._last = self._clock(), text
        super().report(kind, text)

    @property
    def last(self) -> str:
        """The latest fault, '' if there was none."""
        return self._last[1] if self._last else ''

    @property
    def recent(self) -> bool:
        """Whether a fault happened within :data:`FAULT_MEMORY`."""
        return self._last is not None and self._clock() - self._last[0] < FAULT_MEMORY


class FrameStatistics:
    """Rate, latency and processing time over the last 300 results; safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: deque[tuple[float, float, float]] = deque(maxlen=300)
        self.processed = 0

    def add(self, latency: float, processing: float) -> None:
        """Note one result: stamp to publication [s], nan if unknown; the pipeline's time [s]."""
        with self._lock:
            self.processed += 1
            self._rows.append((self._clock(), latency, processing))

    def values(self) -> dict[str, str]:
        """Return the figures as diagnostics show them."""
        with self._lock:
            rows, processed = list(self._rows), self.processed
        result = {'processed': str(processed)}
        recent = [row for row in rows if self._clock() - row[0] < 5.0]
        if len(recent) > 1:
            span = recent[-1][0] - recent[0][0]
            result['rate [Hz]'] = f'{(len(recent) - 1) / span:.1f}' if span > 0 else 'inf'
        if rows:
            table = np.array(rows)[:, 1:] * 1e3
            for name, column in (('latency', table[:, 0]), ('processing', table[:, 1])):
                column = column[np.isfinite(column)]
                if not len(column):
                    continue
                p50, p99 = np.percentile(column, [50, 99])
                result[f'{name} p50 [ms]'] = f'{p50:.1f}'
                result[f'{name} p99 [ms]'] = f'{p99:.1f}'
        return result


def publish_status(publisher: object, node: Node, level: bytes, text: str,
                   values: dict[str, str], subject: str = 'emotions') -> None:
    """
    Publish one DiagnosticStatus under the node's full name and what it is about.

    Its stamp is the node's time, also while that stands; the system's before there is any: 0 says
    that nobody stamped it, and diagnostic_aggregator warns of it.
    """
    name = node.get_fully_qualified_name().lstrip('/')
    status = DiagnosticStatus(
        level=level, name=f'{name}: {subject}', message=text, hardware_id=name,
        values=[KeyValue(key=key, value=value) for key, value in values.items()])
    message = DiagnosticArray(status=[status])
    now = node.get_clock().now()
    message.header.stamp = (now if now.nanoseconds else _SYSTEM_CLOCK.now()).to_msg()
    publisher.publish(message)  # type: ignore[attr-defined]
