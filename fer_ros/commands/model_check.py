"""``fer_ros models check``: whether a network is what its card says, and works on real faces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_ros.commands.card_draft import known_card, unsaid
from fer_ros.commands.model_trial import try_classifier, try_detector
from fer_ros.commands.network_facts import NetworkFacts, look_into
from fer_ros.media.demo_scene import load_actors
from fer_ros.perception.card_schema import AFTER_LABELS
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.face_refiner import load_face_refiner
from fer_ros.perception.model_card import ModelCard, ModelCardError, card_path, load_model_card
from fer_ros.perception.network_input import BYTES
from fer_ros.perception.preprocessing import normalize
from fer_ros.perception.yaml_file import one_line, read_yaml

GOOD, DOUBT, WRONG = 'good', 'DOUBT', 'WRONG'


class Finding(NamedTuple):
    """
    One check.

    :param verdict: :data:`GOOD`, :data:`DOUBT` (it may be meant so) or :data:`WRONG`.
    :param what: was checked, one word.
    :param text: what was found, and what to do.
    """

    verdict: str
    what: str
    text: str

    def __str__(self) -> str:
        return f'  {self.verdict:5}  {self.what:9}  {one_line(self.text, 700)}'


def check(path: Path) -> Iterator[Finding]:
    """
    Check a network and its card as far as they let themselves be checked.

    :param path: ONNX file, with or without a card.
    """
    if path.suffix != '.onnx':
        yield Finding(WRONG, 'file', f"'{path}' must end in .onnx: the parameters take no other")
    try:
        if not path.is_file():
            yield Finding(
                WRONG, 'file', f"'{path}' is {'no file' if path.exists() else 'not there'}")
            return
        path.open('rb').close()
    except OSError as error:  # it may not be read, nor its folder, or its name is too long
        yield Finding(WRONG, 'file', str(error))
        return
    card = None
    try:
        card = load_model_card(path)
        yield Finding(GOOD, 'card', f'{card_path(path).name}, {card.task}, name {card.name}' + (
            '' if 'sha256' in card.extra else '; without sha256: a changed file is not noticed'))
    except ModelCardError as error:
        yield Finding(WRONG, 'card', _unsaid(path) or f'{error}{_remedy(path)}')
    try:
        facts = look_into(path, card)
        yield Finding(GOOD, 'network', str(facts))
    except ModelCardError as error:
        yield Finding(WRONG, 'network', str(error))
        return
    if card is not None:
        findings = list(_against_card(facts, card))
        yield from findings
        if not any(one.verdict == WRONG for one in findings):
            yield from _at_work(card)


def _unsaid(path: Path) -> str:
    """Return which fields of a draft nobody has filled in, '' if there are none."""
    try:
        fields = read_yaml(card_path(path))
    except ValueError:
        return ''
    missing = unsaid(fields)
    return f"'{card_path(path)}' is a draft: say {', '.join(missing)}" if missing else ''


def _remedy(path: Path) -> str:
    if card_path(path).exists():
        return ''
    known = known_card(path.stem)
    return f'; `fer_ros models card {path} --write` writes ' + (
        f'the known one, {known.name}' if known else 'a draft')


def _against_card(facts: NetworkFacts, card: ModelCard) -> Iterator[Finding]:
    if facts.trouble:
        yield Finding(WRONG, 'network', f'it gives no answer: {facts.trouble}')
        return
    if facts.shape:
        yield _input(facts, card)
    if card.task == 'emotion_classification':
        yield _labels(facts, card)
    yield _normalization(facts, card)


def _input(facts: NetworkFacts, card: ModelCard) -> Finding:
    channels = 1 if card.color == 'gray' else 3
    size = f'{card.input_size[0]}x{card.input_size[1]}' if any(card.input_size) else 'any size'
    if len(facts.shape) != 4:
        return Finding(WRONG, 'input', f'it has {len(facts.shape)} axes, pictures have 4')
    axes = facts.shape[1:] if card.layout == 'NCHW' else (*facts.shape[3:], *facts.shape[1:3])
    if facts.layout not in ('', card.layout):
        return Finding(WRONG, 'input', f'it is {facts.layout}, layout is {card.layout}')
    if axes[0] not in (0, channels):
        return Finding(WRONG, 'input', f'it takes {axes[0]} channels, color is {card.color}')
    for name, there, wanted in zip(('height', 'width'), axes[1:], reversed(card.input_size)):
        if there and there != wanted:
            return Finding(WRONG, 'input', (
                f'its {name} is {there}, input_size is {list(card.input_size)}' + (
                    ': [0, 0] is for networks that take any size' if not wanted else '')))
    return Finding(GOOD, 'input', f'{card.layout}, {card.color}, {size}, as it takes them' + (
        ', one face at a time' if facts.shape[0] == 1 and card.labels else ''))


def _labels(facts: NetworkFacts, card: ModelCard) -> Finding:
    name = card.emotion_output or next(iter(facts.outputs))
    if name not in facts.outputs:
        return Finding(WRONG, 'labels', (
            f"emotion_output is '{name}', the network has {', '.join(facts.outputs)}"))
    shape, count = facts.outputs[name], len(card.labels)
    if not shape:
        return Finding(GOOD, 'labels', f'{count}: {" ".join(card.labels)}')
    values = 1
    for axis in shape[1:]:
        values *= axis
    more = 2 if card.valence_arousal == AFTER_LABELS else 0
    if values != count + more:
        hint = f' (two more: valence_arousal: {AFTER_LABELS}?)' if values == count + 2 else ''
        behind = ', and valence and arousal behind them' if more else ''
        return Finding(WRONG, 'labels', (
            f"output '{name}' has {values} values, labels are {count}{behind}{hint}"))
    told = f'; valence and arousal from {card.valence_arousal}' if card.valence_arousal else ''
    return Finding(GOOD, 'labels', f"{count} in output '{name}': {' '.join(card.labels)}{told}")


def _normalization(facts: NetworkFacts, card: ModelCard) -> Finding:
    if facts.kind == BYTES:
        return Finding(GOOD, 'values', 'it takes bytes, 0 to 255; mean and std are not used')
    if card.normalization == 'per_image':
        return Finding(GOOD, 'values', 'each picture to mean 0 and standard deviation 1')
    ends = normalize(np.array([[[[0] * 3]], [[[255] * 3]]], np.uint8), 'fixed', card.mean,
                     card.std).reshape(2, 3)
    colors = card.color if card.color != 'gray' else 'g'
    one = len({tuple(column) for column in ends.T.tolist()}) == 1
    return Finding(GOOD, 'values', 'black to white is ' + ', '.join(
        f'{low:.3g} to {high:.3g}' + ('' if one else f' ({color})')
        for color, low, high in list(zip(colors, *ends.tolist()))[:1 if one else 3]))


def _at_work(card: ModelCard) -> Iterator[Finding]:
    """Load it as the node does, and show it the demo's portraits."""
    try:
        load_actors()
    except RuntimeError as error:
        yield Finding(DOUBT, 'trial', f'not made: {error}')
        return
    try:
        if card.task == 'emotion_classification':
            yield from (Finding(*one) for one in try_classifier(EmotionClassifier(card.path)))
        elif card.task == 'face_detection':
            yield from (Finding(*one) for one in try_detector(load_face_detector(
                card.path, min_face_size='auto')))
        else:
            load_face_refiner(card.path, 0.5)
            yield Finding(GOOD, 'trial', 'it loads; what it finds: fer_ros evaluate-tracker')
    except ModelCardError as error:
        yield Finding(WRONG, 'loading', str(error))
    except Exception as error:  # onnxruntime raises classes of its own
        yield Finding(WRONG, 'trial', f'it fails: {error}')
