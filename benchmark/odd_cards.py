"""Model cards that must be refused at configure, again and again, with a good one after each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmark.child import Child
from fer_ros.resources import resource_path

#: field -> what it must not be.
WRONG: dict[str, Any] = {
    'name': 2024, 'temperature': 1e-320, 'labels': ['happy', 'happy'], 'input_size': [0, -1],
    'metrics': None, 'std': float('nan'), 'color': 'ultraviolet', 'task': 'face_detection'}


def write_models(folder: Path) -> list[Path]:
    """Write the shipped emotion network with a wrong card for each field; return the files."""
    model = resource_path('models/emotion.onnx')
    card = yaml.safe_load(model.with_suffix('.yaml').read_text(encoding='utf-8'))
    files = []
    for field, value in WRONG.items():
        file = folder / f'{field}.onnx'
        file.symlink_to(model)
        file.with_suffix('.yaml').write_text(yaml.safe_dump({**card, field: value}))
        files.append(file)
    return files


def configure_oddly(child: Child, models: list[Path]) -> int:
    """
    Try every model on a node that is active, which it is again afterwards; return how many.

    :raises RuntimeError: if a wrong card is taken, or the good one no longer.
    """
    for step in ('deactivate', 'cleanup'):
        child.change_state(step)
    for model in models:
        child.set_parameter('emotion_model', str(model))
        try:
            child.change_state('configure')
        except RuntimeError:
            continue
        raise RuntimeError(f'{model.name}: its wrong card was taken')
    child.set_parameter('emotion_model', '')
    for step in ('configure', 'activate'):
        child.change_state(step)
    return len(models)
