"""The parameters of behavior_node: declared once, described, ranged and checked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.node import Node

from fer_ros.behavior.policy_file import load_policy, with_overrides
from fer_ros.behavior.tone_policy import PolicyConfig
from fer_ros.resources import resource_path

PACKAGED_POLICY = 'config/behavior.yaml'

#: name -> (default, description, largest value of a number).
_PARAMETERS: dict[str, tuple[Any, str, float]] = {
    'policy_file': ('', 'YAML with tones and rules; empty: the one in the package', 0),
    'language': ('en', 'language of the text, for SSML (BCP 47)', 0),
    'min_interval': (-1.0, "least time between two changes [s]; negative: the file's", 600.0),
    'hold': (-1.0, "the tone stays so long after the last face [s]; negative: the file's",
             3600.0),
    'min_confidence': (-1.0, "a state less probable changes nothing; negative: the file's", 1.0),
}


@dataclass(frozen=True)
class BehaviorConfig:
    """The checked parameters."""

    policy: PolicyConfig
    language: str


def declare(node: Node) -> None:
    """Declare every parameter; a value from outside that is out of range raises here."""
    for name, (default, text, high) in _PARAMETERS.items():
        descriptor = ParameterDescriptor(description=text)
        if isinstance(default, float):
            descriptor.floating_point_range = [FloatingPointRange(
                from_value=-1.0, to_value=high, step=0.0)]
        node.declare_parameter(name, default, descriptor)


def read_config(node: Node, changes: Mapping[str, Any] | None = None) -> BehaviorConfig:
    """
    Build the config from the node's parameters.

    :param changes: values that are about to be set.
    :raises ValueError: if the policy file or a value cannot be used; says why.
    """
    values = {name: node.get_parameter(name).value for name in _PARAMETERS}
    values.update({k: v for k, v in (changes or {}).items() if k in _PARAMETERS})
    if not values['language']:
        raise ValueError("language is '', must be a tag such as en or tr")
    policy = load_policy(values['policy_file'] or resource_path(PACKAGED_POLICY))
    numbers = {key: values[key] for key in ('min_interval', 'hold', 'min_confidence')}
    return BehaviorConfig(with_overrides(policy, numbers), values['language'])
