"""Where known faces are now: a small network looks at a window around each, all in one batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_ros.perception.detection_decoding import Candidates, sigmoid, suppress
from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.face_windows import ExpectedFace, cut, is_inside, window_around
from fer_ros.perception.model_card import ModelCard, ModelCardError, load_model_card
from fer_ros.perception.onnx_session import open_session, run_batch
from fer_ros.perception.types import BoundingBox, Detection

#: Score logit, box center and logarithm of its size (4), landmarks (10).
_OUTPUTS = 15


class FaceRefiner:
    """
    Sees one face a window: whether it is one, its box and its landmarks.

    An eleventh of the time of a search of the whole picture, more exact, and it cannot find
    newcomers. Not thread-safe.

    :param card: a refiner's card.
    :param score_threshold: faces below it are left out, 0..1.
    :param nms_threshold: overlap (IoU) from which two windows saw the same face, 0..1.
    :param threads: CPU threads.
    :param provider: what it runs on; None: the CPU.
    :raises ModelCardError: if the network does not fit its card.
    """

    def __init__(self, card: ModelCard, score_threshold: float, nms_threshold: float = 0.4,
                 threads: int = 1, provider: ExecutionProvider | None = None) -> None:
        self.card = card
        self._score_threshold, self._nms_threshold = score_threshold, nms_threshold
        self._session = open_session(card.path, threads, provider)
        self._check()
        #: bare time of the network in the last call [s].
        self.inference_seconds = 0.0

    def refine(self, image: np.ndarray, faces: Sequence[ExpectedFace]) -> list[Detection]:
        """
        Look where faces should be.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR.
        :param faces: where they should be.
        :returns: those that are there, each once, by falling score.
        """
        self.inference_seconds = 0.0
        height, width = image.shape[:2]
        windows = [w for w in map(window_around, faces)
                   if w is not None and is_inside(w, width, height)]
        if not windows:
            return []
        values = self._infer(cut(image, windows, self.card.input_size[0]))
        found = decode_windows(values, np.array(
            [(w.left, w.top, w.side) for w in windows], np.float32))
        kept = suppress(found.take(np.flatnonzero(found.scores >= self._score_threshold)),
                        self._nms_threshold)
        points = np.asarray(kept.landmarks, np.float32)
        return [Detection(BoundingBox(*box), score, landmarks) for box, score, landmarks in zip(
            kept.boxes.tolist(), kept.scores.tolist(), points)]

    def _infer(self, pictures: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        values: np.ndarray = run_batch(self._session, None, pictures[:, None])[0]
        self.inference_seconds = time.perf_counter() - start
        return values

    def _check(self) -> None:
        """Look at two black windows once: a network that does not fit its card fails here."""
        width, height = self.card.input_size
        try:
            if width != height or self.card.color != 'gray':
                raise ValueError('windows are square and gray')
            values = self._infer(np.zeros((2, height, width), np.uint8))
            if values.shape != (2, _OUTPUTS):
                raise ValueError(f'it gives {values.shape}, not (2, {_OUTPUTS})')
        except Exception as error:
            raise ModelCardError(
                f"'{self.card.path}' does not work as its card describes (color "
                f"'{self.card.color}', input_size {self.card.input_size}): {error}") from error


def decode_windows(values: np.ndarray, windows: np.ndarray) -> Candidates:
    """
    Return what the network saw, in pixels of the picture.

    :param values: float (N, 15): score logit; center of the box from the window's middle, in half
        sides; logarithms of its width and height in half sides; five landmarks as the center.
    :param windows: float32 (N, 3): left, top, side [px].
    :returns: N candidates.
    """
    half = windows[:, 2:] / 2
    middle = windows[:, :2] + half
    size = np.exp(np.clip(values[:, 3:5], -4, 2)) * half
    boxes = np.concatenate([middle + values[:, 1:3] * half - size / 2, size], 1)
    points = middle[:, None] + values[:, 5:].reshape(-1, 5, 2) * half[:, None]
    return Candidates(boxes, sigmoid(values[:, 0]), points)


def load_face_refiner(model: str | Path, score_threshold: float, nms_threshold: float = 0.4,
                      threads: int = 1,
                      provider: ExecutionProvider | None = None) -> FaceRefiner:
    """
    Load a face refiner.

    :param model: path of the ONNX file; its card lies beside it.

    The other parameters are those of :class:`FaceRefiner`.

    :raises ModelCardError: if the model or its card cannot be used; says why.
    """
    return FaceRefiner(load_model_card(model, 'face_refinement'), score_threshold,
                       nms_threshold, threads, provider)
