"""The temperature that weights were exported with."""

from __future__ import annotations

from pathlib import Path

from fer_ros.perception.model_card import card_path
from fer_ros.perception.yaml_file import read_yaml
from fer_ros.training.checkpoint import load_checkpoint


def temperature_of(weights: Path) -> float:
    """Return the temperature of weights, see :func:`known_temperature`; 1 where none is known."""
    return known_temperature(weights) or 1.0


def known_temperature(weights: Path) -> float | None:
    """
    Return the temperature of weights; None where none is known.

    :param weights: ``.pt`` of an export, whose card may lie beside it, or of a run that was tuned
        from such.
    """
    state = load_checkpoint(weights)
    for place in (state, state.get('fine_tuning', {})):
        if 'temperature' in place:
            return float(place['temperature'])
    card = card_path(weights)
    fields = read_yaml(card) if card.is_file() else {}
    if not isinstance(fields, dict) or 'temperature' not in fields:
        return None
    return float(fields['temperature'])
