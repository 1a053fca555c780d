"""Find faces in a picture with an ONNX network, fed and read as its model card says."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer_ros.perception.detection_decoding import (
    DECODE,
    Candidates,
    decode_map_batch,
    suppress,
    vote,
)
from fer_ros.perception.face_windows import Window, cut, is_whole
from fer_ros.perception.model_card import ModelCard, ModelCardError, load_model_card
from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.preprocessing import normalize, to_gray
from fer_ros.perception.types import BoundingBox, Detection

#: Networks of free size take multiples of their largest stride.
_MULTIPLE = 32

#: A picture of so many pixels is shown as it is; one with twice as many, or more, at half its
#: size, those between as much shrunk as they have more pixels.
_FULL = 2 ** 17

#: Faces smaller than this [px of the network's input] are hardly found in whole pictures.
_FOUND_AT_ALL = 8.0

#: Smallest face [px of the network's input] found reliably; a card's ``smallest_face`` prevails.
_SMALLEST_FACE = 12.0


class FaceDetector(Protocol):
    """Finds faces; keeps nothing from one picture to the next."""

    @property
    def card(self) -> ModelCard:
        """What the network is."""

    @property
    def inference_seconds(self) -> float:
        """Bare onnxruntime time of the last call [s], for the benchmark."""

    def detect(self, image: np.ndarray) -> list[Detection]:
        """
        Find the faces in a picture.

        :param image: uint8 (H, W) gray or (H, W, 3) BGR, at least 1x1.
        :returns: boxes and landmarks in the picture's pixels, by falling score; boxes at the
            border may reach beyond it.
        :raises ValueError: for an image of another kind or without pixels.
        """


class WindowedDetector(FaceDetector, Protocol):
    """Can look into parts of a picture."""

    @property
    def takes_windows(self) -> bool:
        """Whether :meth:`detect_in` works for this network."""

    def detect_in(self, image: np.ndarray, windows: Sequence[Window]) -> list[Detection]:
        """
        Find the faces in windows of a picture, all in one batch.

        :param image: as for :meth:`detect`.
        :param windows: from :func:`~fer_ros.perception.face_windows.windows_around`.
        :returns: as :meth:`detect`; a face that its window cuts off is left out.
        """


class OnnxFaceDetector:
    """
    The :class:`WindowedDetector` for every network that has a model card; not thread-safe.

    :param card: a face detector's card.
    :param score_threshold: detections below it are left out, 0..1.
    :param nms_threshold: overlap (IoU) from which two detections are one face, 0..1.
    :param min_face_size: smallest face to look for [px of the source image]; 'auto': small
        pictures are searched at full size, large ones at half.
    :param input_size: 'auto': the picture is shrunk until such a face is about the smallest
        that the network finds reliably, and never enlarged; or its longest side [px].
    :param threads: CPU threads.
    :raises ValueError: if a value is out of range.
    :raises ModelCardError: if the network does not fit its card.
    """

    def __init__(
            self, card: ModelCard, score_threshold: float, nms_threshold: float = 0.4,
            min_face_size: float | str = 24.0, input_size: int | str = 'auto',
            threads: int = 1) -> None:
        _check_range('score_threshold', score_threshold, 0.0, 1.0)
        _check_range('nms_threshold', nms_threshold, 0.0, 1.0)
        if min_face_size != 'auto':
            _check_range('min_face_size', min_face_size, 1.0, math.inf)
        if input_size != 'auto':
            _check_range('input_size', input_size, _MULTIPLE, 8192)
        self.card = card
        self.inference_seconds = 0.0
        self._score_threshold, self._nms_threshold = score_threshold, nms_threshold
        self._min_face_size, self._input_size = min_face_size, input_size
        self._session = open_session(card.path, threads)
        self._canvas, self._filled = np.empty((0, 0), np.uint8), (0, 0)
        self._decode = DECODE[card.decoder]
        self._input = self._session.get_inputs()[0]
        self._takes_bytes = self._input.type == 'tensor(uint8)'
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._check()

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Find faces, see :meth:`FaceDetector.detect`."""
        if image.size == 0:
            raise ValueError(f'the image has no pixels: shape {image.shape}')
        picture = self._colored(image)
        size, canvas = self.working_size(image.shape[1], image.shape[0])
        found = self._run(self._letterbox(picture, size, canvas))
        # A pixel's width in the network's input, per axis: exact after the rounding of sizes.
        factor = np.array([image.shape[1] / size[0], image.shape[0] / size[1]], np.float32)
        return _detections(found, factor)

    @property
    def takes_windows(self) -> bool:
        """Our own networks do, see :class:`WindowedDetector`."""
        return self.card.decoder == 'maps'

    def detect_in(self, image: np.ndarray, windows: Sequence[Window]) -> list[Detection]:
        """Find faces in windows, see :meth:`WindowedDetector.detect_in`."""
        if not windows:
            self.inference_seconds = 0.0
            return []
        shown = windows[0].shown
        outputs = self._infer(self._tensor(cut(self._colored(image), windows)))
        found, pictures = decode_map_batch(outputs, shown, self._score_threshold)
        squares = np.array([(w.left, w.top, w.side) for w in windows], np.float32)[pictures]
        found = _placed(found, squares, shown)
        height, width = image.shape[:2]
        # Windows show more than a search of the whole picture: what only they see is no newcomer.
        sizes = np.sqrt(found.boxes[:, 2] * found.boxes[:, 3])
        seen = sizes * self.working_size(width, height)[0][0] / width >= _FOUND_AT_ALL
        found = found.take(np.flatnonzero(
            seen & is_whole(found.boxes, squares, width, height)))
        kept = suppress(found, self._nms_threshold)
        return _detections(vote(kept, found), np.ones(2, np.float32))

    def working_size(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """
        Return how a picture is shown to the network.

        :param width: of the picture [px].
        :param height: of the picture [px].
        :returns: (width, height) of the resized picture, and of the padded input around it.
        """
        fixed = self.card.input_size if min(self.card.input_size) > 0 else None
        if fixed:
            scale = min(1.0, fixed[0] / width, fixed[1] / height)
        elif self._input_size == 'auto':
            scale = self._scale(width * height)
        else:
            scale = float(self._input_size) / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return size, fixed or (_round_up(size[0]), _round_up(size[1]))

    def _scale(self, pixels: int) -> float:
        """Return by how much a picture of so many pixels is shrunk."""
        if isinstance(self._min_face_size, str):
            return min(1.0, max(0.5, _FULL / pixels))
        smallest = float(self.card.extra.get('smallest_face', _SMALLEST_FACE))
        return min(1.0, smallest / self._min_face_size)

    def _letterbox(self, image: np.ndarray, size: tuple[int, int],
                   canvas: tuple[int, int]) -> np.ndarray:
        """Resize, averaging what is shrunk, and pad with black at the right and the bottom."""
        width, height = size
        shape = (canvas[1], canvas[0], *image.shape[2:])
        if self._canvas.shape != shape or self._filled != size:
            # Kept from picture to picture: what lies beyond the picture stays black.
            self._canvas, self._filled = np.zeros(shape, np.uint8), size
        inside = self._canvas[:height, :width]
        if size == (image.shape[1], image.shape[0]):
            inside[...] = image
        else:
            shrinks = width <= image.shape[1] and height <= image.shape[0]
            cv2.resize(image, size, dst=inside,
                       interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return self._canvas

    def _colored(self, image: np.ndarray) -> np.ndarray:
        gray_wanted = self.card.color == 'gray'
        if gray_wanted or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            gray = to_gray(image)  # also refuses what is no picture
            return gray if gray_wanted else cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        return image

    def _run(self, canvas: np.ndarray) -> Candidates:
        height, width = canvas.shape[:2]
        candidates = self._decode(
            self._infer(self._tensor(canvas[None])), width, height, self._score_threshold)
        kept = suppress(candidates, self._nms_threshold)
        # The others are decoded as their makers do.
        return vote(kept, candidates) if self.card.decoder == 'maps' else kept

    def _infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        start = time.perf_counter()
        if self._input.shape[0] == 1 < len(tensor):  # OpenCV, or exported without a batch axis
            rows = [self._session.run(None, {self._input.name: row[None]}) for row in tensor]
            values = [np.concatenate(parts) for parts in zip(*rows)]
        else:
            values = self._session.run(None, {self._input.name: tensor})
        self.inference_seconds = time.perf_counter() - start
        return dict(zip(self._outputs, values))

    def _tensor(self, pictures: np.ndarray) -> np.ndarray:
        """Return what the network takes of uint8 (N, H, W) or (N, H, W, 3)."""
        if self.card.color == 'rgb':
            pictures = pictures[..., ::-1]
        planes = pictures[:, None] if pictures.ndim == 3 else pictures.transpose(0, 3, 1, 2)
        if self._takes_bytes:
            return np.ascontiguousarray(planes)
        return np.ascontiguousarray(
            normalize(planes, self.card.normalization, self.card.mean, self.card.std))

    def _check(self) -> None:
        """Search an empty picture once: a network that does not fit its card fails here."""
        try:
            self.detect(np.zeros((_MULTIPLE, _MULTIPLE), np.uint8))
        except Exception as error:
            raise ModelCardError(
                f"'{self.card.path}' does not work as its card describes (color "
                f"'{self.card.color}', input_size {self.card.input_size}, decoder "
                f"'{self.card.decoder}'): {error}") from error


def load_face_detector(
        model: str | Path, *, score_threshold: float | None = None, nms_threshold: float = 0.4,
        min_face_size: float | str = 24.0, input_size: int | str = 'auto',
        threads: int = 1) -> OnnxFaceDetector:
    """
    Load a face detector.

    :param model: path of the ONNX file; its card lies beside it.
    :param score_threshold: None takes the one that the card recommends (else 0.5).

    The other parameters are those of :class:`OnnxFaceDetector`.

    :raises ModelCardError: if the model or its card cannot be used; says why.
    :raises ValueError: if a value is out of range.
    """
    card = load_model_card(model, 'face_detection')
    if card.decoder not in DECODE:
        raise ModelCardError(f"the card of '{card.path}' names decoder '{card.decoder}'; "
                             f'known are {", ".join(DECODE)}')
    if score_threshold is None:
        score_threshold = float(card.extra.get('score_threshold', 0.5))
    return OnnxFaceDetector(
        card, score_threshold, nms_threshold, min_face_size, input_size, threads)


def _detections(found: Candidates, factor: np.ndarray) -> list[Detection]:
    boxes = found.boxes * np.concatenate([factor, factor])
    landmarks = [None] * len(boxes) if found.landmarks is None else list(
        (found.landmarks * factor).astype(np.float32))
    return [Detection(BoundingBox(*(float(v) for v in box)), float(score), points)
            for box, score, points in zip(boxes, found.scores, landmarks)]


def _placed(found: Candidates, windows: np.ndarray, shown: int) -> Candidates:
    """
    Move candidates from their windows to where they are in the picture.

    :param windows: float32 (K, 3): left, top, side of each one's window [px].
    :param shown: side of the windows as the network sees them [px].
    """
    if found.landmarks is None:
        raise ValueError('windows are for networks with landmarks')
    scale = windows[:, 2:] / shown
    boxes = found.boxes * scale
    boxes[:, :2] += windows[:, :2]
    landmarks = found.landmarks * scale[:, None] + windows[:, None, :2]
    return Candidates(boxes, found.scores, landmarks)


def _round_up(size: int) -> int:
    return -(-size // _MULTIPLE) * _MULTIPLE


def _check_range(name: str, value: float | str, low: float, high: float) -> None:
    if isinstance(value, str) or not low <= value <= high:
        raise ValueError(f'{name} is {value!r}, must be {low:g} to {high:g}')
