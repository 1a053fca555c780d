"""ONNX files through OpenCV's dnn module, for robots that get their packages from apt alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np


class Tensor(NamedTuple):
    """An input or output, as far as callers ask. OpenCV before 4.7 takes one face a call."""

    name: str
    type: str = 'tensor(float)'
    shape: tuple[int, ...] = (1,)


class DnnSession:
    """
    What fer_ros uses of onnxruntime's ``InferenceSession``. Not thread-safe.

    :param path: ONNX file.
    :param threads: CPU threads; OpenCV has one number for the whole process.
    :raises cv2.error: if OpenCV cannot read the file.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        cv2.setNumThreads(threads)
        self._net = cv2.dnn.readNetFromONNX(str(path))
        self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        self._names: Sequence[str] = self._net.getUnconnectedOutLayersNames()
        self._dtype: type[np.generic] = np.float32

    def get_inputs(self) -> list[Tensor]:
        """Return the one input; OpenCV does not tell its name."""
        return [Tensor('')]

    def get_outputs(self) -> list[Tensor]:
        """Return the outputs; those named logits first, for OpenCV sorts them by name."""
        return [Tensor(name) for name in sorted(self._names, key=lambda name: name != 'logits')]

    def run(self, names: Sequence[str] | None,
            feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """
        Return outputs in the order of their names; None: all, as :meth:`get_outputs` has them.

        :param feeds: the one input, (1, C, H, W), whatever its name.
        """
        (tensor,) = feeds.values()
        by_name = dict(zip(self._names, self._forward(tensor)))
        return [by_name[name] for name in names or [one.name for one in self.get_outputs()]]

    def _forward(self, tensor: np.ndarray) -> Sequence[np.ndarray]:
        try:
            self._net.setInput(tensor.astype(self._dtype, copy=False))
            outputs: Sequence[np.ndarray] = self._net.forward(self._names)
        except cv2.error:
            if self._dtype == np.uint8:
                raise
            # OpenCV 5 insists on the input's own type; pixels fit into bytes.
            self._dtype = np.uint8
            return self._forward(tensor)
        return outputs
