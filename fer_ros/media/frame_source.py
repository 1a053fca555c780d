"""Where frames come from: the demo scene, a camera, a video file or a folder of pictures."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from fer_ros.media.demo_scene import DemoScene
from fer_ros.media.picture_decoder import PictureError, read_picture

PICTURES = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.webp', '.tif', '.tiff', '.pgm', '.ppm')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm')
_MAKE_A_VIDEO = 'ffmpeg -i IN -c:v libx264 out.mp4 makes one'
#: Here the scene begins [s].
_CURTAIN = 3.0
#: Held pictures come at this rate [Hz].
_HELD_RATE = 10.0
#: A phone's 12 megapixels ten times a second would be more than networks and nodes bear [px].
_LARGEST = 1280
#: So many names of files are told.
_NAMED = 5
#: A video's header may be off by a few frames; below this share of them it was cut off.
_COMPLETE = 0.9
_log = logging.getLogger(__name__)


class SourceError(ValueError):
    """A source cannot be opened or read; the text names it and the remedy."""


class FrameSource(Protocol):
    """
    Iterates over uint8 (H, W, 3) BGR frames.

    ``name`` tells people what it is; ``period`` is the time between frames [s], 0 for a live
    camera, which always gives its newest frame. ``showing`` names the file that the last frame
    is of; ``begun`` counts the files that were begun, each pass of a loop anew.
    """

    name: str
    period: float
    showing: str
    begun: int

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give the frames."""

    def close(self) -> None:
        """Release device or file."""


def videos_in(folder: Path) -> list[Path]:
    """Return the videos of a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS)


def open_frame_source(source: str, loop: bool = False, hold: float = 0.0) -> FrameSource:
    """
    Open what a user names.

    :param source: 'demo', a camera's number or device ('0', '/dev/video0'), a video file or a
        folder of pictures.
    :param loop: begin anew at the end of a file or folder (the demo always does).
    :param hold: give each picture of a folder at 10 Hz for so long [s]; 0: once.
    :raises SourceError: if it is none of these, missing, empty or unreadable.
    """
    source = str(source).strip()
    if source == 'demo':
        return DemoSource()
    if source.isdecimal() or source.startswith('/dev/'):
        return CameraSource(source)
    path = Path(os.path.expanduser(source))
    if source and path.is_dir():  # '' would be the working directory
        return FolderSource(path, loop, hold)
    if path.is_file():
        return VideoSource(path, loop)
    raise SourceError(f"source '{source}' is not there; give demo, a camera's number, a video "
                      'file or a folder of pictures')


class DemoSource:
    """The rendered scene at 30 Hz, without end. The second person comes after five seconds."""

    name, period = 'demo', 1 / 30
    showing, begun = name, 1

    def __init__(self) -> None:
        try:
            self._scene = DemoScene()
        except RuntimeError as error:
            raise SourceError(str(error)) from error

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give the frames."""
        for index in count():
            yield self._scene.render(_CURTAIN + index * self.period)

    def close(self) -> None:
        """Nothing to release."""


class VideoSource:
    """
    A video file at its own rate.

    :param path: the file.
    :param loop: begin anew at its end.
    """

    def __init__(self, path: Path, loop: bool = False) -> None:
        self.name = self.showing = path.name
        self.begun, self._path, self._loop = 0, path, loop
        self._capture = self._open()
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.period = 1 / rate if 0 < rate <= 1000 else 1 / 30

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give the frames; a file that ends far too early is reported."""
        while True:
            shown = 0
            self.begun += 1
            while True:
                good, frame = self._capture.read()
                if not good:
                    break
                shown += 1
                yield np.asarray(frame)
            if shown == 0:
                raise SourceError(f"no frame of '{self._path}' can be read; {_MAKE_A_VIDEO}")
            expected = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
            if shown < _COMPLETE * expected and self.begun == 1:
                _log.warning("'%s' ended after %d of %d frames: it is cut off or damaged",
                             self._path, shown, expected)
            if not self._loop:
                return
            self._capture.release()
            self._capture = self._open()

    def close(self) -> None:
        """Release the file."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            raise SourceError(
                f"'{self._path}' is no video that OpenCV can read; {_MAKE_A_VIDEO}")
        return capture


class FolderSource:
    """
    The pictures of a folder in natural order (2 before 10).

    What is left out is reported once: other files, and pictures that cannot be read.

    :param path: the folder.
    :param loop: begin anew at its end.
    :param hold: give each picture at 10 Hz for so long [s], as a camera before it would, and no
        larger than 1280 px; 0: once, as it is, and one a second.
    """

    def __init__(self, path: Path, loop: bool = False, hold: float = 0.0) -> None:
        self.name, self.showing, self.begun, self._loop = path.name, '', 0, loop
        self.period = 1 / _HELD_RATE if hold else 1.0
        self._times = round(hold * _HELD_RATE)
        everything = sorted((p for p in path.iterdir() if p.name[0] != '.'), key=natural_order)
        self._files = [p for p in everything if p.suffix.lower() in PICTURES]
        self._others = [p.name for p in everything if p not in self._files]
        if not self._files:
            raise SourceError(f"folder '{path}' has no picture ({', '.join(PICTURES)})"
                              + (f', but {_list(self._others)}' if self._others else ''))

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give the pictures."""
        if self._others:
            _log.warning('left out, being no pictures by their names: %s', _list(self._others))
        number = len(self._files)
        while True:
            for file in list(self._files):
                try:
                    picture = read_picture(file)
                except PictureError as error:
                    _log.warning("'%s' is left out: %s", file, error)
                    self._files.remove(file)
                    continue
                self.showing, self.begun = file.name, self.begun + 1
                if self._times:
                    picture = _shrunk(picture)
                for _ in range(self._times or 1):
                    yield picture
            if not self._files:
                raise SourceError(f'none of the {number} pictures can be read')
            if not self._loop:
                return

    def close(self) -> None:
        """Nothing to release."""


class CameraSource:
    """
    A live camera. A thread empties the driver's queue, so that a frame is never an old one.

    :param device: number or device file.
    """

    period = 0.0

    def __init__(self, device: str) -> None:
        self.name = self.showing = f'camera {device}'
        self.begun = 1
        self._capture: Any = cv2.VideoCapture(
            min(int(device), 2**31 - 1) if device.isdecimal() else device)
        if not self._capture.isOpened():
            raise SourceError(f"camera '{device}' cannot be opened: is it there (ls /dev/video*), "
                              'in use, or not yours to read (group video)?')
        self._newest: np.ndarray | None = None
        self._ended = self._closed = False
        self._ready = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[np.ndarray]:
        """
        Give the newest frame whenever there is a new one.

        :raises SourceError: when the camera gives none any more.
        """
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._newest is not None or self._ended)
                frame, self._newest = self._newest, None
            if frame is not None:
                yield frame
            elif self._closed:
                return
            else:
                raise SourceError(f'{self.name} gives no more images: was it unplugged?')

    def close(self) -> None:
        """Release the device."""
        with self._ready:
            self._ended = self._closed = True
            self._ready.notify_all()
        self._thread.join(2.0)
        self._capture.release()

    def _read(self) -> None:
        while not self._ended:
            good, frame = self._capture.read()
            with self._ready:
                self._newest = frame if good else self._newest
                self._ended = self._ended or not good
                self._ready.notify_all()


def _shrunk(picture: np.ndarray) -> np.ndarray:
    """Return a picture no longer than is held, its shape kept."""
    scale = _LARGEST / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = [max(round(side * scale), 1) for side in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _list(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ', '.join(names[:_NAMED]) + (f' and {more} more' if more > 0 else '')


def natural_order(path: Path) -> list[Any]:
    """Sort by name so that 2 comes before 10."""
    return [int(part) if part.isdigit() else part for part in re.split(r'(\d+)', path.name)]
