"""Call a service of one of the nodes, where there is no ``ros2 service call``."""

from __future__ import annotations

import argparse
import math
from typing import Any

from rclpy.node import Node

from fer_ros.nodes.command_line import command_node, neighborhood, resolved, spin_until

#: Asked again after so long [s]: an answer is lost while a server does not know its client yet.
_AGAIN = 2.0


def add_options(parser: argparse.ArgumentParser, node: str) -> None:
    """Add which node is asked, and how long its answer is waited for."""
    parser.add_argument('--node', default=node, help=f'which node, such as /robot/{node}')
    parser.add_argument('--wait', type=float, default=5.0,
                        help='for the node to answer, at most [s]')


def ask(service: str, kind: Any, request: Any, options: argparse.Namespace, start: str) -> Any:
    """
    Return a node's answer.

    :param service: its name below the node's, such as set_tone.
    :param kind: its type.
    :param options: see :func:`add_options`.
    :param start: how to start such a node.
    :raises ValueError: if nobody answers, or the answer is no; says why.
    """
    with command_node(f'fer_ros_{service}') as node:
        name = resolved(node.resolve_service_name, f'{options.node}/{service}')
        client = node.create_client(kind, name)
        if not spin_until(node, client.service_is_ready, options.wait):
            raise ValueError(f'no service {name}{_elsewhere(node, name, kind)}: start it '
                             f'({start}); {neighborhood(node)}')
        answer = _answer(node, client, request, options.wait)
        if answer is None:
            raise ValueError(f'{name} is there but gave no answer within {options.wait:g} s')
    if not answer.success:
        raise ValueError(answer.message)
    return answer


def _answer(node: Node, client: Any, request: Any, wait: float) -> Any:
    futures: list[Any] = []
    for _ in range(max(math.ceil(wait / _AGAIN), 1)):
        futures.append(client.call_async(request))
        if spin_until(node, lambda: any(f.done() for f in futures), _AGAIN):
            return next(f for f in futures if f.done()).result()
    return None


def _elsewhere(node: Node, name: str, kind: Any) -> str:
    """Return which other nodes have such a service."""
    end = '/' + name.rsplit('/', 1)[-1]
    wanted = f'{kind.__module__.split(".")[0]}/srv/{kind.__name__}'
    found = [other.removesuffix(end) for other, kinds in node.get_service_names_and_types()
             if wanted in kinds and other != name]
    return f' (but --node {" or ".join(found)} is there)' if found else ''
