"""``fer_ros models card``: the known card of a network, or a draft with what can be read of it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import yaml

from fer_ros.commands.network_facts import NetworkFacts, look_into
from fer_ros.perception.card_schema import AFTER_LABELS, TASKS
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.model_card import check_file, read_card, sha256_of
from fer_ros.resources import resource_path

_CLASSIFIER, _DETECTOR, _REFINER = TASKS
#: there are no more emotions that we know.
_MOST = len(EMOTIONS)


def known_cards() -> dict[str, Path]:
    """Return the cards of other people's networks that ship, by the names of their files."""
    return {path.stem: path for path in sorted(resource_path('config/model_cards').glob('*.yaml'))}


def known_card(name: str) -> Path | None:
    """
    Return the card of a network that is known by its file's name, None if it is not.

    :param name: without the ending; a card may name others that it is also for.
    """
    return known_cards().get(name) or next((
        path for path in known_cards().values() if name in _also_for(path)), None)


def _also_for(path: Path) -> list[str]:
    names: list[str] = read_card(path).extra.get('also_for', [])
    return names


def card_text(model: Path, like: str = '') -> tuple[str, list[str]]:
    """
    Return a card for a network as YAML, and the fields that a person must still say.

    :param model: ONNX file.
    :param like: name of a known card to take; '': the one of the same name, if there is one.
    :raises ValueError, OSError: if it is no file that can be read, or no network.
    """
    check_file(model)  # a pipe would be waited for
    facts = look_into(model)
    known = known_card(like or model.stem)
    text = _copy(known, model.stem, facts) if known else _draft(model.stem, facts)
    return (f"{text.rstrip()}\nfile: {_quoted(model.name)}\nsha256: '{sha256_of(model)}'\n",
            unsaid(yaml.safe_load(text)))


def unsaid(fields: object) -> list[str]:
    """Return which fields of a card are still for a person to say."""
    return [str(name) for name, value in fields.items() if '?' in (
        value if isinstance(value, list) else [value])] if isinstance(fields, dict) else []


def _copy(known: Path, name: str, facts: NetworkFacts) -> str:
    """Return a known card under the file's own name, with the size that this file takes."""
    text = re.sub(r'(?ms)^also_for:.*?(?=^\S|\Z)', '', known.read_text(encoding='utf-8'))
    if name != known.stem:
        text = re.sub(r'(?m)^name:.*$', lambda _: f'name: {_quoted(name)}', text)
    card = read_card(known)
    if facts.is_picture and facts.size != card.input_size and (
            all(facts.size) or card.task == _DETECTOR):
        text = re.sub(r'(?m)^input_size:.*$', 'input_size: [{}, {}]  # seen'.format(*facts.size),
                      text)
    return text


def _quoted(text: str) -> str:
    return yaml.safe_dump(text[:100], default_style="'", width=200, allow_unicode=True).strip()


def _draft(name: str, facts: NetworkFacts) -> str:
    kind = facts.decoder
    lines = [
        '# A draft by `fer_ros models card`. What it could read of the network is filled in: say',
        "# what stands for each '?', then `fer_ros models check` it.",
        _line('name', _quoted(name), 'told with every result'),
        _line('task', _DETECTOR if kind else _CLASSIFIER if facts.values else "'?'", (
            'seen from the outputs' if facts.values else f'one of {", ".join(TASKS)}')),
        *(() if kind else _emotions(facts)), *_picture(facts, bool(kind))]
    if kind:
        lines.append(_line('decoder', kind, 'seen from the outputs'))
    lines.append('# license: of the weights, a note for people')
    return '\n'.join(lines)


def _picture(facts: NetworkFacts, is_detector: bool) -> list[str]:
    known = facts.is_picture
    width, height = facts.size if known else (0, 0)
    size = f'[{width}, {height}]' if known and (width and height or is_detector) else "'?'"
    gray = facts.channels == 1
    return [
        _line('input_size', size, 'width and height, ' + (
            'of the training pictures' if size == "'?'" else 'seen' if width else 'any size')),
        _line('color', 'gray' if gray else "'?'", 'seen' if gray else (
            'rgb if it was trained with PIL or torchvision, bgr if with OpenCV')),
        _line('layout', facts.layout or "'?'", 'seen' if facts.layout else 'NCHW or NHWC'),
        _line('normalization', 'fixed', '(x - mean) / std; per_image: to mean 0, deviation 1'),
        _line('mean', "'?'", 'x is 0..255; 0 and std 1: as it is; 0 and std 255: 0..1'),
        _line('std', "'?'", '127.5 both: -1..1; [123.675, 116.28, 103.53], [58.395, 57.12, '
              "57.375]: torchvision's")]


def _emotions(facts: NetworkFacts) -> list[str]:
    """Return the lines about the outputs of an emotion network."""
    counts = {name: math.prod(shape[1:]) for name, shape in facts.outputs.items() if shape}
    name, count = next(((name, count) for name, count in counts.items()
                        if 2 < count <= _MOST + 2), ('', 0))
    feelings = 2 if count > _MOST else 0
    marks = ', '.join(["'?'"] * (count - feelings))
    lines = [_line('labels', f'[{marks}]' if count else "'?'", (
        f'in the order of the outputs, each of: {" ".join(EMOTIONS)}'))]
    if name and name != next(iter(facts.outputs)):
        lines.append(_line('emotion_output', _quoted(name), 'not the first one'))
    pair = next((other for other, values in counts.items() if values == 2 and other != name), '')
    if feelings or pair:
        lines.append(_line('valence_arousal', AFTER_LABELS if feelings else _quoted(pair), (
            f'{count} values are more than there are emotions: are the last two these?' if feelings
            else 'seen: 2 values; leave it out if they are something else')))
    if name:
        lines.append(_line('output_is_probability', str(_are_probabilities(
            facts.values[name])).lower(), 'seen on noise'))
    return lines


def _are_probabilities(values: np.ndarray) -> bool:
    flat = values.reshape(len(values), -1).astype(np.float64)
    return bool((flat >= -1e-6).all() and (np.abs(flat.sum(1) - 1) < 1e-2).all())


def _line(field: str, value: str, remark: str) -> str:
    return f'{f"{field}: {value}":32}  # {remark}'
