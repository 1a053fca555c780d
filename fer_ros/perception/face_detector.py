"""Find faces with an ONNX network, at a working resolution that fits the smallest face."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from fer_ros.perception.detection_decoding import STRIDES, decode_fer_ros, decode_yunet
from fer_ros.perception.model_card import ModelCard, ModelCardError, load_model_card
from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import BoundingBox, Detection

_DECODERS = {'yunet': decode_yunet, 'fer_ros': decode_fer_ros}
_MULTIPLE = STRIDES[-1]


class FaceDetector(Protocol):
    """What the pipeline needs of a detector."""

    card: ModelCard
    inference_seconds: float

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces of a uint8 (H, W) or (H, W, 3) BGR image, by falling score."""


class OnnxFaceDetector:
    """
    An anchor-free ONNX face detector, fed and read as its model card says.

    :param model: path of the ONNX file; its card lies beside it.
    :param score_threshold: smallest score, 0..1.
    :param nms_threshold: overlap (IoU) from which two boxes are one face.
    :param min_face_size: smallest face to find [px of the image]. The image is scaled so that
        such a face gets the card's ``reliable_face_size``, never up.
    :param threads: CPU threads.
    :raises ModelCardError: if the model or its card cannot be used.
    """

    def __init__(self, model: str | Path, score_threshold: float = 0.5,
                 nms_threshold: float = 0.4, min_face_size: float = 24.0,
                 threads: int = 1) -> None:
        self.card = load_model_card(model, 'face_detection')
        if self.card.decoder not in _DECODERS:
            raise ModelCardError(f"the card of '{self.card.path}' names no decoder; known are "
                                 f'{", ".join(_DECODERS)}')
        self.score_threshold, self.nms_threshold = score_threshold, nms_threshold
        self.min_face_size = min_face_size
        self._reliable = float(self.card.extra.get('reliable_face_size', 12.0))
        self._decode = _DECODERS[self.card.decoder]
        self._session = open_session(self.card.path, threads)
        self._input = self._session.get_inputs()[0].name
        #: bare onnxruntime time of the last call [s], for the benchmark.
        self.inference_seconds = 0.0
        self._check()

    def detect(self, image: np.ndarray) -> list[Detection]:
        """
        Find faces.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR, at least 1x1.
        :returns: boxes and landmarks in pixels of the image, by falling score.
        :raises ValueError: for an empty image or another shape or dtype.
        """
        gray_or_color = self._colored(image)
        height, width = image.shape[:2]
        if height == 0 or width == 0:
            raise ValueError(f'the image is empty: {width}x{height}')
        scaled, factors = self._scaled(gray_or_color)
        outputs = self._run(scaled)
        scores, boxes, landmarks = self._decode(
            outputs, scaled.shape[1], scaled.shape[0], self.score_threshold)
        keep = self._suppress(scores, boxes)
        return [self._detection(scores[i], boxes[i], landmarks[i], factors) for i in keep]

    def working_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size [px] to which an image is scaled before padding."""
        scale = min(1.0, self._reliable / self.min_face_size)
        return max(round(width * scale), 1), max(round(height * scale), 1)

    def _colored(self, image: np.ndarray) -> np.ndarray:
        if self.card.color == 'gray':
            return to_gray(image)
        to_gray(image[:1, :1])  # refuses other shapes and dtypes
        color = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        return color if self.card.color == 'bgr' else color[..., ::-1]

    def _scaled(self, image: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
        """Return the image scaled and padded right and below, and source px / scaled px."""
        height, width = image.shape[:2]
        size = self.working_size(width, height)
        scaled = image if size == (width, height) else cv2.resize(
            image, size, interpolation=cv2.INTER_AREA)
        right, below = -size[0] % _MULTIPLE, -size[1] % _MULTIPLE
        if right or below:
            scaled = cv2.copyMakeBorder(
                scaled, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        return scaled, (width / size[0], height / size[1])

    def _run(self, scaled: np.ndarray) -> list[np.ndarray]:
        tensor = scaled[None, None] if scaled.ndim == 2 else scaled.transpose(2, 0, 1)[None]
        tensor = (np.ascontiguousarray(tensor, np.float32) - self.card.mean) / self.card.std
        start = time.perf_counter()
        outputs: list[np.ndarray] = self._session.run(
            None, {self._input: tensor.astype(np.float32, copy=False)})
        self.inference_seconds = time.perf_counter() - start
        return outputs

    def _suppress(self, scores: np.ndarray, boxes: np.ndarray) -> list[int]:
        """Return the indices that survive non-maximum suppression, by falling score."""
        if len(scores) == 0:
            return []
        keep = cv2.dnn.NMSBoxes(
            boxes.astype(float).tolist(), scores.astype(float).tolist(),
            self.score_threshold, self.nms_threshold)
        return [int(i) for i in np.asarray(keep).reshape(-1)]

    def _detection(self, score: float, box: np.ndarray, landmarks: np.ndarray,
                   factors: tuple[float, float]) -> Detection:
        x, y, width, height = (float(v) for v in box * np.tile(factors, 2))
        return Detection(
            BoundingBox(x, y, width, height), float(score),
            (landmarks * np.asarray(factors)).astype(np.float32))

    def _check(self) -> None:
        """Run once on a gray frame: a model that does not fit its card fails here."""
        try:
            self.detect(np.full((64, 64), 128, np.uint8))
        except Exception as error:
            raise ModelCardError(
                f"'{self.card.path}' does not fit its card: {error}") from error


def load_face_detector(
        model: str | Path, *, score_threshold: float = 0.5, nms_threshold: float = 0.4,
        min_face_size: float = 24.0, threads: int = 1) -> FaceDetector:
    """Load the detector that a model card describes (see :class:`OnnxFaceDetector`)."""
    return OnnxFaceDetector(model, score_threshold, nms_threshold, min_face_size, threads)
