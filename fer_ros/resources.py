"""Find the files that ship beside the code: models, presets, policies."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resource_path(name: str) -> Path:
    """
    Return where a shipped file lies: in the source tree, else in an installed share folder.

    :param name: such as ``models/emotion.onnx``.
    :raises FileNotFoundError: if it is nowhere; names every place looked at.
    """
    places = [Path(__file__).resolve().parent.parent]
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) + [sys.prefix]
    places += [Path(prefix) / 'share' / 'fer_ros' for prefix in prefixes if prefix]
    for place in places:
        if (place / name).exists():
            return place / name
    raise FileNotFoundError(
        f"'{name}' is not in the package; looked in {', '.join(map(str, places))}")
