"""Find faces in a picture with an ONNX network, fed and read as its model card says."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer_ros.perception.decoders import DECODE
from fer_ros.perception.detection_decoding import Candidates, suppress, vote
from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.model_card import ModelCard, ModelCardError, load_model_card
from fer_ros.perception.network_input import as_input
from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.preprocessing import to_gray
from fer_ros.perception.types import BoundingBox, Detection

#: Networks of free size take multiples of their largest stride.
_MULTIPLE = 32

#: A picture of so many pixels is shown as it is; one with twice as many, or more, at half its
#: size, those between as much shrunk as they have more pixels.
_FULL = 2 ** 17

#: Larger faces [px of the network's input] are hardly found, so that a larger picture is looked
#: at once more, at a fraction of the size and of its square of the time.
_LARGEST_FOUND, _COARSE = 320, 4

#: From this size on [px of the fine look's input] the coarse look is the better one.
_LARGE = 240.0
#: Inputs of so many sizes are kept: a camera has one, and anonymize looks at it in several ways.
_CANVASES = 8

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


class OnnxFaceDetector:
    """
    The :class:`FaceDetector` for every network that has a model card; not thread-safe.

    :param card: a face detector's card.
    :param score_threshold: detections below it are left out, 0..1.
    :param nms_threshold: overlap (IoU) from which two detections are one face, 0..1.
    :param min_face_size: smallest face to look for [px of the source image]; 'auto': small
        pictures are searched at full size, large ones at half.
    :param input_size: 'auto': the picture is shrunk until such a face is about the smallest
        that the network finds reliably, and never enlarged; or its longest side [px].
    :param threads: CPU threads.
    :param provider: what it runs on; None: the CPU.
    :raises ValueError: if a value is out of range.
    :raises ModelCardError: if the network does not fit its card.
    """

    def __init__(
            self, card: ModelCard, score_threshold: float, nms_threshold: float = 0.4,
            min_face_size: float | str = 24.0, input_size: int | str = 'auto',
            threads: int = 1, provider: ExecutionProvider | None = None) -> None:
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
        self._session = open_session(card.path, threads, provider)
        self._canvases: dict[tuple[int, ...], np.ndarray] = {}
        self._decode = DECODE[card.decoder]
        self._input = self._session.get_inputs()[0]
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._check()

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Find faces, see :meth:`FaceDetector.detect`."""
        if image.size == 0:
            raise ValueError(f'the image has no pixels: shape {image.shape}')
        picture = self._colored(image)
        self.inference_seconds = 0.0
        size, canvas = self.working_size(image.shape[1], image.shape[0])
        found = self._seen(picture, size, canvas)
        if max(size) > _LARGEST_FOUND and min(self.card.input_size) == 0:
            coarse = max(1, size[0] // _COARSE), max(1, size[1] // _COARSE)
            large = self._seen(picture, coarse, (_round_up(coarse[0]), _round_up(coarse[1])))
            found = _with_large(
                found, large, _LARGE * image.shape[1] / size[0], self._nms_threshold)
        return _detections(found)

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
        key = (canvas[1], canvas[0], *image.shape[2:], *size)
        if key not in self._canvases:
            # Kept from picture to picture: what lies beyond the picture stays black.
            if len(self._canvases) == _CANVASES:
                self._canvases.clear()
            self._canvases[key] = np.zeros(key[:-2], np.uint8)
        whole = self._canvases[key]
        inside = whole[:height, :width]
        if size == (image.shape[1], image.shape[0]):
            inside[...] = image
        else:
            shrinks = width <= image.shape[1] and height <= image.shape[0]
            cv2.resize(image, size, dst=inside,
                       interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return whole

    def _colored(self, image: np.ndarray) -> np.ndarray:
        gray_wanted = self.card.color == 'gray'
        if gray_wanted or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            gray = to_gray(image)  # also refuses what is no picture
            return gray if gray_wanted else cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        return image

    def _seen(self, picture: np.ndarray, size: tuple[int, int],
              canvas: tuple[int, int]) -> Candidates:
        """Return the faces of a picture that is shown at a size, in pixels of the picture."""
        tensor = self._tensor(self._letterbox(picture, size, canvas)[None])
        candidates = self._decode(self._infer(tensor), *canvas, self._score_threshold)
        kept = suppress(candidates, self._nms_threshold)
        # The others are decoded as their makers do.
        found = vote(kept, candidates) if self.card.decoder == 'maps' else kept
        # A pixel's width in the network's input, per axis: exact after the rounding of sizes.
        factor = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]], np.float32)
        return Candidates(
            found.boxes * np.concatenate([factor, factor]), found.scores,
            None if found.landmarks is None else found.landmarks * factor)

    def _infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        start = time.perf_counter()
        values = self._session.run(None, {self._input.name: tensor})
        self.inference_seconds += time.perf_counter() - start
        return {name: np.asarray(value, np.float32)  # from float16, where a network gives that
                for name, value in zip(self._outputs, values)}

    def _tensor(self, pictures: np.ndarray) -> np.ndarray:
        """Return what the network takes of uint8 (N, H, W) or (N, H, W, 3)."""
        if self.card.color == 'rgb':
            pictures = pictures[..., ::-1]
        return as_input(pictures, self.card, self._input.type)

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
        threads: int = 1, provider: ExecutionProvider | None = None) -> OnnxFaceDetector:
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
        card, score_threshold, nms_threshold, min_face_size, input_size, threads, provider)


def _detections(found: Candidates) -> list[Detection]:
    landmarks = [None] * len(found.boxes) if found.landmarks is None else list(
        found.landmarks.astype(np.float32))
    return [Detection(BoundingBox(*box), score, points) for box, score, points in zip(
        found.boxes.tolist(), found.scores.tolist(), landmarks)]


def _with_large(found: Candidates, coarse: Candidates, smallest: float,
                nms_threshold: float) -> Candidates:
    """
    Add the large faces of a coarse look; what a fine one took their parts for is left out.

    :param smallest: size of a face that the coarse look knows better [px].
    """
    large = coarse.take(np.flatnonzero(
        coarse.boxes[:, 2] * coarse.boxes[:, 3] >= smallest ** 2))
    if len(large.scores) == 0:
        return found
    middles = (found.boxes[:, :2] + found.boxes[:, 2:] / 2)[:, None]
    low, high = large.boxes[:, :2], large.boxes[:, :2] + large.boxes[:, 2:]
    part = ((middles > low) & (middles < high)).all(2) & (
        found.boxes[:, 2:3] * found.boxes[:, 3:] < large.boxes[:, 2] * large.boxes[:, 3] / 4) & (
        found.scores[:, None] < large.scores)
    found = found.take(np.flatnonzero(~part.any(1)))
    return suppress(Candidates(
        np.concatenate([found.boxes, large.boxes]),
        np.concatenate([found.scores, large.scores]),
        None if found.landmarks is None or large.landmarks is None else np.concatenate(
            [found.landmarks, large.landmarks])), nms_threshold)


def _round_up(size: int) -> int:
    return -(-size // _MULTIPLE) * _MULTIPLE


def _check_range(name: str, value: float | str, low: float, high: float) -> None:
    if isinstance(value, str) or not low <= value <= high:
        raise ValueError(f'{name} is {value!r}, must be {low:g} to {high:g}')
