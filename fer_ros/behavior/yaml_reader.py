"""Walk the nodes of a YAML file, collecting every mistake with its line and what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import yaml

from fer_ros.perception.labels import ALIASES
from fer_ros.perception.yaml_file import one_line
from fer_ros.spelling import did_you_mean

#: So many lines with the same mistake are told.
_MOST_LINES = 4
_Text = TypeVar('_Text')


class YamlReader:
    """
    Reads values out of YAML nodes, which know their lines; goes on after a mistake.

    What cannot be read is None, and a mistake.

    :param language: of the texts, where there are several (BCP 47).
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._mistakes: dict[str, list[int]] = {}  # what is wrong -> in which lines
        self._without: dict[str, list[int]] = {}  # the same, for texts not in our language
        self._languages: list[tuple[str, ...]] = []  # of each text that has several

    @property
    def has_mistakes(self) -> bool:
        """Whether anything was wrong but the language."""
        return bool(self._mistakes)

    def told(self) -> list[str]:
        """Return all that was wrong, in the order of the file."""
        found = sorted({**self._mistakes, **self._without}.items(), key=lambda pair: pair[1])
        return [f'{_lines(lines)}{text}' for text, lines in found]

    def other_languages(self) -> tuple[str, ...]:
        """Return, if no text is in our language, those that every text is in."""
        if not 0 < len(self._languages) == sum(map(len, self._without.values())):
            return ()
        return tuple(language for language in self._languages[0] if all(
            language in others for others in self._languages))

    def items(self, node: yaml.Node | None, what: str, allowed: tuple[str, ...] = (),
              keep_unknown: bool = False) -> dict[str, yaml.Node]:
        """
        Return what a mapping holds, by its keys.

        :param node: None for what is not there.
        :param what: its name.
        :param allowed: the keys there are, () for any.
        :param keep_unknown: return those that are not allowed too, after they were told.
        """
        items = {}
        for key_node, value in self.pairs(node, what) if node is not None else ():
            key = self.string(key_node, f'a key in {what}')
            known = key in allowed or not allowed
            if key and not known:
                self.mistake(key_node, f"'{key}' is not known in {what}{_hint(key, allowed)} "
                             f'allowed: {", ".join(allowed)}')
            if key and (known or keep_unknown):
                items[key] = value
        return items

    def pairs(self, node: yaml.Node | None, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        """Return the nodes of a mapping's keys and values."""
        if isinstance(node, yaml.MappingNode) and node.value:
            return list(node.value)
        self.mistake(node, f'{what} must be a mapping with at least one entry')
        return []

    def number(self, node: yaml.Node, path: str, low: float, high: float) -> float | None:
        """Return a number from ``low`` to ``high``."""
        text = self.string(node, path)
        try:
            if text is None or low <= float(text) <= high:
                return None if text is None else float(text)
        except ValueError:
            pass
        self.mistake(node, f"{path} is '{text}', must be a number from {low:g} to {high:g}")
        return None

    def choice(self, node: yaml.Node, path: str, allowed: tuple[str, ...]) -> str | None:
        """Return one of what is allowed; anything, if nothing is."""
        value = self.string(node, path)
        if value is None or value in allowed or not allowed:  # that has been told
            return value
        self.mistake(node, f"{path} is '{value}'{_hint(value, allowed)} allowed: "
                     f'{", ".join(allowed)}')
        return None

    def in_language(self, node: yaml.Node, path: str,
                    read: Callable[[yaml.Node, str], _Text | None]) -> _Text | None:
        """Return a text as it is, or the one of our language where there are several."""
        if not isinstance(node, yaml.MappingNode):
            return read(node, path)
        texts = {language: read(text, f'{path}.{language}')
                 for language, text in self.items(node, path).items()}
        self._languages.append(tuple(texts))
        for language in (self.language, self.language.split('-')[0]):
            if language in texts:
                return texts[language]
        if texts:
            text = (f"no text in '{self.language}', only in {', '.join(texts)}: add it, or "
                    'choose another language')
            self._without.setdefault(text, []).append(node.start_mark.line + 1)
        return None

    def string(self, node: yaml.Node, path: str) -> str | None:
        """Return a single value as it was written."""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.mistake(node, f'{path} must be a single value')
        return None

    def sentence(self, node: yaml.Node, path: str) -> str | None:
        """Return a text in one line; ``no``, ``null``, a number or nothing is none."""
        text = self.string(node, path)
        if text is not None and not (text.strip() and node.tag == 'tag:yaml.org,2002:str'):
            self.mistake(node, f"{path} is '{text}', must be a sentence; leave it out for none")
            return None
        return text and ' '.join(text.split())

    def strings(self, node: yaml.Node, path: str) -> tuple[str, ...] | None:
        """Return a list of single values."""
        if not isinstance(node, yaml.SequenceNode):
            self.mistake(node, f'{path} must be a list')
            return None
        return tuple(filter(None, (self.string(item, path) for item in node.value)))

    def mistake(self, node: yaml.Node | None, text: str) -> None:
        """Note what is wrong; the same in several places is told once, with all lines."""
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
