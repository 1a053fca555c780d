"""Read ``behavior.yaml``; all mistakes are told, with file, line, key and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from fer_ros.behavior.attention import MODES, AttentionConfig
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.tone_policy import PolicyConfig, check_answer
from fer_ros.perception.labels import ALIASES, EMOTIONS
from fer_ros.perception.yaml_file import compose_yaml, one_line
from fer_ros.spelling import did_you_mean

_TONE_NUMBERS = {'rate': (0.3, 3.0), 'pitch': (0.5, 2.0), 'volume': (0.1, 3.0)}
_TONE_KEYS = (*_TONE_NUMBERS, 'style_prompt', 'suggestions', 'expresses')
_NUMBERS = {'min_interval': (0.0, 600.0), 'hold': (0.0, 3600.0), 'min_confidence': (0.0, 1.0),
            'person_cooldown': (0.0, 600.0), 'suggestion_interval': (0.0, 86400.0)}
_ATTENTION = {'switch_ratio': (1.0, 10.0), 'switch_dwell': (0.0, 60.0),
              'lost_after': (0.0, 60.0)}
_KEYS = ('tones', 'emotions', 'default_tone', 'attention', *_NUMBERS)
#: One log line holds so many mistakes, and so many lines of the file with the same one.
_MOST_TOLD, _MOST_LINES = 5, 4
_Text = TypeVar('_Text')


class PolicyError(ValueError):
    """
    The policy file cannot be used. Its text is one line, with the first few mistakes.

    :param file: its name.
    :param mistakes: all of them, each with its line where it has one.
    :param languages: if no text is in the language asked for: those that every text is in.
    """

    def __init__(self, file: str, mistakes: list[str], languages: tuple[str, ...] = ()) -> None:
        self.file, self.mistakes, self.languages = file, mistakes, languages
        place = f"policy file '{file}'"
        if len(mistakes) == 1:
            text = place + (', ' if mistakes[0].startswith('line') else ': ') + mistakes[0]
        else:
            more = len(mistakes) - _MOST_TOLD
            text = f'{place} has {len(mistakes)} mistakes: {"; ".join(mistakes[:_MOST_TOLD])}' + (
                f'; {more} more, which fer_ros policy tells' if more > 0 else '')
        super().__init__(one_line(text, 1000))


class LanguageError(PolicyError):
    """Nothing is wrong but that no text is in the language asked for."""


def load_policy(path: str | Path, language: str = 'en') -> PolicyConfig:
    """
    Read and check a policy file.

    :param path: YAML, such as ``config/behavior.yaml``.
    :param language: of the texts (BCP 47), where the file has them in several.
    :raises PolicyError: tells all mistakes, each with line, key, value and what is allowed.
    :raises LanguageError: if all else is good.
    """
    try:
        root = compose_yaml(path)
    except ValueError as error:
        place = f"'{path}'"
        raise PolicyError(
            str(path), [str(error).removeprefix(place).lstrip(',: ')]) from error
    return _Reader(language).policy(root, str(path))


class _Reader:
    """Walks YAML nodes, which know their lines; goes on after a mistake."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._mistakes: dict[str, list[int]] = {}  # what is wrong -> in which lines
        self._without: dict[str, list[int]] = {}  # the same, for texts not in our language
        self._languages: list[tuple[str, ...]] = []  # of each text that has several

    def policy(self, root: yaml.Node | None, file: str) -> PolicyConfig:
        fields = self._items(root, 'the file', _KEYS)
        for key in ('tones', 'emotions'):
            if key not in fields and isinstance(root, yaml.MappingNode) and root.value:
                self._mistake(None, f"'{key}' is missing")
        tones = {name: self._tone(name, node)
                 for name, node in self._items(fields.get('tones'), 'tones').items()}
        rules = self._items(fields.get('emotions'), 'emotions', EMOTIONS, keep_unknown=True)
        emotions = {emotion: self._answer(node, emotion, tones)
                    for emotion, node in rules.items()}
        values: dict[str, Any] = {key: self._number(fields[key], key, *limits)
                                  for key, limits in _NUMBERS.items() if key in fields}
        values['default_tone'] = next(iter(tones), '')
        if 'default_tone' in fields:
            values['default_tone'] = self._choice(
                fields['default_tone'], 'default_tone', tuple(tones))
        if 'attention' in fields:
            values['attention'] = self._attention(fields['attention'])
        self._raise_what_was_found(file)
        return PolicyConfig(tones, emotions, **values)

    def _raise_what_was_found(self, file: str) -> None:
        """:raises PolicyError: if anything was wrong."""
        found = sorted({**self._mistakes, **self._without}.items(), key=lambda pair: pair[1])
        told = [f'{_lines(lines)}{text}' for text, lines in found]
        if not told:
            return
        nowhere = 0 < len(self._languages) == sum(map(len, self._without.values()))
        languages = tuple(language for language in self._languages[0] if all(
            language in others for others in self._languages)) if nowhere else ()
        kind = LanguageError if nowhere and not self._mistakes else PolicyError
        raise kind(file, told, languages)

    def _attention(self, root: yaml.Node) -> AttentionConfig:
        values: dict[str, Any] = {}
        for key, node in self._items(root, 'attention', ('mode', *_ATTENTION)).items():
            path = f'attention.{key}'
            values[key] = self._choice(node, path, tuple(MODES)) if key == 'mode' else (
                self._number(node, path, *_ATTENTION[key]))
        return AttentionConfig(**{k: v for k, v in values.items() if v is not None})

    def _answer(self, node: yaml.Node, emotion: str, tones: Mapping[str, Tone]) -> str:
        name = self._choice(node, f'emotions.{emotion}', tuple(tones))
        try:
            if name is not None and name in tones:
                check_answer(emotion, tones[name])
        except ValueError as error:
            self._mistake(node, str(error))
        return name or ''

    def _tone(self, name: str, node: yaml.Node) -> Tone:
        values: dict[str, Any] = {}
        for key, value in self._items(node, f'tones.{name}', _TONE_KEYS).items():
            path = f'tones.{name}.{key}'
            if key in _TONE_NUMBERS:
                values[key] = self._number(value, path, *_TONE_NUMBERS[key])
            elif key == 'suggestions':
                values[key] = self._in_language(value, path, self._strings)
            elif key == 'expresses':
                values[key] = self._choice(value, path, EMOTIONS)
            else:
                values[key] = self._in_language(value, path, self._string)
        return Tone(name, **{k: v for k, v in values.items() if v is not None})

    def _items(self, node: yaml.Node | None, what: str,
               allowed: tuple[str, ...] = (), keep_unknown: bool = False
               ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            if node is not None or what == 'the file':  # what is missing has been told
                self._mistake(node, f'{what} must be a mapping with at least one entry')
            return {}
        items = {}
        for key_node, value in node.value:
            key = self._string(key_node, f'a key in {what}')
            known = key in allowed or not allowed
            if key and not known:
                self._mistake(key_node, f"'{key}' is not known in {what}{_hint(key, allowed)} "
                              f'allowed: {", ".join(allowed)}')
            if key and (known or keep_unknown):
                items[key] = value
        return items

    def _number(self, node: yaml.Node, path: str, low: float, high: float) -> float | None:
        text = self._string(node, path)
        try:
            if text is None or low <= float(text) <= high:
                return None if text is None else float(text)
        except ValueError:
            pass
        self._mistake(node, f"{path} is '{text}', must be a number from {low:g} to {high:g}")
        return None

    def _choice(self, node: yaml.Node, path: str, allowed: tuple[str, ...]) -> str | None:
        value = self._string(node, path)
        if value is None or value in allowed or not allowed:  # that has been told
            return value
        self._mistake(node, f"{path} is '{value}'{_hint(value, allowed)} allowed: "
                      f'{", ".join(allowed)}')
        return None

    def _in_language(self, node: yaml.Node, path: str,
                     read: Callable[[yaml.Node, str], _Text | None]) -> _Text | None:
        """Return a text as it is, or the one of our language where there are several."""
        if not isinstance(node, yaml.MappingNode):
            return read(node, path)
        texts = {language: read(text, f'{path}.{language}')
                 for language, text in self._items(node, path).items()}
        self._languages.append(tuple(texts))
        for language in (self._language, self._language.split('-')[0]):
            if language in texts:
                return texts[language]
        if texts:
            text = (f"no text in '{self._language}', only in {', '.join(texts)}: add it, or "
                    'choose another language')
            self._without.setdefault(text, []).append(node.start_mark.line + 1)
        return None

    def _string(self, node: yaml.Node, path: str) -> str | None:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self._mistake(node, f'{path} must be a single value')
        return None

    def _strings(self, node: yaml.Node, path: str) -> tuple[str, ...] | None:
        if not isinstance(node, yaml.SequenceNode):
            self._mistake(node, f'{path} must be a list')
            return None
        return tuple(filter(None, (self._string(item, path) for item in node.value)))

    def _mistake(self, node: yaml.Node | None, text: str) -> None:
        line = [node.start_mark.line + 1] if node is not None else []
        self._mistakes.setdefault(one_line(text), []).extend(line)


def _hint(wrong: str, allowed: tuple[str, ...]) -> str:
    """Return what was meant, with the sign that goes before the list of what is allowed."""
    alias = ALIASES.get(wrong.lower(), '')
    return f", did you mean '{alias}'?" if alias in allowed else (
        did_you_mean(wrong, allowed) or ';')


def _lines(lines: list[int]) -> str:
    """Return where a mistake stands, as the begin of a sentence."""
    if not lines:
        return ''
    lines = sorted(set(lines))
    more = len(lines) - _MOST_LINES
    return f'line{"s" * (len(lines) > 1)} {", ".join(map(str, lines[:_MOST_LINES]))}' + (
        f' and {more} more' if more > 0 else '') + ': '


def with_overrides(config: PolicyConfig, overrides: Mapping[str, float]) -> PolicyConfig:
    """Return the policy with numbers replaced; negative ones keep what the file says."""
    chosen: dict[str, Any] = {key: value for key, value in overrides.items() if value >= 0}
    return replace(config, **chosen)
