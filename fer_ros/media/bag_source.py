"""The images of a recorded bag, with the times at which they were taken; without ROS."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from fer_ros.media.bag_reading import (
    COMPRESSED_IMAGE,
    DAMAGED,
    BagError,
    find_bag,
    image_topics,
    open_reader,
    reason,
)
from fer_ros.media.image_messages import ImageError, compressed_to_array, image_to_array

_log = logging.getLogger(__name__)


class BagSource:
    """
    A :class:`.FrameSource` over one image topic.

    :ivar stamp: when the last frame was taken [s], from the first one on, by its header.
    :param path: folder with metadata.yaml, or an .mcap or .db3 file.
    :param topic: its topic; 'auto': the first one with images, those with depth last.
    :param loop: begin anew at the end.
    :raises BagError: if it is no bag, or has no such topic; says which it has.
    """

    period = 0.0

    def __init__(self, path: str, topic: str = 'auto', loop: bool = False) -> None:
        file = find_bag(path)
        self.name = self.showing = file.name
        self.begun, self.stamp, self._loop = 0, 0.0, loop
        self._reader = open_reader(file)
        topics = image_topics(self._reader)
        if topic == 'auto':
            topic = next(iter(topics), '')
        if topic not in topics:
            raise BagError(f"'{file}' has no images on '{topic}'; its image topics are "
                           f'{", ".join(topics) or "none"}')
        self._topic, self._type = topic, topics[topic]

    def __iter__(self) -> Iterator[np.ndarray]:
        """
        Give the frames; those that are no image are left out and told.

        :raises BagError: if the bag cannot be read on, or has no frame.
        """
        while True:
            self.begun += 1
            shown = 0
            for frame in self._frames():
                shown += 1
                yield frame
            if not shown:
                raise BagError(f"'{self.name}' has no readable image on {self._topic}")
            if not self._loop:
                return

    def close(self) -> None:
        """Release the file."""
        self._reader.close()

    def _frames(self) -> Iterator[np.ndarray]:
        from rosbags.typesys import Stores, get_typestore
        store, first = get_typestore(Stores.LATEST), None
        read = compressed_to_array if self._type == COMPRESSED_IMAGE else image_to_array
        for stamp, data in self._raw():
            message = store.deserialize_cdr(data, self._type)
            taken = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9  # type: ignore
            taken = taken or stamp * 1e-9
            first = taken if first is None else first
            try:
                frame = read(message)  # type: ignore[arg-type]
            except ImageError as error:
                _log.warning('%s: an image is left out: %s', self._topic, error)
                continue
            self.stamp = taken - first
            yield frame

    def _raw(self) -> Iterator[tuple[int, bytes]]:
        """Give time of recording [ns] and bytes of each message."""
        connections = [c for c in self._reader.connections if c.topic == self._topic]
        try:
            for _, stamp, data in self._reader.messages(connections):
                yield stamp, data
        except Exception as error:  # a damaged bag raises whatever its storage raises
            raise BagError(f"'{self.name}' cannot be read on: {reason(error)}; "
                           f'{DAMAGED}') from error
