"""Find and open a bag; say in one line why that cannot be done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fer_ros.perception.yaml_file import one_line

COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = ('sensor_msgs/msg/Image', COMPRESSED_IMAGE)
_FILES = ('.mcap', '.db3')
DAMAGED = ('if it was cut off, `mcap recover`, or `sqlite3 FILE .recover` and ros2 bag reindex, '
           'save what there is')
_REMEDY = 'give a folder with metadata.yaml, or an .mcap or .db3 file'


def is_bag(source: str) -> bool:
    """Return whether what a user names is a bag, by its name or what is in it."""
    path = Path(os.path.expanduser(source))
    return path.suffix in _FILES or (path / 'metadata.yaml').is_file()


class BagError(ValueError):
    """A bag cannot be played; the text names it and the reason."""


def find_bag(value: str) -> Path:
    """
    Return the path that the reader wants: the folder of a bag, or its single file.

    :raises BagError: if there is no bag.
    """
    path = Path(os.path.expanduser(value))
    if not value or not path.exists():
        raise BagError(f"bag '{value}' is not there; {_REMEDY}")
    if path.suffix == '.bag':
        raise BagError(f"'{path}' is a ROS 1 bag; rosbags-convert makes a ROS 2 bag of it")
    if path.is_dir():
        if not (path / 'metadata.yaml').is_file():
            raise BagError(f"'{path}' has no metadata.yaml: it is no bag, or its recording was "
                           'cut off (ros2 bag reindex writes one)')
        return path
    if path.suffix not in _FILES or not path.is_file():
        raise BagError(f"'{path}' is no bag; {_REMEDY}")
    metadata = path.parent / 'metadata.yaml'
    if metadata.is_file() and path.name in metadata.read_text('utf-8', 'replace'):
        return path.parent
    return path


def open_reader(path: Path) -> Any:
    """
    Return an open ``rosbags.rosbag2.Reader``.

    :raises BagError: if the bag is damaged, or rosbags is missing.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ModuleNotFoundError as error:
        raise BagError('bags need the rosbags library: pip install rosbags') from error
    try:
        reader = Reader(path)
        reader.open()
    except Exception as error:  # rosbags, sqlite3, struct and YAML errors
        raise BagError(f"'{path}' cannot be opened: {reason(error)}; {DAMAGED}") from error
    return reader


def image_topics(reader: Any) -> dict[str, str]:
    """
    Return the topics of an open bag that have images, and their types.

    Those with 'depth' in their name come last: the first one is what a face is sought in.
    """
    found = {c.topic: c.msgtype for c in reader.connections if c.msgtype in IMAGE_TYPES}
    return dict(sorted(found.items(), key=lambda item: ('depth' in item[0], item[0])))


def reason(error: Exception) -> str:
    """Return an error's text in one line; its type where it has none."""
    return one_line(str(error)) or type(error).__name__
