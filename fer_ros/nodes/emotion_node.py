"""emotion_node: camera images in; EmotionArray, annotated image and diagnostics out."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

from fer_ros.nodes import parameters
from fer_ros.nodes.cameras import CameraNodes, Shared, rules_of_cameras
from fer_ros.nodes.clock_watch import ClockWatch
from fer_ros.nodes.cues import CueListener
from fer_ros.nodes.diagnostics import FaultLog, ThrottledLog, publish_status
from fer_ros.nodes.emotion_outputs import chosen_outputs
from fer_ros.nodes.emotion_services import EmotionServices
from fer_ros.nodes.emotion_worker import EmotionWorker, concealment_for
from fer_ros.nodes.face_locator import FaceLocator
from fer_ros.nodes.frame import Output
from fer_ros.nodes.health import Health, Vitals
from fer_ros.nodes.image_input import ImageInput
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.qos import complete_qos, emotions_qos
from fer_ros.nodes.running import NodeRefusedError, run_node
from fer_ros.nodes.transitions import explained
from fer_ros.nodes.usage import usage
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

    :param node_name: unless it is remapped.
    :param shared: with the nodes of other cameras in this process; None: nothing is.
    :param kwargs: those of rclpy's node.
    """

    def __init__(self, node_name: str = 'emotion_node', shared: Shared | None = None,
                 **kwargs: Any) -> None:
        super().__init__(node_name, **kwargs)
        self.is_active, self.is_enabled, self._is_finalized = False, True, False
        self.faults = FaultLog(self.get_logger().error)
        self._worker: EmotionWorker | None = None
        self._images: ImageInput | None = None
        self._cues: CueListener | None = None
        self._locator: FaceLocator | None = None
        self._emotions: Any = None
        self._outputs: list[Output] = []
        self._offered_services: EmotionServices | None = None
        # Kept while pipelines come and go: no id is used twice.
        self._shared = shared or Shared(None, itertools.count(1))
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
        pipeline = build_pipeline(
            self.config.pipeline, self._shared.ids, self.get_logger().warning,
            self._shared.networks)
        concealment = concealment_for(self.config, pipeline.provider)
        if self.config['use_depth'] or self.config['estimate_position']:
            self._locator = FaceLocator(self, self.faults, self.config)
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
        self._cues = CueListener(self, pipeline, self.faults, self.config['deterministic'])
        self._images = ImageInput(self, self.config, self._worker, self._health.watch)
        self._offered_services = EmotionServices(
            self, self._worker, self._enable, self.faults, self._worker.analyze)
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
        self._listen()
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

    def take_image(self, message: Image | CompressedImage) -> None:
        """
        Take an image from within the process, as if it had come on the topic; without a copy.

        For a camera driver in Python that runs beside this node, in one thread. Nothing happens
        while the node takes no images. Leave the message as it is afterwards.
        """
        if self._images is not None:
            self._images.take(message)

    def _listen(self) -> None:
        if self._images is None or self._cues is None:
            return
        if self.is_active and self.is_enabled:
            self._cues.start()  # first: of what has come, the executor hands them over first
            self._images.start()
        else:
            self._cues.stop()
            self._images.stop()

    def _release(self) -> None:
        if self._cues is not None:
            self._cues.stop()
            self._cues = None
        if self._images is not None:
            self._images.stop()
            self._images = None
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
            if self._worker is not None and self._images is not None:
                try:
                    self._worker.reconfigure(config)
                except (ModelCardError, OSError) as error:
                    return SetParametersResult(successful=False, reason=str(error))
                self._images.cameras.set_timeout(config['image_timeout'])
            self.config = config
        return result

    def _enable(self, wanted: bool) -> None:
        self.is_enabled = wanted
        self._listen()

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
                        image_timeout=timeout, troubles=(clock,))
        if self._worker is None or self._images is None:
            return vitals
        publishers = self.count_publishers(self._images.topic)
        return vitals._replace(
            topic=self._images.topic, publishers=publishers, received=self._worker.frames.received,
            faces=self._worker.faces, known=self._worker.pipeline.provider.trouble,
            troubles=(clock, self._images.cameras.trouble(publishers), *self._worker.troubles()))

    def _publish_diagnostics(self) -> None:
        level, text = self._health.judge(self._vitals())
        values = {'enabled': str(self.is_enabled), 'faults': str(self.faults.count),
                  'last fault': self.faults.last}
        if self._worker is not None and self._images is not None:
            values.update({
                'of other cameras': str(self._images.cameras.left_out), **self._worker.values()})
        publish_status(self._diagnostics, self, level, text, values)


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; with autostart, refused models end it at once."""
    return run_node('emotion_node', _started_node, args,
                    usage('emotion_node', __doc__ or '', parameters.SPECS))


def _started_node() -> EmotionNode | CameraNodes:
    rules = rules_of_cameras('emotion_node', parameters.SPECS['cameras'])
    if rules:
        return CameraNodes(rules, lambda of_one, shared: _started(
            EmotionNode(cli_args=of_one, shared=shared)))
    return _started(EmotionNode())


def _started(node: EmotionNode) -> EmotionNode:
    if node.config['autostart'] and not (
            node.trigger_configure() == _SUCCESS and node.trigger_activate() == _SUCCESS):
        node.destroy_node()
        raise NodeRefusedError  # the transition has said why
    return node


if __name__ == '__main__':
    sys.exit(main())
