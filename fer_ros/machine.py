"""What the figures were measured on: processor, cores, versions; no host names."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def describe_machine() -> dict[str, Any]:
    """Return the processor's name and the versions that matter for speed."""
    import cv2
    import numpy

    from fer_ros.perception.onnx_session import inference_engine
    return {
        'processor': _processor(), 'cores': os.cpu_count(), 'system': platform.system(),
        'python': platform.python_version(), 'engine': inference_engine(),
        'opencv': cv2.__version__, 'numpy': numpy.__version__}


def _processor() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()
