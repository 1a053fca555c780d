"""The model card: a YAML file beside each ONNX file that tells all the code needs to know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fer_ros.perception import labels as emotion_labels

TASKS = ('emotion_classification', 'face_detection')
NORMALIZATIONS = ('per_image', 'fixed')
DECODERS = ('', 'maps', 'yunet', 'rfb')


class ModelCardError(ValueError):
    """A model or its card cannot be used; the text names file, field and value."""


@dataclass(frozen=True)
class ModelCard:
    """
    How to feed and read one ONNX model.

    :param path: the ONNX file.
    :param name: published with every result.
    :param task: one of :data:`TASKS`.
    :param input_size: (width, height) [px]; (0, 0) for a detector of free size.
    :param color: 'gray', 'bgr' or 'rgb'.
    :param layout: 'NCHW' or 'NHWC'.
    :param normalization: 'fixed': (x - mean) / std; 'per_image': each crop to mean 0 and
        standard deviation 1, after which mean and std are not used.
    :param mean: in gray levels 0..255.
    :param std: in gray levels.
    :param labels: the classes in output order (classifiers).
    :param temperature: the logits are divided by it before the softmax (classifiers).
    :param output_is_probability: the model ends in a softmax (then T acts on its logarithm).
    :param decoder: family of the output (detectors), one of :data:`DECODERS`.
    :param metrics: measured figures, for people.
    :param extra: every other field of the file.
    """

    path: Path
    name: str
    task: str
    input_size: tuple[int, int] = (48, 48)
    color: str = 'gray'
    layout: str = 'NCHW'
    normalization: str = 'fixed'
    mean: float = 0.0
    std: float = 255.0
    labels: tuple[str, ...] = ()
    temperature: float = 1.0
    output_is_probability: bool = False
    decoder: str = ''
    metrics: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def card_path(model: Path) -> Path:
    """Return where the card of an ONNX file lies: the same name, ending in .yaml."""
    return model.with_suffix('.yaml')


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as 64 hexadecimal digits."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() if hasattr(
            hashlib, 'file_digest') else hashlib.sha256(file.read()).hexdigest()


def load_model_card(model: str | Path, task: str) -> ModelCard:
    """
    Read and check the card of an ONNX model.

    :param model: path of the ONNX file.
    :param task: what the model is to be used for, one of :data:`TASKS`.
    :raises ModelCardError: if either file is missing, damaged, inconsistent or made for
        another task; the text says which field of which file.
    """
    path = Path(model).expanduser()
    yaml_path = card_path(path)
    for file in (path, yaml_path):
        if not file.is_file():
            raise ModelCardError(f"'{file}' is not there; a model is an .onnx file with a "
                                 '.yaml card of the same name beside it')
    try:
        data = yaml.safe_load(yaml_path.read_text(encoding='utf-8'))
    except yaml.YAMLError as error:
        raise ModelCardError(f"'{yaml_path}' is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise ModelCardError(f"'{yaml_path}' must hold a mapping of fields")
    card = _card_from(data, path, yaml_path)
    if card.task != task:
        raise ModelCardError(f"'{path}' is a model for {card.task}, not for {task}")
    expected = str(data.get('sha256', ''))
    if expected and sha256_of(path) != expected:
        raise ModelCardError(
            f"'{path}' is not the file its card describes (sha256 differs): it was truncated, "
            'or replaced without its card')
    return card


def save_model_card(path: Path, fields: dict[str, Any]) -> None:
    """Write the card of an ONNX file that exists; its sha256 and file name are added."""
    fields = {**fields, 'file': path.name, 'sha256': sha256_of(path)}
    card_path(path).write_text(
        yaml.safe_dump(fields, sort_keys=False, width=98, allow_unicode=True), encoding='utf-8')


def _card_from(data: dict[str, Any], path: Path, yaml_path: Path) -> ModelCard:
    names = ModelCard.__dataclass_fields__
    known = {key: value for key, value in data.items() if key in names and key != 'path'}
    extra = {key: value for key, value in data.items() if key not in names}
    for key in ('name', 'task'):
        if key not in known:
            raise ModelCardError(f"'{yaml_path}': field '{key}' is missing")
    try:
        if 'input_size' in known:
            width, height = (int(value) for value in known['input_size'])
            known['input_size'] = (width, height)
        for key in ('mean', 'std', 'temperature'):
            if key in known:
                known[key] = float(known[key])
        known['labels'] = tuple(
            emotion_labels.canonical(str(label)) for label in known.get('labels', ()))
    except (TypeError, ValueError) as error:
        raise ModelCardError(f"'{yaml_path}': {error}") from error
    card = ModelCard(path=path, extra=extra, **known)
    _check(card, yaml_path)
    return card


def _check(card: ModelCard, yaml_path: Path) -> None:
    allowed = {'task': TASKS, 'color': ('gray', 'bgr', 'rgb'), 'layout': ('NCHW', 'NHWC'),
               'normalization': NORMALIZATIONS, 'decoder': DECODERS}
    for key, values in allowed.items():
        if getattr(card, key) not in values:
            raise ModelCardError(f"'{yaml_path}': {key} is '{getattr(card, key)}', "
                                 f'allowed: {", ".join(repr(v) for v in values)}')
    for key in ('std', 'temperature'):
        if not getattr(card, key) > 0:
            raise ModelCardError(f"'{yaml_path}': {key} is {getattr(card, key)}, must be > 0")
    if card.task == 'emotion_classification':
        if len(card.labels) < 2 or len(set(card.labels)) != len(card.labels):
            raise ModelCardError(f"'{yaml_path}': labels {list(card.labels)} must be 2 or more, "
                                 'each once')
        if min(card.input_size) < 8:
            raise ModelCardError(f"'{yaml_path}': input_size {card.input_size} is too small")
