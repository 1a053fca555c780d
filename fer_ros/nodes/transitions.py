"""Lifecycle transitions that say why they failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import rclpy
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from fer_ros.perception.yaml_file import one_line

_Transition = Callable[[Any, LifecycleState], TransitionCallbackReturn]


def explained(transition: _Transition) -> _Transition:
    """
    Let a callback such as ``on_configure`` log, in one line, what it raises.

    rclpy swallows it in silence. What cannot be used (ValueError, OSError) leaves the node in the
    state it was in; anything else takes it through ``on_error``.
    """
    name = transition.__name__.removeprefix('on_')

    @wraps(transition)
    def run(node: Any, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except (ValueError, OSError) as error:
            result, reason = TransitionCallbackReturn.FAILURE, str(error)
        except Exception as error:
            result, reason = TransitionCallbackReturn.ERROR, f'{type(error).__name__}: {error}'
        if rclpy.ok():  # else the process was told to stop: no fault
            node.get_logger().error(one_line(f'cannot {name}: {reason}', 700))
        return result
    return run
