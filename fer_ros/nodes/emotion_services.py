"""The services of emotion_node, answered in the executor's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from fer_ros.nodes.diagnostics import FaultLog
from fer_ros.nodes.image_conversions import ImageError
from fer_ros_msgs.srv import AnalyzeImage, OptOut


class Worker(Protocol):
    """What judges faces."""

    def reset(self) -> None:
        """Forget everybody."""

    def opt_out(self, person_id: str, everybody: bool, take_back: bool) -> str:
        """Let somebody opt out: see :meth:`.EmotionWorker.opt_out`."""


class EmotionServices:
    """
    Offers ``~/enable``, ``~/reset``, ``~/opt_out`` and, if there is what answers it,
    ``~/analyze_image``.

    :param node: has them.
    :param worker: does what is asked.
    :param enable: lets images come, or not.
    :param faults: where unexpected errors are reported.
    :param analyze: judges a still image: see :meth:`.EmotionWorker.analyze`.
    """

    def __init__(self, node: Node, worker: Worker, enable: Callable[[bool], None],
                 faults: FaultLog, analyze: Callable[[Any], Any] | None = None) -> None:
        self._node, self._worker, self._enable, self._faults = node, worker, enable, faults
        self._analyze = analyze
        self._services = [
            node.create_service(SetBool, '~/enable', self._on_enable),
            node.create_service(Trigger, '~/reset', self._on_reset),
            node.create_service(OptOut, '~/opt_out', self._on_opt_out)]
        if analyze is not None:
            self._services.append(
                node.create_service(AnalyzeImage, '~/analyze_image', self._on_analyze))

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
            assert self._analyze is not None
            response.result = self._analyze(message)
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
