"""The packaged networks, and which one for emotions is the fastest here: float32 or int8."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fer_ros.perception import onnx_session
from fer_ros.perception.execution_provider import CPU
from fer_ros.perception.processor import processor_dot_products
from fer_ros.resources import resource_path


class EmotionNetwork(NamedTuple):
    """
    A network, and why this one.

    :param path: ONNX file.
    :param arithmetic: what it computes with and why, in a few words, for people.
    """

    path: Path
    arithmetic: str


def packaged_networks() -> dict[str, Path]:
    """Return the networks in the package by their bare names."""
    return {path.stem: path for path in sorted(resource_path('models').glob('*.onnx'))}


def choose_emotion_network(named: Path | None = None, provider: str = CPU,
                           dot_products: str | None = None) -> EmotionNetwork:
    """
    Return the emotion network to run.

    int8 is the fastest in onnxruntime on a processor with 8-bit dot products. Elsewhere it is
    no faster than float32; in OpenCV its answers depend on the version too.

    :param named: the one that a user asks for; None: the fastest in the package.
    :param provider: what it will run on, one of
        :data:`~fer_ros.perception.execution_provider.KINDS`.
    :param dot_products: None: those of this processor, see
        :func:`~fer_ros.perception.processor.dot_products`.
    :raises FileNotFoundError: if it is not in the package.
    """
    if named is not None:
        return EmotionNetwork(named, 'as emotion_model says')
    if provider != CPU:
        return _float32(provider)
    if onnx_session.onnxruntime is None:
        return _float32('OpenCV dnn')
    flag = processor_dot_products() if dot_products is None else dot_products
    if not flag:
        return _float32('no 8-bit dot products')
    return EmotionNetwork(resource_path('models/emotion_int8.onnx'), f'8 bit ({flag})')


def _float32(reason: str) -> EmotionNetwork:
    return EmotionNetwork(resource_path('models/emotion.onnx'), f'float32 ({reason})')
