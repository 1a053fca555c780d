"""The services of emotion_node, answered in the executor's thread."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.emotion_worker import EmotionWorker
from fer_ros.nodes.image_conversions import ImageError
from fer_ros_msgs.srv import AnalyzeImage, OptOut


class EmotionServices:
    """
    Offers ``~/enable``, ``~/reset``, ``~/analyze_image`` and ``~/opt_out``.

    :param node: has them.
    :param worker: does what is asked.
    :param enable: lets images come, or not.
    :param faults: where unexpected errors are reported.
    """

    def __init__(self, node: Node, worker: EmotionWorker, enable: Callable[[bool], None],
                 faults: FaultLog) -> None:
        self._node, self._worker, self._enable, self._faults = node, worker, enable, faults
        self._services = [
            node.create_service(SetBool, '~/enable', self._on_enable),
            node.create_service(Trigger, '~/reset', self._on_reset),
            node.create_service(AnalyzeImage, '~/analyze_image', self._on_analyze),
            node.create_service(OptOut, '~/opt_out', self._on_opt_out)]

    def destroy(self) -> None:
        """Offer them no more."""
        for service in self._services:
            self._node.destroy_service(service)

    def _on_enable(self, request: SetBool.Request,
                   response: SetBool.Response) -> SetBool.Response:
        self._enable(request.data)
        response.success, response.message = True, 'enabled' if request.data else 'disabled'
        return response

    def _on_reset(self, request: Trigger.Request,
                  response: Trigger.Response) -> Trigger.Response:
        self._worker.reset()
        response.success, response.message = True, 'tracks and filters start anew'
        return response

    def _on_analyze(self, request: AnalyzeImage.Request,
                    response: AnalyzeImage.Response) -> AnalyzeImage.Response:
        message = request.compressed if len(request.compressed.data) else request.image
        try:
            response.result = self._worker.analyze(message)
            response.success = True
        except ImageError as error:
            response.message = str(error)
        except Exception as error:  # a caller's picture must not end the node
            response.message = ' '.join(f'{type(error).__name__}: {error}'.split())
            self._faults.report(type(error).__name__, f'analyze_image: {response.message}')
        return response

    def _on_opt_out(self, request: OptOut.Request, response: OptOut.Response) -> OptOut.Response:
        try:
            response.message = self._worker.opt_out(
                request.person_id, request.everybody, request.take_back)
            response.success = True
        except ValueError as error:
            response.message = str(error)
        return response
