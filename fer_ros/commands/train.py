"""``python -m fer_ros train --preset NAME``: hands over to the trainer of the preset."""

from __future__ import annotations

import argparse
import textwrap
from importlib import import_module
from pathlib import Path

from fer_ros.resources import resource_path

#: preset (a file in config/training/) -> module with ``main(argv)``.
PRESETS = {
    'emotion': 'fer_ros.emotion_training.trainer',
    'distill': 'fer_ros.emotion_training.distillation',
    'narrow': 'fer_ros.emotion_training.distillation',
    'finetune': 'fer_ros.emotion_training.fine_tuning',
    'teach': 'fer_ros.emotion_training.distillation',
    'face_detector': 'fer_ros.detector_training.trainer',
    'face_refiner': 'fer_ros.detector_training.trainer',
}


def main(argv: list[str]) -> int:
    """Pick the preset and run its trainer with the remaining arguments."""
    parser = argparse.ArgumentParser(prog='fer_ros train', add_help=False)
    parser.add_argument('--preset', choices=sorted(PRESETS))
    options, rest = parser.parse_known_args(argv)
    if options.preset is None:
        print(overview())
        if not {'-h', '--help'} & set(rest):
            return 2
        _tell_options()
        return 0
    module = import_module(PRESETS[options.preset])
    if '--config' not in rest:
        rest += ['--config', str(_config(options.preset))]
    return int(module.main(rest))


def overview() -> str:
    """Return what there is to train: the first sentence of each preset's file says it."""
    width = max(map(len, PRESETS)) + 4
    lines = [textwrap.fill(_purpose(preset), 90, initial_indent=f'  {preset}'.ljust(width),
                           subsequent_indent=' ' * width) for preset in PRESETS]
    return ('usage: fer_ros train --preset NAME --data DATA [options]\n\n'
            'Train a network; a run that was stopped goes on where it was.\n\npresets:\n'
            + '\n'.join(lines))


def _tell_options() -> None:
    """Print the options of every trainer; its parser needs what training needs."""
    for module in dict.fromkeys(PRESETS.values()):
        presets = [preset for preset, other in PRESETS.items() if other == module]
        print(f'\n--- options with --preset {" or ".join(presets)}\n')
        try:
            import_module(module).main(['--help'])
        except ModuleNotFoundError as error:
            print(f'{error.name} is not installed: make setup WITH_TORCH=1, then ask again')
            return
        except SystemExit:  # argparse leaves so
            continue


def _purpose(preset: str) -> str:
    text = _config(preset).read_text(encoding='utf-8')
    return text.replace('\n# ', ' ').split('.\n')[0].split('. ')[0].removeprefix('# ')


def _config(preset: str) -> Path:
    return resource_path(f'config/training/{preset}.yaml')
