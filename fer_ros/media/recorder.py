"""Keep what was seen: an annotated video and a contact sheet."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

_SHEET = 16
#: frames between two looks at the disk, and the room that must be left there [bytes].
_CHECK_EVERY, _ROOM = 60, 1 << 20
#: Longer side of a video, at most [px]: 12 megapixels cannot be encoded 30 times a second.
_LARGEST = 1280
_COLUMNS = 4
_TILE = (320, 240)


def fitted(picture: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """
    Scale a picture into a size, its shape kept: what is left over is black.

    :param picture: uint8 (H, W, 3).
    :param size: width, height [px].
    :returns: uint8 (height, width, 3); the picture itself if it has this size.
    """
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    scale = min(size[0] / width, size[1] / height)
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top:top + inner[1], left:left + inner[0]] = cv2.resize(
        picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return canvas


class VideoRecorder:
    """
    Writes frames with the times at which they came as a video of constant rate.

    :param path: an .avi file (Motion JPEG: every OpenCV writes and reads it).
    :param rate: frames a second of the file; gaps repeat the last frame.
    :param longest: what comes after so many seconds is left out: the disk has an end.
    :raises OSError: if the file cannot be written, or no longer.
    """

    def __init__(self, path: Path, rate: float = 30.0, longest: float = 300.0) -> None:
        self.path, self.rate, self.count = path, rate, 0
        self._most = max(round(longest * rate), 1)
        self._writer: cv2.VideoWriter | None = None
        self._start: float | None = None
        self._size: tuple[int, ...] = (0, 0)

    def add(self, frame: np.ndarray, stamp: float) -> None:
        """
        Add a frame.

        :param frame: uint8 (H, W, 3) BGR; later ones of another size are fitted in.
        :param stamp: [s]; a jump back starts the clock anew.
        """
        if self._writer is None:
            scale = min(_LARGEST / max(frame.shape[:2]), 1.0)
            self._size = tuple(max(round(side * scale), 1) for side in frame.shape[1::-1])
            self._writer = cv2.VideoWriter(
                str(self.path), cv2.VideoWriter.fourcc(*'MJPG'), self.rate, self._size)
            if not self._writer.isOpened():
                raise OSError(f"'{self.path}' cannot be written: is the disk full?")
        frame = fitted(frame, self._size)
        if self._start is None or stamp < self._start:
            self._start = stamp - self.count / self.rate
        wanted = round((stamp - self._start) * self.rate) + 1
        # A long gap is not filled with more than a second of standing picture.
        missing = min(wanted, self._most) - self.count
        for _ in range(min(missing, round(self.rate))):
            self._writer.write(frame)
            self.count += 1
            if self.count % _CHECK_EVERY == 0:
                self._check_space()
        if self.count < min(wanted, self._most):
            self._start = stamp - (self.count - 1) / self.rate

    def _check_space(self) -> None:
        """Ask for room beside the file: OpenCV tells nobody of a frame that it cannot write."""
        try:
            with tempfile.TemporaryFile(dir=self.path.parent) as file:
                os.posix_fallocate(file.fileno(), 0, _ROOM)
        except OSError as error:
            raise OSError(f"'{self.path}' cannot grow after {self.count / self.rate:.1f} s: "
                          f'{error.strerror}') from error

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()


class ContactSheet:
    """Keeps frames evenly over time, however long it takes, and lays them out as one picture."""

    def __init__(self) -> None:
        self._tiles: list[np.ndarray] = []
        self._every, self._seen = 1, 0

    def add(self, frame: np.ndarray, text: str) -> None:
        """
        Offer a frame.

        :param frame: uint8 (H, W, 3) BGR.
        :param text: written into its corner.
        """
        if self._seen % self._every == 0:
            tile = fitted(frame, _TILE).copy()
            cv2.rectangle(tile, (0, _TILE[1] - 18), (90, _TILE[1]), (30, 30, 30), -1)
            cv2.putText(tile, text, (4, _TILE[1] - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42,
                        (240, 240, 240), 1, cv2.LINE_AA)
            self._tiles.append(tile)
            if len(self._tiles) >= 2 * _SHEET:  # twice too many: keep every second one
                self._tiles, self._every = self._tiles[::2], self._every * 2
        self._seen += 1

    def write(self, path: Path) -> None:
        """
        Write the picture.

        :raises ValueError: if no frame was offered.
        :raises OSError: if the file cannot be written.
        """
        if not self._tiles:
            raise ValueError('no frame for the contact sheet')
        chosen = [self._tiles[i] for i in np.unique(
            np.linspace(0, len(self._tiles) - 1, _SHEET).round().astype(int))]
        blank = np.zeros_like(chosen[0])
        chosen += [blank] * (-len(chosen) % _COLUMNS)
        rows = [np.hstack(chosen[i:i + _COLUMNS]) for i in range(0, len(chosen), _COLUMNS)]
        if not cv2.imwrite(str(path), np.vstack(rows)):
            raise OSError(f"'{path}' cannot be written: is the disk full?")
