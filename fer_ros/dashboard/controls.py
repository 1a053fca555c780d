"""What the page can do to the robot, and how it asks."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

OVERLAYS = ('bars', 'cam', 'none')
#: name -> the type that its value has.
CONTROLS: dict[str, type] = {
    'enable': bool, 'anonymize': bool, 'overlay': str, 'tone': str, 'reset': bool,
    'opt_out': str, 'opt_in': str, 'opt_out_everybody': bool}
_LONGEST = 200


class Answer(NamedTuple):
    """Whether it was done; if not, why."""

    success: bool
    message: str = ''


class Controls(Protocol):
    """Does what the page asks for."""

    async def apply(self, name: str, value: Any) -> Answer:
        """
        Do it.

        :param name: one of :data:`CONTROLS`: ``enable``, ``anonymize`` (true or false),
            ``overlay`` (one of :data:`OVERLAYS`), ``tone`` (its name; '' gives the choice back
            to the faces), ``reset``, ``opt_out`` and ``opt_in`` (a person's id),
            ``opt_out_everybody``.
        :param value: of the type told there.
        """


def checked_request(request: Any) -> tuple[str, Any]:
    """
    Return name and value of a request.

    :param request: as read from JSON.
    :raises ValueError: if it is none; says what is allowed.
    """
    if not isinstance(request, dict) or set(request) != {'name', 'value'}:
        raise ValueError('a request is an object of name and value')
    name, value = request['name'], request['value']
    if not isinstance(name, str) or name not in CONTROLS:
        raise ValueError(f'name is none of {", ".join(CONTROLS)}')
    if type(value) is not CONTROLS[name]:
        raise ValueError(f'the value of {name} is a {CONTROLS[name].__name__}')
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ValueError(f'the value of {name} is longer than {_LONGEST} characters')
    if isinstance(value, str) and not value.isprintable():  # nor half a character: no message
        raise ValueError(f'the value of {name} has characters that cannot be printed')
    if name == 'overlay' and value not in OVERLAYS:
        raise ValueError(f'overlay is one of {", ".join(OVERLAYS)}')
    return name, value
