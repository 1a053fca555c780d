"""The temperature that weights were exported with."""

from __future__ import annotations

from pathlib import Path

from fer_ros.perception.model_card import card_path
from fer_ros.perception.yaml_file import read_yaml
from fer_ros.training.checkpoint import load_checkpoint


def temperature_of(weights: Path) -> float:
    """
    Return the temperature of weights; 1 where none is known.

    :param weights: ``.pt`` of an export, whose card may lie beside it, or of a run that was tuned
        from such.
    """
    state = load_checkpoint(weights)
    for place in (state, state.get('fine_tuning', {})):
        if 'temperature' in place:
            return float(place['temperature'])
    card = card_path(weights)
    fields = read_yaml(card) if card.is_file() else {}
    return float(fields.get('temperature', 1.0)) if isinstance(fields, dict) else 1.0
