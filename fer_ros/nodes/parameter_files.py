"""Parameter files: what one of them says to a node, found out before the node starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

_LEAF = 'ros__parameters'


def parameters_for(path: str | Path, node: str) -> dict[str, Any]:
    """
    Return the parameters that a file gives a node.

    :param path: YAML as ``ros2 run --ros-args --params-file`` takes it.
    :param node: full name, such as ``/robot/emotion_node``.
    :raises ValueError: if the file cannot be read, or has nothing for the node; names the node
        names that it has.
    """
    sections = list(_sections(_read(Path(path).expanduser()), ()))
    found: dict[str, Any] = {}
    fits = False
    for pattern, values in sections:
        if _matches(pattern, [part for part in node.split('/') if part]):
            fits = True
            found.update(values)
    if not fits:
        names = ', '.join('/' + '/'.join(pattern) for pattern, _ in sections) or 'no node at all'
        raise ValueError(f"'{path}' has nothing for {node}, only for {names}: write {node} or "
                         f"/**/{node.rsplit('/', 1)[-1]}")
    return found


def check_names(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """
    Refuse parameters that a node does not have.

    :param where: file or node, for the error.
    :raises ValueError: for the first unknown one; names the closest known one.
    """
    names = list(known)
    for name in given:
        if name not in names and name != 'use_sim_time' and not name.startswith('qos_overrides.'):
            close = get_close_matches(name, names, 1)
            raise ValueError(f"{where}: unknown parameter '{name}'" + (
                f", did you mean '{close[0]}'?" if close else ''))


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ValueError(f"'{path}' cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"'{path}' is no YAML: {' '.join(str(error).split())}") from error


def _sections(data: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...],
                                                                   Mapping[str, Any]]]:
    """Yield every node name in the file, in its parts, with the parameters below it."""
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        if key == _LEAF:
            yield above, dict(_flat(value, ''))
        else:
            yield from _sections(value, (*above, *(p for p in str(key).split('/') if p)))


def _flat(values: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield nested parameters by their dotted names."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            if isinstance(value, Mapping):
                yield from _flat(value, f'{prefix}{key}.')
            else:
                yield f'{prefix}{key}', value


def _matches(pattern: tuple[str, ...], name: list[str]) -> bool:
    """Match as rcl does: ``*`` is one part of a name, ``**`` any number of them."""
    if not pattern:
        return not name
    first, *rest = pattern
    if first == '**':
        return any(_matches(tuple(rest), name[i:]) for i in range(len(name) + 1))
    return bool(name) and first in ('*', name[0]) and _matches(tuple(rest), name[1:])
