"""expression_node: faces that another ROS4HRI detector publishes in; their expressions out."""

from __future__ import annotations

import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter

from fer_ros.nodes import expression_parameters
from fer_ros.nodes.clock_watch import ClockWatch
from fer_ros.nodes.cues import CueListener
from fer_ros.nodes.diagnostics import FaultLog, ThrottledLog, publish_status
from fer_ros.nodes.emotion_services import EmotionServices
from fer_ros.nodes.expression_parameters import SPECS
from fer_ros.nodes.expression_worker import ExpressionWorker
from fer_ros.nodes.health import Health, Vitals
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.nodes.qos import emotions_qos
from fer_ros.nodes.ros4hri import ROOT, hri_messages
from fer_ros.nodes.running import run_node
from fer_ros.nodes.tracked_faces import TrackedFaces
from fer_ros.nodes.usage import usage
from fer_ros.perception.crop_pipeline import CropPipeline
from fer_ros_msgs.msg import EmotionArray

_TRACKED = f'{ROOT}/tracked'


class ExpressionNode(Node):
    """
    Follows ``/humans/faces/tracked``, judges each face's crops and publishes ``/expression``.

    Threads: the executor's puts crops into slots and answers services; one worker judges all
    that wait and publishes (``expression_worker.py``).

    :raises NodeRefusedError: if hri_msgs is missing, or is another one.
    :raises ModelCardError: if a model cannot be used; says why.
    """

    def __init__(self, node_name: str = 'expression_node', **kwargs: Any) -> None:
        super().__init__(node_name, **kwargs)
        self.is_enabled = True
        self._faces: TrackedFaces | None = None
        self._worker: ExpressionWorker | None = None
        declare(self, SPECS)
        self.config = self._read()
        self._messages = hri_messages()
        self.faults = FaultLog(self.get_logger().error)
        self._health = Health(self.faults, self.get_logger().warning)
        self._clock_watch = ClockWatch(self)
        self._crops_seen, self._crops_time = 0, time.monotonic()
        pipeline = CropPipeline(self.config.pipeline, self.get_logger().warning)
        emotions = self.create_publisher(EmotionArray, 'emotions', emotions_qos())
        self._worker = ExpressionWorker(
            pipeline, self._messages, emotions, lambda: self.get_clock().now().nanoseconds * 1e-9,
            self.faults, ThrottledLog(self.get_logger().warning))
        self._cues = CueListener(self, pipeline, self.faults, deterministic=False)
        self._offered_services = EmotionServices(self, self._worker, self._enable, self.faults)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Steady: it goes on where the node's own clock stands.
        self._timer = self.create_timer(
            1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._listen()
        self.get_logger().info(
            f'{pipeline.classifier.card.name} judges what {_TRACKED} lists')

    @property
    def worker(self) -> ExpressionWorker:
        """The worker."""
        assert self._worker is not None
        return self._worker

    def destroy_node(self) -> None:
        """Release everything before the node goes."""
        self._stop_listening()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        super().destroy_node()

    def _listen(self) -> None:
        if self._faces is None:
            self._faces = TrackedFaces(
                self, self._messages, self.config['crops'], self.worker.slots.expect,
                self.worker.slots.put, self.faults, lambda: self.config)
            self.worker.follow(self._faces)
            self._cues.start()

    def _stop_listening(self) -> None:
        if self._faces is not None:
            self.worker.follow(None)
            self._cues.stop()
            self._faces.destroy()
            self._faces = None
            self.worker.slots.drain()

    def _enable(self, wanted: bool) -> None:
        self.is_enabled = wanted
        if wanted:
            self._listen()
        else:
            self._stop_listening()

    def _read(self, changes: dict[str, Any] | None = None) -> EmotionNodeConfig:
        """:raises ValueError: if values contradict each other; names them."""
        values = {name: self.get_parameter(name).value for name in SPECS}
        return expression_parameters.build_config({**values, **(changes or {})})

    def _on_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        changes = {p.name: p.value for p in changed if p.name in SPECS}
        fixed = [name for name, value in changes.items()
                 if not SPECS[name].live and value != self.get_parameter(name).value]
        if fixed:
            return SetParametersResult(successful=False, reason=(
                f'{", ".join(fixed)} can be set only when the node is started'))
        try:
            config = self._read(changes)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.worker.reconfigure(config)
        self.config = config
        return SetParametersResult(successful=True)

    def _publish_diagnostics(self) -> None:
        timeout = self.config['image_timeout']
        level, text = self._health.judge(Vitals(
            self.get_fully_qualified_name(), 'active', self.is_enabled, _TRACKED,
            self.count_publishers(_TRACKED), self._faces.received if self._faces else 0,
            self.worker.faces, timeout, what='face list',
            troubles=(self._clock_watch.trouble(timeout), self._no_crops(timeout)),
            known=self.worker.pipeline.provider.trouble))
        publish_status(self._diagnostics, self, level, text, {
            'enabled': str(self.is_enabled), 'faults': str(self.faults.count),
            'last fault': self.faults.last, **self.worker.values()})

    def _no_crops(self, timeout: float) -> str:
        """Return what to say where faces are listed, but none of their crops comes."""
        slots, now = self.worker.slots, time.monotonic()
        if slots.received != self._crops_seen or not slots.expected:
            self._crops_seen, self._crops_time = slots.received, now
        if now - self._crops_time < timeout:
            return ''
        topic = f'{ROOT}/{min(slots.expected, default="ID")}/{self.config["crops"]}'
        return (f'faces are listed, but no crops come: {self.count_publishers(topic)} publishers '
                f'on {topic} (the parameter crops names the other kind)')


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; what cannot be used ends it at once."""
    return run_node('expression_node', ExpressionNode, args,
                    usage('expression_node', __doc__ or '', SPECS))


if __name__ == '__main__':
    sys.exit(main())
