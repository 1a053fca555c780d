"""The model card: a YAML file beside each ONNX file that tells all the code needs to know."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fer_ros.perception import labels as emotion_labels
from fer_ros.perception.card_schema import short, wrong_field
from fer_ros.perception.yaml_file import one_line, read_yaml


class ModelCardError(ValueError):
    """A model or its card cannot be used; one line that names file, field and value."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text, 600))  # onnxruntime's reasons have several lines


@dataclass(frozen=True)
class ModelCard:
    """
    How to feed and read one ONNX model.

    :param path: the ONNX file.
    :param name: published with every result.
    :param task: 'emotion_classification', 'face_detection' or 'face_refinement'.
    :param input_size: (width, height) [px]; (0, 0) for a detector of free size.
    :param color: 'gray', 'bgr' or 'rgb'.
    :param layout: 'NCHW' or 'NHWC'.
    :param normalization: 'fixed': (x - mean) / std; 'per_image': each crop to mean 0 and
        standard deviation 1, after which mean and std are not used.
    :param mean: in gray levels 0..255; one for all colors, or three in the order of ``color``.
    :param std: likewise.
    :param framing: how a face lies in the crop (classifiers), see
        :data:`~fer_ros.perception.preprocessing.FRAMINGS`.
    :param labels: the classes in output order (classifiers).
    :param emotion_output: the output with a value for each label; '': the first one
        (classifiers).
    :param valence_arousal: where the network tells them itself (classifiers):
        :data:`~fer_ros.perception.card_schema.AFTER_LABELS`, or the name of an output (N, 2);
        '': nowhere, they follow from the probabilities.
    :param temperature: the logits are divided by it before the softmax (classifiers).
    :param output_is_probability: the model ends in a softmax (then T acts on its logarithm).
    :param decoder: family of the outputs (detectors), one of
        :data:`~fer_ros.perception.card_schema.DECODERS`.
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
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 255.0
    framing: str = 'fer2013'
    labels: tuple[str, ...] = ()
    emotion_output: str = ''
    valence_arousal: str = ''
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


def load_model_card(model: str | Path, task: str = '') -> ModelCard:
    """
    Read and check the card of an ONNX model.

    :param model: path of the ONNX file.
    :param task: what the model is to be used for, as in :class:`ModelCard`; '': what it is for.
    :raises ModelCardError: if either file is missing, damaged, inconsistent or made for
        another task; one line that says which field of which file.
    """
    try:
        path = Path(os.path.expanduser(model))
        check_file(path)
        yaml_path = card_path(path)
        check_file(yaml_path)
        card = read_card(yaml_path, path)
        if task and card.task != task:
            raise ValueError(f"'{path}' is a model for {card.task}, not for {task}")
        expected = card.extra.get('sha256', '').lower()
        if expected and sha256_of(path) != expected:
            raise ValueError(
                f"'{path}' is not the file its card describes (sha256 differs): it was "
                'truncated, or replaced without its card')
    except (OSError, ValueError) as error:
        raise ModelCardError(str(error)) from error
    return card


def save_model_card(path: Path, fields: dict[str, Any]) -> None:
    """Write the card of an ONNX file that exists; its sha256 and file name are added."""
    fields = {**fields, 'file': path.name, 'sha256': sha256_of(path)}
    card_path(path).write_text(
        yaml.safe_dump(fields, sort_keys=False, width=98, allow_unicode=True), encoding='utf-8')


def check_file(path: Path) -> None:
    """:raises ValueError, OSError: for a folder, a FIFO, nothing, or what may not be read."""
    if not path.is_file():
        raise ValueError(f"'{path}' is {'no file' if path.exists() else 'not there'}; a model is "
                         'an .onnx file with a .yaml card of the same name beside it, which '
                         '`fer_ros models card` writes')
    path.open('rb').close()  # onnxruntime tells only the number of the error


def read_card(yaml_path: Path, model: Path | None = None) -> ModelCard:
    """
    Read a card, whether its ONNX file is there or not.

    :param model: the ONNX file; None: the one of the same name.
    :raises ValueError: names the card, the field that is wrong, and its value.
    """
    data = read_yaml(yaml_path)
    try:
        return _card_from(data, model or yaml_path.with_suffix('.onnx'))
    except ValueError as error:
        raise ValueError(f"'{yaml_path}': {error}") from error


def _card_from(data: object, path: Path) -> ModelCard:
    if not isinstance(data, dict):
        raise ValueError(f'it must hold a mapping of fields, but holds {short(data)}')
    if wrong := wrong_field(data):
        raise ValueError(wrong)
    names = ModelCard.__dataclass_fields__.keys() - {'path', 'extra'}
    known = {key: value for key, value in data.items() if key in names}
    extra = {key: value for key, value in data.items() if key not in names}
    for key in ('mean', 'std', 'temperature'):
        if key in known:
            value = known[key]
            known[key] = tuple(map(float, value)) if isinstance(value, list) else float(value)
    if 'input_size' in known:
        known['input_size'] = tuple(map(int, known['input_size']))
    try:
        known['labels'] = tuple(map(emotion_labels.canonical, known.get('labels', ())))
    except ValueError as error:
        raise ValueError(f'labels: {error}') from error
    card = ModelCard(path=path, extra=extra, **known)
    _check_together(card)
    return card


def _check_together(card: ModelCard) -> None:
    """:raises ValueError: if fields contradict each other."""
    count = len(card.labels)
    for key in ('mean', 'std'):
        if isinstance(getattr(card, key), tuple) and card.color == 'gray':
            raise ValueError(f'{key} has three numbers, but color is gray')
    if len(set(card.labels)) != count:
        raise ValueError(f'labels {short(list(card.labels))} must be each once')
    if (card.input_size[0] == 0) != (card.input_size[1] == 0):
        raise ValueError(f'input_size is {list(card.input_size)}, must be [0, 0] (any size) or '
                         'both above 0')
    rows = [len(row) for row in card.metrics.get('confusion', ())]
    if count and 'confusion' in card.metrics and rows != [count] * count:
        raise ValueError(f'metrics.confusion has rows of {short(rows)} counts, must be {count} '
                         f'rows of {count}: one for each label')
