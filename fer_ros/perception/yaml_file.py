"""Read YAML that strangers wrote: nothing in the file can hang, flood or run the process."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import yaml

LARGEST_BYTES = 256 * 1024
MOST_NODES = 10_000
DEEPEST = 20
_PREFIX = 'tag:yaml.org,2002:'
_LONGEST_NUMBER = 100


def read_yaml(path: str | Path, *, largest_bytes: int = LARGEST_BYTES,
              most_nodes: int = MOST_NODES, deepest: int = DEEPEST) -> object:
    """
    Return what a YAML file holds, as PyYAML's SafeLoader builds it; None if it is empty.

    :param path: a regular file, UTF-8; ``~`` is the home folder.
    :param largest_bytes: of the file.
    :param most_nodes: values, lists, mappings and keys, aliases counted as what they stand for.
    :param deepest: levels of lists and mappings in each other.
    :raises ValueError: if it cannot be read, is above a limit, or is not plain YAML; one line
        with file and line.
    """
    loader, root = _composed(path, largest_bytes, most_nodes, deepest)
    try:
        return None if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ValueError(_reason(path, error)) from error


def compose_yaml(path: str | Path, *, largest_bytes: int = LARGEST_BYTES,
                 most_nodes: int = MOST_NODES, deepest: int = DEEPEST) -> yaml.Node | None:
    """Return the file's nodes, which know their lines; otherwise like :func:`read_yaml`."""
    return _composed(path, largest_bytes, most_nodes, deepest)[1]


def one_line(text: str, longest: int = 300) -> str:
    """Return a text fit for one line of a log: nothing unprintable, the middle left out."""
    line = ' '.join(''.join(c if c.isprintable() else ' ' for c in text).split())
    half = longest // 2
    return line if len(line) <= longest else f'{line[:half]} ... {line[-half:]}'


class _BoundedLoader(yaml.SafeLoader):
    """PyYAML's safe loader, with limits that hold while it reads."""

    def __init__(self, text: str, most_nodes: int, deepest: int) -> None:
        super().__init__(text)
        self._most_nodes, self._deepest = most_nodes, deepest
        self._nodes = self._depth = 0
        #: id of each finished node -> nodes in it and levels below it, aliases followed.
        self._extent: dict[int, tuple[int, int]] = {}
        self._levels: list[int] = []

    def compose_node(self, parent: yaml.Node | None, index: int) -> Any:
        event, before = self.peek_event(), self._nodes
        alias = isinstance(event, yaml.AliasEvent)
        self._levels.append(0)
        self._enter(event, 0 if alias else 1, 0)
        node: Any = super().compose_node(parent, index)
        below = self._levels.pop()
        if alias:
            if id(node) not in self._extent:
                raise _error(event, f"alias '{event.anchor}' stands inside what it names")
            nodes, below = self._extent[id(node)]
            self._enter(event, nodes, below)
        else:
            self._check(node)
            self._extent[id(node)] = self._nodes - before, below
        if self._levels:
            self._levels[-1] = max(self._levels[-1], below + 1)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        kind = node.tag.removeprefix(_PREFIX)
        if kind in ('int', 'float') and len(node.value) > _LONGEST_NUMBER:
            raise _error(node, f'a number has more than {_LONGEST_NUMBER} digits')
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            raise _error(node, f"'{node.value}' is no {kind}") from error

    def _enter(self, event: yaml.Event, nodes: int, below: int) -> None:
        self._nodes += nodes
        if self._nodes > self._most_nodes:
            raise _error(event, f'more than {self._most_nodes} values, aliases included')
        if len(self._levels) + below > self._deepest + 1:
            raise _error(event, f'more than {self._deepest} levels of nesting')

    def _check(self, node: yaml.Node) -> None:
        if node.tag not in self.yaml_constructors and node.tag != f'{_PREFIX}merge':
            raise _error(node, f"tag '{node.tag.replace(_PREFIX, '!!')}' is not allowed")
        if isinstance(node, yaml.ScalarNode):
            _check_escapes(node)
        elif isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in seen:
                    raise _error(key, f"'{key.value}' is there twice")
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))


def _check_escapes(node: yaml.ScalarNode) -> None:
    r"""Refuse what ROS messages cannot carry, though YAML can: "\ud800" and "\0"."""
    bad = next((c for c in node.value if c == '\0' or '\ud800' <= c <= '\udfff'), '')
    if bad:
        raise _error(node, f'character U+{ord(bad):04X} is not allowed')


def _composed(path: str | Path, largest_bytes: int, most_nodes: int,
              deepest: int) -> tuple[_BoundedLoader, yaml.Node | None]:
    text = _text(path, largest_bytes)
    try:
        loader = _BoundedLoader(text, most_nodes, deepest)
        return loader, loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count('\n', 0, error.position) + 1
        raise ValueError(_located(
            path, line, f'character U+{error.character:04X} is not allowed')) from error
    except yaml.YAMLError as error:
        raise ValueError(_reason(path, error)) from error


def _text(path: str | Path, largest_bytes: int) -> str:
    """Return a file's text; what is no regular file is not opened: a FIFO would hang."""
    try:
        file = os.path.expanduser(path)
        if not stat.S_ISREG(os.stat(file).st_mode):
            raise ValueError('it is no regular file')
        with open(file, 'rb') as stream:
            data = stream.read(largest_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise ValueError(one_line(f"'{path}' cannot be read: {reason}")) from error
    if len(data) > largest_bytes:
        raise ValueError(one_line(f"'{path}' has more than {largest_bytes} bytes"))
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        raise ValueError(_located(
            path, line, f'byte 0x{data[error.start]:02x} is no UTF-8: no text?')) from error


def _error(place: Any, problem: str) -> yaml.MarkedYAMLError:
    """Return the error that PyYAML would raise at a node or event."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


def _reason(path: str | Path, error: yaml.YAMLError) -> str:
    """Return PyYAML's several lines as one."""
    mark = getattr(error, 'problem_mark', None) or getattr(error, 'context_mark', None)
    parts = [getattr(error, key, None) for key in ('context', 'problem')]
    return _located(path, mark.line + 1 if mark else 0,
                    ', '.join(filter(None, parts)) or str(error))


def _located(path: str | Path, line: int, text: str) -> str:
    return one_line(f"'{path}'{f', line {line}' if line else ''}: {text}")
