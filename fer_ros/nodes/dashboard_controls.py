"""What is clicked on the page, asked of the nodes by their services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool, Trigger

from fer_ros.dashboard.controls import Answer
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros_msgs.srv import OptOut, SetTone

#: Asked again after so long, so often: an answer is lost while a server does not know its client.
_AGAIN, _TIMES = 2.0, 2
_SHOWN = ('anonymize', 'overlay')


class NodeControls:
    """
    Asks emotion_node and behavior_node.

    :param node: the clients are its own; its executor takes the answers in.
    :param feed: gets what the parameters stand at.
    :param emotion: name of emotion_node.
    :param behavior: name of behavior_node.
    """

    def __init__(self, node: Node, feed: LiveFeed, emotion: str, behavior: str) -> None:
        self._feed = feed
        self._clients = {name: node.create_client(kind, f'{of}/{name}') for of, name, kind in (
            (emotion, 'enable', SetBool), (emotion, 'reset', Trigger),
            (emotion, 'opt_out', OptOut), (emotion, 'set_parameters', SetParameters),
            (emotion, 'get_parameters', GetParameters), (behavior, 'set_tone', SetTone))}

    async def apply(self, name: str, value: Any) -> Answer:
        """See :meth:`.Controls.apply`."""
        if name in ('anonymize', 'overlay'):
            return await self._set_parameter(name, value)
        service, request = _REQUESTS[name](value)
        response = await self._call(service, request)
        if isinstance(response, Answer):
            return response
        if response.success:
            self._note(name, value)
        return Answer(response.success, response.message)

    def ask_parameters(self) -> None:
        """Ask what the parameters stand at; the answer goes to the feed."""
        client = self._clients['get_parameters']
        if not client.service_is_ready():
            self._feed.set_settings(replace(
                self._feed.settings, anonymize=None, overlay=None))
            return
        client.call_async(GetParameters.Request(names=_SHOWN)).add_done_callback(
            lambda future: self._take(future.result()))

    def _take(self, response: GetParameters.Response | None) -> None:
        if response is not None and len(response.values) == len(_SHOWN):
            self._feed.set_settings(replace(
                self._feed.settings, anonymize=response.values[0].bool_value,
                overlay=response.values[1].string_value))

    async def _set_parameter(self, name: str, value: Any) -> Answer:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()])
        response = await self._call('set_parameters', request)
        if isinstance(response, Answer):
            return response
        result = response.results[0]
        if result.successful:
            self._feed.set_settings(replace(self._feed.settings, **{name: value}))
        return Answer(result.successful, result.reason)

    def _note(self, name: str, value: Any) -> None:
        """Show at once what diagnostics will tell in a second."""
        if name == 'enable':
            self._feed.set_settings(replace(self._feed.settings, enabled=value))
        elif name == 'tone':
            self._feed.set_settings(replace(self._feed.settings, tone_is_set=bool(value)))

    async def _call(self, service: str, request: Any) -> Any:
        """Return the response, or the answer that tells why there is none."""
        client = self._clients[service]
        if not client.service_is_ready():
            return Answer(False, f'no service {client.srv_name}: is that node running?')
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()
        for _ in range(_TIMES):
            client.call_async(request).add_done_callback(
                lambda future: loop.call_soon_threadsafe(_settle, answered, future))
            done, _pending = await asyncio.wait([answered], timeout=_AGAIN)
            if done:
                return answered.result()
        return Answer(False, f'{client.srv_name} gave no answer within {_AGAIN * _TIMES:g} s')


def _settle(answered: asyncio.Future[Any], future: Any) -> None:
    if answered.done():
        return
    if future.exception() is not None:
        answered.set_exception(future.exception())
    else:
        answered.set_result(future.result())


#: control -> (its value -> the service and the request).
_REQUESTS: dict[str, Callable[[Any], tuple[str, Any]]] = {
    'enable': lambda value: ('enable', SetBool.Request(data=value)),
    'reset': lambda _value: ('reset', Trigger.Request()),
    'tone': lambda value: ('set_tone', SetTone.Request(tone=value)),
    'opt_out': lambda value: ('opt_out', OptOut.Request(person_id=value)),
    'opt_in': lambda value: ('opt_out', OptOut.Request(person_id=value, take_back=True)),
    'opt_out_everybody': lambda _value: ('opt_out', OptOut.Request(everybody=True)),
}
