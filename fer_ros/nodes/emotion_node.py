"""emotion_node: camera images in; EmotionArray, annotated image and diagnostics out."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from fer_ros.nodes import parameters
from fer_ros.nodes.camera_watch import CameraWatch, with_info
from fer_ros.nodes.clock_watch import ClockWatch
from fer_ros.nodes.diagnostics import FaultLog, ThrottledLog, publish_status
from fer_ros.nodes.emotion_outputs import chosen_outputs
from fer_ros.nodes.emotion_services import EmotionServices
from fer_ros.nodes.emotion_worker import EmotionWorker, concealment_for
from fer_ros.nodes.face_locator import FaceLocator
from fer_ros.nodes.following_subscription import FollowingSubscription
from fer_ros.nodes.frame import Output
from fer_ros.nodes.health import Health, Vitals
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.qos import complete_qos, emotions_qos, image_qos, matching_qos
from fer_ros.nodes.running import NodeRefusedError, run_node
from fer_ros.nodes.transitions import explained
from fer_ros.nodes.usage import usage
from fer_ros.perception.camera_guard import LEFT_OUT, TAKEN_OVER
from fer_ros.perception.model_card import ModelCardError
from fer_ros.perception.onnx_session import engine_advice
from fer_ros.perception.pipeline import build_pipeline
from fer_ros_msgs.msg import EmotionArray

_SUCCESS = TransitionCallbackReturn.SUCCESS


class EmotionNode(LifecycleNode):
    """
    A lifecycle node around the pipeline.

    ``configure`` loads the models and makes publishers and services; ``activate`` subscribes.
    Threads: the executor's puts images into a slot and answers services; one worker takes the
    newest image through the pipeline and publishes (``emotion_worker.py``).
    """

    def __init__(self, node_name: str = 'emotion_node', **kwargs: Any) -> None:
        super().__init__(node_name, **kwargs)
        self.is_active, self.is_enabled, self._is_finalized = False, True, False
        self.image_topic = ''
        self.faults = FaultLog(self.get_logger().error)
        self._worker: EmotionWorker | None = None
        self._cameras: CameraWatch | None = None
        self._locator: FaceLocator | None = None
        self._subscription: FollowingSubscription | None = None
        self._emotions: Any = None
        self._outputs: list[Output] = []
        self._offered_services: EmotionServices | None = None
        self._ids = itertools.count(1)  # kept while pipelines come and go: no id is used twice
        declare(self, parameters.SPECS)
        self.config = parameters.read_config(self)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._health, self._clock_watch = Health(
            self.faults, self.get_logger().warning), ClockWatch(self)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Steady: it goes on where the node's own clock stands.
        self._timer = self.create_timer(
            1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def worker(self) -> EmotionWorker:
        """The worker of a configured node."""
        if self._worker is None:
            raise RuntimeError('emotion_node is not configured')
        return self._worker

    @explained
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the models; what cannot be used is refused here with its reason."""
        self.config = parameters.read_config(self)
        pipeline = build_pipeline(self.config.pipeline, self._ids, self.get_logger().warning)
        concealment = concealment_for(self.config, pipeline.provider)
        if self.config['use_depth']:
            self._locator = FaceLocator(self, self.faults, self.config['deterministic'])
        self._emotions = self.create_lifecycle_publisher(EmotionArray, 'emotions', complete_qos(
            ) if self.config['deterministic'] else emotions_qos())
        try:
            for output in chosen_outputs(self.config):
                self._outputs.append(output(self))
        except NodeRefusedError:  # its package is missing
            self._release()
            raise
        self._worker = EmotionWorker(
            pipeline, self.config, self._emotions, self._outputs, self._now, self.faults,
            ThrottledLog(self.get_logger().warning), self._locator, concealment)
        self._cameras = CameraWatch(
            self, self.get_logger().warning, self.config['image_timeout'])
        self._offered_services = EmotionServices(self, self._worker, self._enable, self.faults)
        if engine_advice():
            self.get_logger().warning(engine_advice())
        self.get_logger().info(
            f'configured: {pipeline.detector.card.name} finds faces, '
            f'{pipeline.classifier.card.name} judges them')
        return _SUCCESS

    @explained
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take images."""
        result = super().on_activate(state)
        if result == _SUCCESS:
            self.is_active = True
            self._listen()
        return result

    @explained
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take no more images; the models stay loaded."""
        self.is_active = False
        self._stop_listening()
        return super().on_deactivate(state)

    @explained
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release models, publishers and services."""
        self._release()
        return _SUCCESS

    @explained
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, from whatever state."""
        self.is_active, self._is_finalized = False, True
        self._release()
        return _SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, so that it can be configured anew."""
        self.is_active = False
        self._release()
        return _SUCCESS

    def destroy_node(self) -> None:
        """Release everything before the node goes."""
        self._release()
        super().destroy_node()

    def _listen(self) -> None:
        if self._subscription is not None or not (self.is_active and self.is_enabled):
            return
        compressed = self.config['image_transport'] == 'compressed'
        self.image_topic = self.resolve_topic_name('image') + '/compressed' * compressed
        self._subscription = FollowingSubscription(
            self, CompressedImage if compressed else Image, self.image_topic,
            with_info(self._on_image), self._image_qos, self._image_events)

    def _on_image(self, message: Any, info: Any) -> None:
        """Hand an image to the worker unless it is of another camera than the followed one."""
        if self._cameras is None or self._worker is None:
            return
        verdict = self._cameras.judge(message, info)
        if verdict == TAKEN_OVER:
            self._worker.reset()
        if verdict != LEFT_OUT:
            self._worker.frames.put(message)

    def _image_qos(self, offered: Sequence[QoSProfile]) -> QoSProfile:
        """Return what to ask of the publishers: the parameters' wish, or what all offer."""
        if self.config['deterministic']:
            return complete_qos(offered)
        depth = self.config['image_depth']
        if self.config['image_qos'] != 'auto':
            return image_qos(self.config['image_qos'], depth)
        return matching_qos(offered, depth)

    def _image_events(self) -> Any:
        events = self._health.watch(self.image_topic)
        if self.config['deterministic']:
            events.message_lost = lambda event: self.worker.frames.lose(event.total_count_change)
        return events

    def _stop_listening(self) -> None:
        if self._subscription is not None:
            self._subscription.destroy()
            self._subscription = None
        if self._worker is not None:
            self._worker.frames.drain()

    def _release(self) -> None:
        self._stop_listening()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._locator is not None:
            self._locator.destroy()
            self._locator = None
        if self._offered_services is not None:
            self._offered_services.destroy()
            self._offered_services = None
        for output in self._outputs:
            output.destroy()
        if self._emotions is not None:
            self.destroy_lifecycle_publisher(self._emotions)
        self._emotions, self._outputs = None, []

    def _on_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        result, config = parameters.check_change(self, changed, self._worker is not None)
        if config is not None:
            if self._worker is not None and self._cameras is not None:
                try:
                    self._worker.reconfigure(config)
                except (ModelCardError, OSError) as error:
                    return SetParametersResult(successful=False, reason=str(error))
                self._cameras.set_timeout(config['image_timeout'])
            self.config = config
        return result

    def _enable(self, wanted: bool) -> None:
        self.is_enabled = wanted
        if wanted:
            self._listen()
        else:
            self._stop_listening()

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _state(self) -> str:
        if self._is_finalized:
            return 'finalized'
        if self._worker is None:
            return 'unconfigured'
        return 'active' if self.is_active else 'inactive'

    def _vitals(self) -> Vitals:
        timeout = self.config['image_timeout']
        clock = self._clock_watch.trouble(timeout)
        vitals = Vitals(self.get_fully_qualified_name(), self._state(), self.is_enabled,
                        self.image_topic, image_timeout=timeout, troubles=(clock,))
        if self._worker is None or self._cameras is None:
            return vitals
        publishers = self.count_publishers(self.image_topic) if self.image_topic else 0
        return vitals._replace(
            publishers=publishers, received=self._worker.frames.received,
            faces=self._worker.faces, known=self._worker.pipeline.provider.trouble,
            troubles=(clock, self._cameras.trouble(publishers), *self._worker.troubles()))

    def _publish_diagnostics(self) -> None:
        level, text = self._health.judge(self._vitals())
        values = {'enabled': str(self.is_enabled), 'faults': str(self.faults.count),
                  'last fault': self.faults.last}
        if self._worker is not None and self._cameras is not None:
            values.update({
                'of other cameras': str(self._cameras.left_out), **self._worker.values()})
        publish_status(self._diagnostics, self, level, text, values)


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; with autostart, refused models end it at once."""
    return run_node('emotion_node', _started_node, args,
                    usage('emotion_node', __doc__ or '', parameters.SPECS))


def _started_node() -> EmotionNode:
    node = EmotionNode()
    if node.config['autostart'] and not (
            node.trigger_configure() == _SUCCESS and node.trigger_activate() == _SUCCESS):
        node.destroy_node()
        raise NodeRefusedError  # the transition has said why
    return node


if __name__ == '__main__':
    sys.exit(main())
