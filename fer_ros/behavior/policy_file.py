"""Read ``behavior.yaml``; a mistake is told with file, line, key and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from fer_ros.behavior.attention import MODES, AttentionConfig
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.phrases import Phrases, check_phrase, phrases_of
from fer_ros.behavior.policy_config import PolicyConfig, check_answer
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.types import UNCERTAIN
from fer_ros.perception.yaml_file import compose_yaml, one_line

_TONE_NUMBERS = {'rate': (0.3, 3.0), 'pitch': (0.5, 2.0), 'volume': (0.1, 3.0)}
_TONE_KEYS = (*_TONE_NUMBERS, 'style_prompt', 'suggestions', 'expresses')
_NUMBERS = {'min_interval': (0.0, 600.0), 'hold': (0.0, 3600.0), 'hold_uncertain': (0.0, 3600.0),
            'min_confidence': (0.0, 1.0), 'person_cooldown': (0.0, 600.0),
            'suggestion_interval': (0.0, 86400.0), 'suggest_again': (0.0, 86400.0)}
_ATTENTION = {'switch_ratio': (1.0, 10.0), 'switch_dwell': (0.0, 60.0),
              'lost_after': (0.0, 60.0)}
_KEYS = ('tones', 'emotions', 'default_tone', 'attention', 'phrases', *_NUMBERS)
_PHRASES = tuple(Phrases.__dataclass_fields__)
#: The longest time that a person may be said to have looked so [s].
_LONGEST = 86400.0


class PolicyError(ValueError):
    """The policy file cannot be used."""


def load_policy(path: str | Path, language: str = 'en') -> PolicyConfig:
    """
    Read and check a policy file.

    :param path: YAML, such as ``config/behavior.yaml``.
    :param language: of the texts (BCP 47), where the file has them in several.
    :raises PolicyError: names file, line, key, value and what is allowed.
    """
    try:
        root = compose_yaml(path)
    except ValueError as error:
        raise PolicyError(f'policy file {error}') from error
    return _Reader(str(path), language).policy(root)


class _Reader:
    """Walks YAML nodes, which know their lines."""

    def __init__(self, name: str, language: str) -> None:
        self._name, self._language = name, language

    def policy(self, root: yaml.Node | None) -> PolicyConfig:
        fields = dict(self._items(root, 'the file', _KEYS))
        for key in ('tones', 'emotions'):
            if key not in fields:
                raise PolicyError(f"'{self._name}': '{key}' is missing")
        tones = {name: self._tone(name, node)
                 for name, node in self._items(fields['tones'], 'tones')}
        emotions = {emotion: self._answer(node, emotion, tones)
                    for emotion, node in self._items(fields['emotions'], 'emotions', EMOTIONS)}
        numbers = {key: self._number(fields[key], key, *limits)
                   for key, limits in _NUMBERS.items() if key in fields}
        default = self._choice(fields['default_tone'], 'default_tone', tuple(tones)) if (
            'default_tone' in fields) else next(iter(tones))
        attention = self._attention(fields['attention']) if 'attention' in fields else (
            AttentionConfig())
        return PolicyConfig(tones, emotions, default, attention=attention,
                            phrases=self._phrases(fields.get('phrases')), **numbers)

    def _phrases(self, root: yaml.Node | None) -> Phrases:
        """Return those of our language: what the file says instead of what there is."""
        known = phrases_of(self._language)
        if root is None:
            return known
        given = {language: self._given_phrases(language, node)
                 for language, node in self._items(root, 'phrases')}
        mine = given.get(self._language, given.get(self._language.split('-')[0], {}))
        emotions = {**known.emotions, **mine.get('emotions', {})}
        return replace(known, **{**mine, 'emotions': emotions})

    def _given_phrases(self, language: str, root: yaml.Node) -> dict[str, Any]:
        return {key: self._phrase(key, node)
                for key, node in self._items(root, f'phrases of {language}', _PHRASES)}

    def _phrase(self, key: str, node: yaml.Node) -> Any:
        if key == 'emotions':
            return {name: self._string(text, name)
                    for name, text in self._items(node, key, (*EMOTIONS, UNCERTAIN))}
        if key == 'durations':
            return {self._number(key_node, 'a duration', 1.0, _LONGEST): self._string(text, key)
                    for key_node, text in self._pairs(node, key)}
        text = self._string(node, key)
        try:
            check_phrase(key, text)
        except ValueError as error:
            raise self._error(node, str(error)) from error
        return text

    def _attention(self, root: yaml.Node) -> AttentionConfig:
        values: dict[str, Any] = {}
        for key, node in self._items(root, 'attention', ('mode', *_ATTENTION)):
            values[key] = self._choice(node, key, tuple(MODES)) if key == 'mode' else (
                self._number(node, key, *_ATTENTION[key]))
        return AttentionConfig(**values)

    def _answer(self, node: yaml.Node, emotion: str, tones: Mapping[str, Tone]) -> str:
        name = self._choice(node, emotion, tuple(tones))
        try:
            check_answer(emotion, tones[name])
        except ValueError as error:
            raise self._error(node, str(error)) from error
        return name

    def _tone(self, name: str, node: yaml.Node) -> Tone:
        values: dict[str, Any] = {}
        for key, value in self._items(node, name, _TONE_KEYS):
            if key in _TONE_NUMBERS:
                values[key] = self._number(value, key, *_TONE_NUMBERS[key])
            elif key == 'suggestions':
                values[key] = self._strings(self._in_language(value, key), key)
            elif key == 'expresses':
                values[key] = self._choice(value, key, EMOTIONS)
            else:
                values[key] = self._string(self._in_language(value, key), key)
        return Tone(name, **values)

    def _items(self, node: yaml.Node | None, what: str,
               allowed: tuple[str, ...] = ()) -> Iterator[tuple[str, yaml.Node]]:
        for key_node, value in self._pairs(node, what):
            key = self._string(key_node, f'a key in {what}')
            if allowed and key not in allowed:
                raise self._error(key_node, f"'{key}' is not known in {what}; allowed: "
                                  f'{", ".join(allowed)}')
            yield key, value

    def _pairs(self, node: yaml.Node | None, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise self._error(node, f'{what} must be a mapping with at least one entry')
        return list(node.value)

    def _number(self, node: yaml.Node, key: str, low: float, high: float) -> float:
        try:
            value = float(self._string(node, key))
        except ValueError:
            value = float('nan')
        if not low <= value <= high:
            raise self._error(node, f"{key} is '{node.value}', must be a number from {low:g} to "
                              f'{high:g}')
        return value

    def _choice(self, node: yaml.Node, key: str, allowed: tuple[str, ...]) -> str:
        value = self._string(node, key)
        if value not in allowed:
            raise self._error(node, f"{key} is '{value}', allowed: {', '.join(allowed)}")
        return value

    def _in_language(self, node: yaml.Node, key: str) -> yaml.Node:
        """Return a text as it is, or the one of our language where there are several."""
        if not isinstance(node, yaml.MappingNode):
            return node
        texts = dict(self._items(node, key))
        for language in (self._language, self._language.split('-')[0]):
            if language in texts:
                return texts[language]
        raise self._error(node, f"{key} has no text in '{self._language}', only in "
                          f'{", ".join(texts)}')

    def _string(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f'{key} must be a single value')
        return str(node.value)

    def _strings(self, node: yaml.Node, key: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, f'{key} must be a list')
        return tuple(self._string(item, key) for item in node.value)

    def _error(self, node: yaml.Node | None, text: str) -> PolicyError:
        line = f', line {node.start_mark.line + 1}' if node is not None else ''
        return PolicyError(one_line(f"'{self._name}'{line}: {text}"))


def with_overrides(config: PolicyConfig, overrides: Mapping[str, float]) -> PolicyConfig:
    """Return the policy with numbers replaced; negative ones keep what the file says."""
    chosen: dict[str, Any] = {key: value for key, value in overrides.items() if value >= 0}
    return replace(config, **chosen)
