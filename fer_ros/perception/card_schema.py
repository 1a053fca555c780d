"""What the fields of a model card may hold: a JSON Schema, and what is wrong in one line."""

from __future__ import annotations

import math
import reprlib
from typing import Any

from jsonschema import Draft7Validator, ValidationError, validators

from fer_ros.spelling import meant

TASKS = ('emotion_classification', 'face_detection', 'face_refinement')
COLORS = ('gray', 'bgr', 'rgb')
LAYOUTS = ('NCHW', 'NHWC')
NORMALIZATIONS = ('per_image', 'fixed')
#: families of detectors, see :mod:`~fer_ros.perception.decoders`.
DECODERS = ('maps', 'yunet', 'rfb', 'scrfd', 'retinaface')
FRAMINGS = ('fer2013', 'arcface')
#: value of ``valence_arousal``: they follow the labels in the same output.
AFTER_LABELS = 'after_labels'

_CLASSIFIER, _DETECTOR, _REFINER = TASKS
_LARGEST_INPUT = 8192


def _choice(values: tuple[str, ...]) -> dict[str, Any]:
    return {'enum': list(values), 'description': f'one of {", ".join(values)}'}


def _number(low: float, high: float) -> dict[str, Any]:
    return {'type': 'number', 'minimum': low, 'maximum': high,
            'description': f'a number from {low:g} to {high:g}'}


def _number_or_three(low: float, high: float) -> dict[str, Any]:
    """A number, or one for each color."""
    number = {**_number(low, high), 'type': ['number', 'array']}
    return {**number, 'items': _number(low, high), 'minItems': 3, 'maxItems': 3,
            'description': f'{number["description"]}, or a list of three: one for each color'}


def _list(item: dict[str, Any], description: str, **limits: int) -> dict[str, Any]:
    return {'type': 'array', 'items': item, 'description': description, **limits}


def _size(low: int) -> dict[str, Any]:
    what = f'two whole numbers from {low} to {_LARGEST_INPUT}, width and height'
    return _list({'type': 'integer', 'minimum': low, 'maximum': _LARGEST_INPUT,
                  'description': what}, what, minItems=2, maxItems=2)


_TEXT = {'type': 'string', 'maxLength': 100, 'description': 'a text of up to 100 characters'}
_OUTPUT = {'type': 'string', 'minLength': 1, 'maxLength': 200,
           'description': 'the name of an output of the network'}
_COUNT = {'type': 'number', 'minimum': 0, 'description': 'a number from 0'}
_MATRIX = 'a square matrix of counts, a row and a column for each label'

#: The fields that the code reads; a card may have others, as notes. ``description`` completes
#: "must be". Ranges are far wider than any use, so that no product or quotient overflows.
FIELDS: dict[str, dict[str, Any]] = {
    # It goes into every message: control characters and half surrogates have no place there.
    'name': {'type': 'string', 'minLength': 1, 'maxLength': 100,
             'pattern': r'^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*\Z',
             'description': 'a text of 1 to 100 printable characters'},
    'task': _choice(TASKS),
    'input_size': _size(0),
    'color': _choice(COLORS),
    'layout': _choice(LAYOUTS),
    'normalization': _choice(NORMALIZATIONS),
    'mean': _number_or_three(-1000, 1000),
    'std': _number_or_three(0.001, 1000),
    'framing': _choice(FRAMINGS),
    'labels': _list(_TEXT, 'a list of 2 or more emotions, each once'),
    'temperature': _number(0.01, 100),
    'output_is_probability': {'type': 'boolean', 'description': 'true or false'},
    'emotion_output': _OUTPUT,
    'valence_arousal': {**_OUTPUT, 'description': (
        f"'{AFTER_LABELS}' (in the same output, behind them), or the name of an output")},
    'decoder': _choice(DECODERS),
    'smallest_face': _number(1, 1000),
    'score_threshold': _number(0, 1),
    'metrics': {
        'type': 'object', 'description': 'a mapping of figures',
        'properties': {'confusion': _list(_list(_COUNT, _MATRIX), _MATRIX)}},
    'file': _TEXT,
    'sha256': {'type': 'string', 'pattern': r'^[0-9a-fA-F]{64}\Z',
               'description': '64 hexadecimal digits, in quotes'},
}


def _for(task: str, **rules: Any) -> dict[str, Any]:
    return {'if': {'properties': {'task': {'const': task}}}, 'then': rules}


_SCHEMA = {
    'type': 'object',
    'required': ['name', 'task'],
    'properties': FIELDS,
    'allOf': [
        _for(_CLASSIFIER, required=['labels'], properties={
            'labels': {**FIELDS['labels'], 'minItems': 2}, 'input_size': _size(8)}),
        _for(_DETECTOR, required=['input_size', 'decoder']),
        _for(_REFINER, required=['input_size'], properties={'input_size': _size(8)})],
}


def _is_number(_: Any, value: object) -> bool:
    """JSON has neither nan nor inf, YAML has both."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and (
        math.isfinite(value))


_VALIDATOR = validators.extend(
    Draft7Validator, type_checker=Draft7Validator.TYPE_CHECKER.redefine('number', _is_number)
)(_SCHEMA)


def wrong_field(card: dict[Any, Any]) -> str:
    """
    Return what is wrong with the fields of a card, '' if nothing is.

    :param card: as YAML gives it.
    :returns: one line with the field, its value and what it must be.
    """
    if wrong := _misspelled(card):  # before what is then missing
        return wrong
    error = next(_VALIDATOR.iter_errors(card), None)
    return '' if error is None else _told(error)


def short(value: object) -> str:
    """Return a value for a message: a few dozen characters, all printable."""
    return _SHORT.repr(value)


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel, _SHORT.maxlist = 3, 10


def _told(error: ValidationError) -> str:
    if error.validator == 'required':
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"field '{missing}' is missing; it must be {FIELDS[missing]['description']}"
    field = ''.join(f'[{part}]' if isinstance(part, int) else f'.{part}'
                    for part in error.absolute_path).lstrip('.')
    return f'{field} is {short(error.instance)}, must be {error.schema["description"]}'


def _misspelled(card: dict[Any, Any]) -> str:
    """Refuse what looks like a field of ours but is none: it would be ignored in silence."""
    for name in card:
        if name in FIELDS:
            continue
        if not isinstance(name, str):
            return f'field {short(name)} must have a text as its name'
        if close := meant(name, FIELDS, others_allowed=True):
            return (f"unknown field {short(name)}, did you mean '{close}'? (a note needs "
                    'a name less like it)')
    return ''
