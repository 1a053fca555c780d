"""Read ``behavior.yaml``; all mistakes are told, with file, line, key and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from fer_ros.behavior.attention import MODES, AttentionConfig
from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.phrases import OPTED_OUT, Phrases, check_phrase, phrases_of
from fer_ros.behavior.policy_config import PolicyConfig, check_answer
from fer_ros.behavior.yaml_reader import YamlReader
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.types import UNCERTAIN
from fer_ros.perception.yaml_file import compose_yaml, one_line

_TONE_NUMBERS = {'rate': (0.3, 3.0), 'pitch': (0.5, 2.0), 'volume': (0.1, 3.0)}
_TONE_KEYS = (*_TONE_NUMBERS, 'style_prompt', 'suggestions', 'expresses')
_NUMBERS = {'min_interval': (0.0, 600.0), 'hold': (0.0, 3600.0), 'hold_uncertain': (0.0, 3600.0),
            'min_confidence': (0.0, 1.0), 'person_cooldown': (0.0, 600.0),
            'suggestion_interval': (0.0, 86400.0), 'suggest_again': (0.0, 86400.0)}
_ATTENTION = {'switch_ratio': (1.0, 10.0), 'switch_dwell': (0.0, 60.0),
              'lost_after': (0.0, 60.0), 'max_distance': (0.0, 1000.0)}
_KEYS = ('tones', 'emotions', 'default_tone', 'attention', 'phrases', 'notice', *_NUMBERS)
_PHRASES = tuple(Phrases.__dataclass_fields__)
#: The longest time that a person may be said to have looked so [s].
_LONGEST = 86400.0
#: One log line holds so many mistakes.
_MOST_TOLD = 5


class PolicyError(ValueError):
    """
    The policy file cannot be used. Its text is one line, with the first few mistakes.

    :param file: its name.
    :param mistakes: all of them, each with its line where it has one.
    :param languages: if no text is in the language asked for: those that every text is in.
    """

    def __init__(self, file: str, mistakes: list[str], languages: tuple[str, ...] = ()) -> None:
        self.file, self.mistakes, self.languages = file, mistakes, languages
        # Each part has a limit of its own: a long name must not hide what is wrong.
        place = f"policy file '{one_line(file, 150)}'"
        told = [one_line(mistake, 200) for mistake in mistakes[:_MOST_TOLD]]
        if len(mistakes) == 1:
            text = place + (', ' if told[0].startswith('line') else ': ') + told[0]
        else:
            more = len(mistakes) - _MOST_TOLD
            text = f'{place} has {len(mistakes)} mistakes: {"; ".join(told)}' + (
                f'; {more} more, which fer_ros policy tells' if more > 0 else '')
        super().__init__(text)


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
    return _PolicyReader(language).policy(root, str(path))


class _PolicyReader(YamlReader):
    """Builds a policy."""

    def policy(self, root: yaml.Node | None, file: str) -> PolicyConfig:
        if root is None:  # an empty file; elsewhere what is not there may be left out
            self.pairs(root, 'the file')
        fields = self.items(root, 'the file', _KEYS)
        for key in ('tones', 'emotions'):
            if key not in fields and isinstance(root, yaml.MappingNode) and root.value:
                self.mistake(None, f"'{key}' is missing")
        tones = {name: self._tone(name, node)
                 for name, node in self.items(fields.get('tones'), 'tones').items()}
        rules = self.items(fields.get('emotions'), 'emotions', EMOTIONS, keep_unknown=True)
        emotions = {emotion: self._answer(node, emotion, tones)
                    for emotion, node in rules.items()}
        values: dict[str, Any] = {key: self.number(fields[key], key, *limits)
                                  for key, limits in _NUMBERS.items() if key in fields}
        values['default_tone'] = next(iter(tones), '')
        if 'default_tone' in fields:
            values['default_tone'] = self.choice(
                fields['default_tone'], 'default_tone', tuple(tones))
        if 'attention' in fields:
            values['attention'] = self._attention(fields['attention'])
        values['phrases'] = self._phrases(fields.get('phrases'))
        if 'notice' in fields:
            values['notice'] = self.in_language(fields['notice'], 'notice', self.sentence)
        self._raise_what_was_found(file)
        return PolicyConfig(tones, emotions, **values)

    def _raise_what_was_found(self, file: str) -> None:
        """:raises PolicyError: if anything was wrong."""
        told, languages = self.told(), self.other_languages()
        if told:
            kind = LanguageError if languages and not self.has_mistakes else PolicyError
            raise kind(file, told, languages)

    def _phrases(self, root: yaml.Node | None) -> Phrases:
        """Return those of our language: what the file says instead of what there is."""
        known = phrases_of(self.language)
        given = {language: self._given_phrases(node, f'phrases.{language}')
                 for language, node in self.items(root, 'phrases').items()}
        mine = given.get(self.language, given.get(self.language.split('-')[0], {}))
        names = {key: {**getattr(known, key), **mine.get(key, {})}
                 for key in ('emotions', 'modalities')}
        return replace(known, **{**mine, **names})

    def _given_phrases(self, root: yaml.Node, path: str) -> dict[str, Any]:
        phrases = {key: self._phrase(key, node, f'{path}.{key}')
                   for key, node in self.items(root, path, _PHRASES).items()}
        return {key: phrase for key, phrase in phrases.items() if phrase is not None}

    def _phrase(self, key: str, node: yaml.Node, path: str) -> Any:
        if key == 'emotions':
            return {name: self.string(text, f'{path}.{name}') for name, text in self.items(
                node, path, (*EMOTIONS, UNCERTAIN, OPTED_OUT)).items()}
        if key == 'modalities':  # any name may be published as a cue's
            return {name: self.string(text, f'{path}.{name}')
                    for name, text in self.items(node, path).items()}
        if key == 'durations':
            return {self.number(key_node, f'a key in {path}', 1.0, _LONGEST): self.string(
                text, path) for key_node, text in self.pairs(node, path)}
        text = self.string(node, path)
        try:
            if text is not None:
                check_phrase(key, text)
        except ValueError as error:
            self.mistake(node, str(error))
            return None
        return text

    def _attention(self, root: yaml.Node) -> AttentionConfig:
        values: dict[str, Any] = {}
        for key, node in self.items(root, 'attention', ('mode', *_ATTENTION)).items():
            path = f'attention.{key}'
            values[key] = self.choice(node, path, tuple(MODES)) if key == 'mode' else (
                self.number(node, path, *_ATTENTION[key]))
        return AttentionConfig(**{k: v for k, v in values.items() if v is not None})

    def _answer(self, node: yaml.Node, emotion: str, tones: Mapping[str, Tone]) -> str:
        name = self.choice(node, f'emotions.{emotion}', tuple(tones))
        try:
            if name is not None and name in tones:
                check_answer(emotion, tones[name])
        except ValueError as error:
            self.mistake(node, str(error))
        return name or ''

    def _tone(self, name: str, node: yaml.Node) -> Tone:
        values: dict[str, Any] = {}
        for key, value in self.items(node, f'tones.{name}', _TONE_KEYS).items():
            path = f'tones.{name}.{key}'
            if key in _TONE_NUMBERS:
                values[key] = self.number(value, path, *_TONE_NUMBERS[key])
            elif key == 'suggestions':
                values[key] = self.in_language(value, path, self.strings)
            elif key == 'expresses':
                values[key] = self.choice(value, path, EMOTIONS)
            else:
                values[key] = self.in_language(value, path, self.string)
        return Tone(name, **{k: v for k, v in values.items() if v is not None})


def with_overrides(config: PolicyConfig, overrides: Mapping[str, float]) -> PolicyConfig:
    """Return the policy with numbers replaced; negative ones keep what the file says."""
    chosen: dict[str, Any] = {key: value for key, value in overrides.items() if value >= 0}
    return replace(config, **chosen)
