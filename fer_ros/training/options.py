"""What the command lines of all trainers share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml

from fer_ros.command_help import HelpFormatter


def run_parser(prog: str, description: str, output: str) -> argparse.ArgumentParser:
    """
    Return a parser with the options that every training run has.

    :param output: default folder of the run.
    """
    parser = argparse.ArgumentParser(
        prog=prog, description=f'{description}; resumes where it stopped.',
        formatter_class=HelpFormatter)
    parser.add_argument('--config', type=Path, help='preset (YAML) instead of the packaged one')
    parser.add_argument('--output', type=Path, default=Path(output), help='folder of the run')
    parser.add_argument('--weights', type=Path,
                        help="begin with these weights: another run's checkpoint.pt, or .pt from "
                             'export')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: all cores')
    return parser


def read_preset(options: argparse.Namespace, **overrides: Any) -> dict[str, Any]:
    """
    Return the preset with what the command line says instead; sets the CPU threads too.

    :param overrides: keys of the preset; None keeps the preset's value.
    :raises ValueError: if the preset cannot be read or an override is not positive.
    """
    try:
        config = yaml.safe_load(options.config.read_text(encoding='utf-8'))
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"preset '{options.config}' cannot be read: {error}") from error
    for key, value in overrides.items():
        if value is not None and value <= 0:
            raise ValueError(f'{key} is {value}, must be above 0')
        config[key] = config.get(key) if value is None else value
    if options.weights is not None:
        config['weights'] = str(options.weights)
    if options.threads:
        torch.set_num_threads(options.threads)
    return dict(config)
