"""One processed image as it is published, and what publishes it."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from std_msgs.msg import Header

from fer_ros.nodes.parameters import EmotionNodeConfig
from fer_ros.perception.annotator import anonymize
from fer_ros.perception.concealment import Concealment
from fer_ros.perception.localization import Position
from fer_ros.perception.pipeline import PipelineResult


class Source(NamedTuple):
    """
    Where a frame comes from.

    :param image: uint8 (H, W) gray or (H, W, 3) BGR, in clear.
    :param header: of the source image.
    :param stamp: when it was taken [s].
    """

    image: np.ndarray
    header: Header
    stamp: float


class Frame:
    """
    What all outputs of an image share.

    :ivar header: of the source image.
    :ivar faces: the faces, without what is not to be told of them.
    :ivar size: (width, height) of the image [px].
    :param source: the image; outputs see :attr:`picture` only.
    :param result: what the pipeline found in it.
    :param labels: order of the probabilities.
    :param places: for each face its position in the header's frame, or None; None if not known.
    :param config: the node's parameters as of now.
    :param concealment: finds what is to be hidden; None: nothing is.
    """

    def __init__(self, source: Source, result: PipelineResult, labels: tuple[str, ...],
                 places: list[Position | None] | None, config: EmotionNodeConfig,
                 concealment: Concealment | None = None) -> None:
        self._source, self._result, self._concealment = source, result, concealment
        self.header, self.faces, self.labels = source.header, result.faces, labels
        self.places: list[Position | None] = places or [None] * len(result.faces)
        self.config = config
        self.size = source.image.shape[1], source.image.shape[0]

    @cached_property
    def picture(self) -> np.ndarray:
        """What may be shown, uint8 (H, W) or (H, W, 3) BGR: faces are hidden if they shall be."""
        image = self._source.image
        if self._concealment is None:
            return image
        hidden = image.copy()
        anonymize(hidden, [
            *self._result.regions, *self._concealment.places(image, self._source.stamp),
            *(face.track.detection.box for face in self.faces)])
        return hidden


class Output(Protocol):
    """Publishes frames in one form. Runs in the worker's thread; nobody else knows it."""

    def publish(self, frame: Frame) -> None:
        """Publish what of a frame anybody listens to."""

    def destroy(self) -> None:
        """Release the publishers."""
