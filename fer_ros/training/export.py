"""What the exports of both networks share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: readable by OpenCV 4.6 and onnxruntime 1.10 alike.
OPSET = 13


def without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Name the file that a run began with, not where it lay on somebody's disk."""
    if 'weights' not in config:
        return config
    return {**config, 'weights': Path(config['weights']).name}
