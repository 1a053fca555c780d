"""The parameters of behavior_node: declared once, described, ranged and checked together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.node import Node

from fer_ros.behavior.policy_config import PolicyConfig
from fer_ros.behavior.policy_file import LanguageError, load_policy, with_overrides
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.perception.yaml_file import one_line
from fer_ros.resources import resource_path

PACKAGED_POLICY = 'config/behavior.yaml'

SPECS = {
    'policy_file': Spec('', 'YAML with tones and rules; empty: the one in the package'),
    'language': Spec('en', 'of the texts and the SSML (BCP 47): en, tr, or what policy_file has'),
    'min_interval': Spec(-1.0, "least time between two changes [s]; negative: the file's",
                         -1.0, 600.0),
    'person_cooldown': Spec(-1.0, 'least time between two changes for the same person [s]; '
                            "negative: the file's", -1.0, 600.0),
    'hold': Spec(-1.0, "the tone stays so long after the last face [s]; negative: the file's",
                 -1.0, 3600.0),
    'hold_uncertain': Spec(-1.0, "it stays so long while the person's state is uncertain, for "
                           "another person not at all [s]; negative: the file's", -1.0, 3600.0),
    'min_confidence': Spec(-1.0, "a state less probable changes nothing; negative: the file's",
                           -1.0, 1.0),
    'suggest_again': Spec(-1.0, 'another suggestion after so long in the same mood [s]; 0: never; '
                          "negative: the file's", -1.0, 86400.0),
    'longest_utterance': Spec(120.0, 'dialog/speaking true for longer is taken as forgotten: the '
                              'tone changes again [s]', 1.0, 3600.0),
}
#: BCP 47 (RFC 5646), as far as its shape goes.
_LANGUAGE = re.compile('[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,9}')


@dataclass(frozen=True)
class BehaviorConfig:
    """The checked parameters."""

    policy: PolicyConfig
    language: str
    longest_utterance: float
    #: the language of the policy's texts: another one while only one of two was switched.
    texts_in: str


def read_config(node: Node, changes: Mapping[str, Any] | None = None,
                texts_in: str = '') -> BehaviorConfig:
    """
    Build the config from the node's parameters.

    :param changes: values that are about to be set.
    :param texts_in: the language of the texts until now. At start there is none: a language that
        the policy file does not have is refused then, but not between two switches.
    :raises ValueError: if the policy file or a value cannot be used; says why.
    """
    values = {name: node.get_parameter(name).value for name in SPECS}
    values.update({k: v for k, v in (changes or {}).items() if k in SPECS})
    language = values['language']
    if not _LANGUAGE.fullmatch(language):
        raise ValueError(one_line(
            f"language is '{language}', must be a tag such as en or tr-TR (BCP 47)"))
    file = values['policy_file'] or resource_path(PACKAGED_POLICY)
    policy, texts_in = _policy_in(file, language, texts_in)
    numbers = {key: values[key] for key in (
        'min_interval', 'person_cooldown', 'hold', 'hold_uncertain', 'min_confidence',
        'suggest_again')}
    return BehaviorConfig(
        with_overrides(policy, numbers), language, values['longest_utterance'], texts_in)


def _policy_in(file: str | Path, language: str, before: str) -> tuple[PolicyConfig, str]:
    """
    Load a policy; its file and its language may be switched one after the other.

    :param language: the one to have.
    :param before: the one until now, '' for none: the texts stay in it if the file has it.
    :returns: the policy, and the language of its texts.
    :raises PolicyError: for any mistake but that the file has other languages only.
    """
    try:
        return load_policy(file, language), language
    except LanguageError as error:
        if not before or not error.languages:
            raise
        kept = [tag for tag in (before, before.split('-')[0]) if tag in error.languages]
        other = kept[0] if kept else error.languages[0]
        return load_policy(file, other), other
