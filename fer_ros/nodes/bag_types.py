"""The message types of a bag, and whether they are still what is installed here."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import zip_longest
from typing import Any

_TYPE = re.compile(r'(\w+)/msg/(\w+)')
#: IDL names, which messages tell of themselves, by those in .msg files.
_IDL = {'float64': 'double', 'float32': 'float', 'bool': 'boolean', 'byte': 'octet',
        'char': 'uint8'}


class BagTypeError(ValueError):
    """Messages of a type cannot be published; the text says why."""


def import_type(connection: Any) -> Any:
    """
    Return the message class of a recorded topic.

    :param connection: of ``rosbags``.
    :raises BagTypeError: if it is not installed, or defined otherwise than in the bag: its bytes
        would be misread by whoever subscribes.
    """
    message_type = installed_type(connection.msgtype)
    for name, recorded in _recorded(connection).items():
        installed = installed_type(name).get_fields_and_field_types()
        for here, there in zip_longest(installed.items(), recorded.items()):
            if here != there:
                raise BagTypeError(f'{name} is defined otherwise in the bag: {_field(there)}, but '
                                   f'{_field(here)} in the installed package')
    return message_type


def installed_type(name: str) -> Any:
    """
    Return a message type by its name (package/msg/Name).

    :raises BagTypeError: if it is not installed here; names it.
    """
    match = _TYPE.fullmatch(name)
    if match is None:
        raise BagTypeError(f"'{name}' is no message type")
    try:
        return getattr(import_module(f'{match[1]}.msg'), match[2])
    except (ImportError, AttributeError) as error:
        raise BagTypeError(f'{name} is not installed') from error


def _recorded(connection: Any) -> dict[str, dict[str, str]]:
    """Return type -> field -> type as IDL, as the bag defines them; empty if it does not."""
    from rosbags.interfaces import MessageDefinitionFormat
    from rosbags.typesys import get_types_from_idl, get_types_from_msg
    try:
        if connection.msgdef.format == MessageDefinitionFormat.MSG:
            found = get_types_from_msg(connection.msgdef.data, connection.msgtype)
        elif connection.msgdef.format == MessageDefinitionFormat.IDL:
            found = get_types_from_idl(re.sub(r'=+\nIDL: .*\n', '', connection.msgdef.data))
        else:
            return {}
    except Exception:  # a definition that cannot be read cannot be compared
        return {}
    return {name: {field: _idl(kind) for field, kind in fields}
            for name, (_, fields) in found.items()}


def _field(item: tuple[str, str] | None) -> str:
    return f'{item[1]} {item[0]}' if item else 'no such field'


def _idl(kind: Any) -> str:
    """Return a field's type as ``get_fields_and_field_types`` writes it."""
    from rosbags.interfaces import Nodetype
    node, content = kind
    if node == Nodetype.BASE:
        name, longest = content
        return _IDL.get(name, name) + (f'<{longest}>' if longest else '')
    if node == Nodetype.NAME:
        return str(content).replace('/msg/', '/')
    element, length = content
    if node == Nodetype.ARRAY:
        return f'{_idl(element)}[{length}]'
    return f'sequence<{_idl(element)}' + (f', {length}>' if length else '>')
