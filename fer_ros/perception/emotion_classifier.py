"""Crops of faces in, calibrated emotion probabilities and class activation maps out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fer_ros.perception.card_schema import AFTER_LABELS
from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.model_card import ModelCard, ModelCardError, load_model_card
from fer_ros.perception.network_input import as_input
from fer_ros.perception.onnx_session import open_session, run_batch
from fer_ros.perception.preprocessing import crop_face, to_gray
from fer_ros.perception.types import Detection

_FLOOR = 1e-12


class Answers(NamedTuple):
    """
    What a network says of N faces.

    :param probabilities: float32 (N, L), each row sums to 1, calibrated with the card's
        temperature.
    :param maps: float32 (N, L, h, w), class activation maps of the logits; None unless asked for.
    :param valence_arousal: float32 (N, 2), -1..1; None from a network that does not tell them.
    """

    probabilities: np.ndarray
    maps: np.ndarray | None = None
    valence_arousal: np.ndarray | None = None


class EmotionClassifier:
    """
    An ONNX emotion network, fed and read as its model card says.

    :param model: path of the ONNX file; its card lies beside it.
    :param threads: CPU threads.
    :param provider: what it runs on; None: the CPU.
    :raises ModelCardError: if the model or its card cannot be used; says why.
    """

    def __init__(self, model: str | Path, threads: int = 1,
                 provider: ExecutionProvider | None = None) -> None:
        self.card: ModelCard = load_model_card(model, 'emotion_classification')
        self._session = open_session(self.card.path, threads, provider)
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.has_maps = 'maps' in self._outputs
        self._emotion_output = self.card.emotion_output or self._outputs[0]
        self._feeling_output = '' if self.card.valence_arousal == AFTER_LABELS else (
            self.card.valence_arousal)
        for name in filter(None, (self._emotion_output, self._feeling_output)):
            self._check_output(name)
        #: bare onnxruntime time of the last call [s], for the benchmark.
        self.inference_seconds = 0.0
        self._check()

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions in the order of the probabilities."""
        return self.card.labels

    def crops(self, image: np.ndarray, detections: list[Detection]) -> np.ndarray:
        """
        Cut the faces out as this network wants to see them.

        :param image: uint8 (H, W) or (H, W, 3) BGR.
        :param detections: N faces in the image.
        :returns: uint8 (N, height, width) or (N, height, width, 3) in the card's color.
        """
        width, height = self.card.input_size
        gray = self.card.color == 'gray'
        crops = np.empty((len(detections), height, width, *(() if gray else (3,))), np.uint8)
        for crop, detection in zip(crops, detections):
            crop[...] = self._colored(crop_face(
                image, detection, self.card.input_size, gray, self.card.framing))
        return crops

    def _colored(self, crop: np.ndarray) -> np.ndarray:
        if self.card.color == 'gray':
            return to_gray(crop)
        color = crop if crop.ndim == 3 else cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR)
        return color[..., ::-1] if self.card.color == 'rgb' else color

    def classify(
            self, crops: np.ndarray,
            maps: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the first two of :meth:`answers`."""
        return self.answers(crops, maps)[:2]

    def answers(self, crops: np.ndarray, maps: bool = False) -> Answers:
        """
        Judge faces in one batch.

        :param crops: as :meth:`crops` returns them.
        :param maps: also return class activation maps, if the model has them.
        """
        if len(crops) == 0:
            self.inference_seconds = 0.0
            return Answers(np.empty((0, len(self.labels)), np.float32))
        names = [self._emotion_output] + ['maps'] * (maps and self.has_maps) + (
            [self._feeling_output] if self._feeling_output else [])
        outputs = dict(zip(names, self._run(self._tensor(crops), names)))
        values = outputs[self._emotion_output]
        values = values.reshape(len(values), -1)
        feelings = outputs.get(self._feeling_output)
        if self.card.valence_arousal == AFTER_LABELS:
            values, feelings = values[:, :-2], values[:, -2:]
        return Answers(self._probabilities(values), outputs.get('maps'), (
            None if feelings is None else self._feelings(feelings)))

    def output(self, crops: np.ndarray, name: str) -> np.ndarray:
        """
        Return one output of the network as it comes.

        :param crops: as :meth:`crops` returns them, N > 0.
        :param name: of the output, such as ``fer2013_logits``.
        :raises ModelCardError: if the network has no such output.
        """
        self._check_output(name)
        return self._run(self._tensor(crops), [name])[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the network's outputs, the logits first."""
        return tuple(self._outputs)

    def _tensor(self, crops: np.ndarray) -> np.ndarray:
        return as_input(crops, self.card, self._session.get_inputs()[0].type)

    def _run(self, tensor: np.ndarray, names: list[str]) -> list[np.ndarray]:
        start = time.perf_counter()
        outputs = run_batch(self._session, names, tensor)
        self.inference_seconds = time.perf_counter() - start
        return outputs

    def _probabilities(self, values: np.ndarray) -> np.ndarray:
        logits = values.astype(np.float64)
        if self.card.output_is_probability:
            logits = np.log(np.maximum(logits, _FLOOR))
        logits = logits / self.card.temperature
        exponential = np.exp(logits - logits.max(1, keepdims=True))
        return (exponential / exponential.sum(1, keepdims=True)).astype(np.float32)

    def _feelings(self, values: np.ndarray) -> np.ndarray:
        feelings = np.clip(values.reshape(len(values), -1), -1.0, 1.0).astype(np.float32)
        if feelings.shape[1] != 2:
            raise ModelCardError(
                f"'{self.card.path}': output '{self._feeling_output}' has {feelings.shape[1]} "
                'values for a face, valence and arousal are 2')
        return feelings

    def _check_output(self, name: str) -> None:
        if name not in self._outputs:
            raise ModelCardError(f"'{self.card.path}' has no output '{name}'; it has "
                                 f'{", ".join(self._outputs)}')

    def _check(self) -> None:
        """Classify two black faces: a model that does not fit its card fails here."""
        width, height = self.card.input_size
        shape = (2, height, width) if self.card.color == 'gray' else (2, height, width, 3)
        try:
            probabilities, _, feelings = self.answers(np.zeros(shape, np.uint8), maps=True)
        except ModelCardError:
            raise
        except Exception as error:
            raise ModelCardError(
                f"'{self.card.path}' does not take the input its card describes: "
                f'{error}') from error
        more = 2 * (self.card.valence_arousal == AFTER_LABELS)
        if probabilities.shape[1] != len(self.labels):
            raise ModelCardError(
                f"'{self.card.path}' has {probabilities.shape[1] + more} outputs, its card "
                f'{len(self.labels)} labels' + ', and valence and arousal after them' * bool(more))
        told = [probabilities] if feelings is None else [probabilities, feelings]
        if any(len(one) != 2 or not np.isfinite(one).all() for one in told):
            raise ModelCardError(
                f"'{self.card.path}' does not give a probability for each label and face: "
                f'{" and ".join(str(one.tolist()) for one in told)} for two black faces')
