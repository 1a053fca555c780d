"""Networks in 8-bit integers: static quantization, calibrated on training pictures."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

#: crops that the ranges of the activations are taken from.
CALIBRATION_CROPS = 512
_BATCH = 64


class _Crops(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Feeds pictures, (N, 1, H, W), in batches."""

    def __init__(self, crops: np.ndarray, name: str, batch: int) -> None:
        self._batches: Iterator[np.ndarray] = iter(
            crops[i:i + batch] for i in range(0, len(crops), batch))
        self._name = name

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next batch, None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


def quantize(model: Path, output: Path, crops: np.ndarray, batch: int = _BATCH,
             keep: Sequence[str] = ()) -> None:
    """
    Write an int8 copy of an ONNX network: weights per channel, activations uint8.

    On processors with int8 dot products (AVX-512 VNNI, AVX-VNNI, Arm DotProd) dense convolutions
    run about three times as fast as in float32; depthwise ones gain nothing.

    :param model: float32 ONNX file with one input, ``image``.
    :param output: the file to write.
    :param crops: (N, 1, H, W), as the network takes them at run time, N > 0.
    :param batch: so many at a time; 1 for a network without a free batch axis.
    :param keep: nodes whose names begin so stay in float32.
    :raises ValueError: if there are no crops, or no node to keep; names it.
    """
    if len(crops) == 0:
        raise ValueError('quantization needs training pictures to take the ranges from')
    with _errors_only(), tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / 'prepared.onnx'
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        nodes = [node.name for node in onnx.load(str(prepared)).graph.node]
        for start in keep:
            if not any(name.startswith(start) for name in nodes):
                raise ValueError(f"no node of '{model}' has a name that begins with '{start}'")
        quantize_static(
            str(prepared), str(output), _Crops(crops, 'image', batch),
            quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if name.startswith(tuple(keep))])


@contextmanager
def _errors_only() -> Iterator[None]:
    """Onnxruntime advises, on the root logger, what is done already."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
