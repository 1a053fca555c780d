"""What can be read from an ONNX file itself: its input, its outputs, what it gives for noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.perception.decoders import DECODE
from fer_ros.perception.model_card import ModelCard
from fer_ros.perception.network_input import as_tensor
from fer_ros.perception.onnx_session import open_session

#: Sides tried where a network takes any size: detectors want a multiple of 32.
_ANY = 64


@dataclass(frozen=True)
class NetworkFacts:
    """
    What an ONNX file tells.

    :param kind: type of its input, such as 'tensor(float)'.
    :param shape: of its input; an axis of any length is 0; empty if the engine does not tell.
    :param outputs: name -> shape of its answer to one picture of noise; empty if it gave none.
    :param values: name -> its answers to some, float (N, ...).
    :param trouble: why it gave no answer, '' if it did.
    """

    kind: str
    shape: tuple[int, ...]
    outputs: dict[str, tuple[int, ...]]
    values: dict[str, np.ndarray] = field(default_factory=dict)
    trouble: str = ''

    @property
    def is_picture(self) -> bool:
        """Whether the input is a batch of pictures."""
        return len(self.shape) == 4 and bool(self.layout)

    @property
    def layout(self) -> str:
        """'NCHW' or 'NHWC', '' if the axes do not tell."""
        if len(self.shape) != 4:
            return ''
        if self.shape[1] in (1, 3) and self.shape[3] not in (1, 3):
            return 'NCHW'
        return 'NHWC' if self.shape[3] in (1, 3) and self.shape[1] not in (1, 3) else ''

    @property
    def channels(self) -> int:
        """1 or 3; 0 if the axes do not tell."""
        return {'NCHW': self.shape[1:2], 'NHWC': self.shape[3:4]}.get(self.layout, (0,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) [px]; 0 where it is free."""
        height, width = self.shape[1:3] if self.layout == 'NHWC' else self.shape[2:4]
        return width, height

    @property
    def decoder(self) -> str:
        """The family of detectors whose outputs these are, '' if they are no detector's."""
        if not self.is_picture or not self.values:
            return ''
        width, height = (side or _ANY for side in self.size)
        return next((name for name, decode in DECODE.items()
                     if _fits(decode, self.values, width, height)), '')

    def __str__(self) -> str:
        outputs = ', '.join(f'{name} {_told(shape)}' for name, shape in self.outputs.items())
        return f'takes {_told(self.shape)} of {self.kind}, gives {outputs or "nothing"}'


def look_into(path: Path, card: ModelCard | None = None) -> NetworkFacts:
    """
    Open a network and show it noise.

    :param card: tells the lengths of axes that the network leaves free.
    :raises ModelCardError: if it cannot be opened, or has not just one input.
    """
    session = open_session(path)
    (source,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    shape = tuple(axis if isinstance(axis, int) and axis > 0 else 0 for axis in source.shape)
    facts = NetworkFacts(source.type, shape if source.name else (), dict.fromkeys(names, ()))
    free = _free_axes(facts, card)
    if not source.name or len(free) != len(shape):
        return facts
    noise = np.random.default_rng(0).integers(
        0, 256, [axis or other for axis, other in zip(shape, free)], np.uint8)
    try:
        values = _answers(session, source.name, names, as_tensor(noise, source.type))
    except Exception as error:  # onnxruntime raises classes of its own
        return NetworkFacts(source.type, shape, facts.outputs, trouble=str(error))
    return NetworkFacts(source.type, shape, {
        name: one.shape for name, one in values.items()}, values)


def _free_axes(facts: NetworkFacts, card: ModelCard | None) -> tuple[int, ...]:
    """Return how long to make the axes that are free; empty if nobody knows what they are."""
    if card is None:
        return (1, _ANY, _ANY, _ANY) if facts.is_picture else ()
    width, height = (side or _ANY for side in card.input_size)
    channels = 1 if card.color == 'gray' else 3
    return (1, channels, height, width) if card.layout == 'NCHW' else (1, height, width, channels)


def _answers(session: Any, source: str, names: Sequence[str],
             tensor: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(names, map(np.asarray, session.run(list(names), {source: tensor}))))


def _fits(decode: Any, outputs: dict[str, np.ndarray], width: int, height: int) -> bool:
    """Whether a decoder takes the outputs."""
    try:
        found = decode(outputs, width, height, 0.0)
    except (LookupError, ValueError):
        return False
    return len(found.scores) > 0


def _told(shape: tuple[int, ...]) -> str:
    return f'[{", ".join(str(axis or "any") for axis in shape)}]' if shape else '[?]'
