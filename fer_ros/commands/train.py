"""``python -m fer_ros train --preset NAME``: hands over to the trainer of the preset."""

from __future__ import annotations

import argparse

from fer_ros.resources import resource_path

#: preset (a file in config/training/) -> module with ``main(argv)``.
PRESETS = {
    'emotion': 'fer_ros.emotion_training.trainer',
    'distill': 'fer_ros.emotion_training.distillation',
    'finetune': 'fer_ros.emotion_training.trainer',
    'teach': 'fer_ros.emotion_training.distillation',
    'face_detector': 'fer_ros.detector_training.trainer',
}


def main(argv: list[str]) -> int:
    """Pick the preset and run its trainer with the remaining arguments."""
    parser = argparse.ArgumentParser(
        prog='fer_ros train', add_help=False,
        description='Train a network. Arguments depend on the preset: '
                    'fer_ros train --preset emotion --help')
    parser.add_argument('--preset', choices=sorted(PRESETS))
    options, rest = parser.parse_known_args(argv)
    if options.preset is None:
        parser.print_help()
        return 0 if {'-h', '--help'} & set(rest) else 2
    from importlib import import_module
    module = import_module(PRESETS[options.preset])
    if '--config' not in rest:
        rest += ['--config', str(resource_path(f'config/training/{options.preset}.yaml'))]
    return int(module.main(rest))
