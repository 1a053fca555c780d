"""How a node declares its parameters: described, ranged, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from fer_ros.spelling import did_you_mean


@dataclass(frozen=True)
class Spec:
    """
    One parameter.

    :param default: its value and, with it, its type.
    :param text: what it is, with the unit.
    :param low: smallest value of a number.
    :param high: largest value of a number.
    :param choices: allowed values of a string; empty for any.
    :param word: a word allowed instead of a number from low to high ('auto').
    :param whole: that number is a whole one.
    :param live: can be changed while the node runs; others only while it is unconfigured.
    """

    default: Any
    text: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    word: str = ''
    whole: bool = True
    live: bool = True


def descriptor(spec: Spec) -> ParameterDescriptor:
    """Return what ``ros2 param describe`` shows and what rclpy enforces."""
    result = ParameterDescriptor(description=spec.text)
    if spec.choices:
        result.additional_constraints = f'one of {", ".join(spec.choices)}'
    if spec.word:
        result.dynamic_typing = True
        result.additional_constraints = f"'{spec.word}' or {spec.low:g} to {spec.high:g}"
        return result
    if isinstance(spec.default, bool):
        return result
    if isinstance(spec.default, int):
        result.integer_range = [IntegerRange(
            from_value=int(spec.low), to_value=int(spec.high), step=1)]
    elif isinstance(spec.default, float):
        result.floating_point_range = [FloatingPointRange(
            from_value=float(spec.low), to_value=float(spec.high), step=0.0)]
    return result


def declare(node: Node, specs: Mapping[str, Spec]) -> None:
    """
    Declare every parameter of a table; none from outside is ignored in silence.

    :raises rclpy.exceptions.ParameterException: if a value from outside is out of range or of
        another type.
    :raises ValueError: if it is none of the choices, or one from outside is misspelled; names it.
    """
    _check_names(node, specs)
    _widen(node, specs)
    for name, spec in specs.items():
        value = node.declare_parameter(name, spec.default, descriptor(spec)).value
        check_choice(name, spec, value)


def _check_names(node: Node, specs: Mapping[str, Spec]) -> None:
    """
    Look for parameters from outside that the node does not have.

    ``anonymise: true`` must not be lost by a slip of the pen: what resembles a parameter is
    refused. What resembles none may be another node's, from a file for all (``/**``): it is
    warned of.
    """
    # rclpy keeps them nowhere else unless it is to declare them all.
    for name in node._parameter_overrides:
        if name in specs or node.has_parameter(name) or name.startswith('qos_overrides.'):
            continue
        # A lost ``anonymous: true`` is worse than a parameter of another node that must move.
        if hint := did_you_mean(name, [*specs, 'use_sim_time']):
            raise ValueError(
                f"unknown parameter '{name}'{hint} (another node's belong "
                "below that node's name in a parameter file, not below /**)")
        node.get_logger().warning(f"unknown parameter '{name}' is ignored")


def _widen(node: Node, specs: Mapping[str, Spec]) -> None:
    """Take ``1`` for ``1.0``, which rclpy refuses."""
    for name, given in node._parameter_overrides.items():
        if name in specs and isinstance(specs[name].default, float) and type(given.value) is int:
            node._parameter_overrides[name] = Parameter(name, value=float(given.value))


def check_choice(name: str, spec: Spec, value: Any) -> None:
    """:raises ValueError: if a value is none of the parameter's choices; names both."""
    numbers = int if spec.whole else (int, float)
    if spec.word and value != spec.word and (
            isinstance(value, bool) or not isinstance(value, numbers)
            or not spec.low <= value <= spec.high):
        raise ValueError(f"{name} is {value!r}, allowed: '{spec.word}' or a "
                         f'{"whole " * spec.whole}number from {spec.low:g} to {spec.high:g}')
    if spec.choices and value not in spec.choices:
        raise ValueError(f"{name} is '{value}', allowed: {', '.join(spec.choices)}")
