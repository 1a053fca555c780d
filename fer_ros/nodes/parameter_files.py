"""A parameter file that has nothing for its node is told before the node starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fer_ros.perception.yaml_file import read_yaml


def check_parameter_file(path: str | Path, node: str) -> None:
    """
    Refuse a file that rcl would pass over in silence, as with a namespace left out.

    :param path: YAML as ``ros2 run --ros-args --params-file`` takes it.
    :param node: full name, such as ``/robot/emotion_node``.
    :raises ValueError: if the file cannot be read, or has nothing for the node; names the node
        names that it has.
    """
    patterns = list(_node_names(read_yaml(path), ()))
    if not any(_matches(pattern, tuple(filter(None, node.split('/')))) for pattern in patterns):
        names = ', '.join('/' + '/'.join(pattern) for pattern in patterns) or 'no node at all'
        raise ValueError(f"'{path}' has nothing for {node}, only for {names}: write {node} or "
                         f"/**/{node.rsplit('/', 1)[-1]}")


def _node_names(data: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every node name in the file, in its parts."""
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if key == 'ros__parameters':
            yield above
        else:
            yield from _node_names(value, (*above, *filter(None, str(key).split('/'))))


def _matches(pattern: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Match as rcl does: ``*`` is one part of a name, ``**`` any number of them."""
    if not pattern:
        return not name
    if pattern[0] == '**':
        return any(_matches(pattern[1:], name[i:]) for i in range(len(name) + 1))
    return bool(name) and pattern[0] in ('*', name[0]) and _matches(pattern[1:], name[1:])
