"""``fer_ros models``: which networks there are, is one fit for use, and a card for it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fer_ros.command_help import HelpFormatter
from fer_ros.commands.card_draft import card_text, known_cards
from fer_ros.commands.model_check import DOUBT, WRONG, check
from fer_ros.perception.model_card import (
    ModelCardError,
    card_path,
    load_model_card,
    read_card,
)
from fer_ros.perception.packaged_network import choose_emotion_network, packaged_networks
from fer_ros.spelling import did_you_mean

_ROLES = {'emotion_classification': 'emotions', 'face_detection': 'detector',
          'face_refinement': 'refiner'}


def main(argv: list[str]) -> int:
    """
    List, check or describe networks.

    :returns: 0; 1 if something is wrong with one that was to be checked.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(argv)  # FILE may stand before or behind options
    if options.action == 'list':
        return _list([Path(file) for file in options.files])
    if not options.files:
        parser.error(f'{options.action} needs an ONNX file')
    if options.like and options.like not in known_cards():
        parser.error(f"no known card '{options.like}'" + (
            did_you_mean(options.like, known_cards())
            or f'; there are {", ".join(known_cards())}'))
    models = [_model(file) for file in options.files]
    if options.action == 'check':
        return max(_check(model) for model in models)
    for model in models:
        _card(model, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros models', formatter_class=HelpFormatter,
        description="Networks for the nodes, ours and other people's: list those there are and "
        'the cards that are known; check a network against its card and on two portraits; print '
        'or write a card for one.')
    parser.add_argument('action', choices=('list', 'check', 'card'), help='what to do')
    parser.add_argument('files', nargs='*', default=[], metavar='FILE', help='ONNX files, or '
                        'names of packaged networks; with list: folders to look into as well')
    parser.add_argument('--like', default='', metavar='CARD', help='with card: take this known '
                        "card; none: the one of the file's name, else a draft")
    parser.add_argument('--write', action='store_true', help='with card: write it beside the '
                        'file, where none is yet')
    parser.add_argument('--overwrite', action='store_true', help='with card: write it, also over '
                        'one that is there')
    return parser


def _model(name: str) -> Path:
    return packaged_networks().get(name) or Path(name).expanduser()


def _check(model: Path) -> int:
    print(f'{model}:')
    verdicts = []
    for finding in check(model):
        print(finding, flush=True)
        verdicts.append(finding.verdict)
    wrong, doubts = verdicts.count(WRONG), verdicts.count(DOUBT)
    print(f'  {wrong} wrong, {doubts} in doubt' if wrong or doubts else '  nothing wrong')
    return int(wrong > 0)


def _card(model: Path, options: argparse.Namespace) -> None:
    text, missing = card_text(model, options.like)
    target = card_path(model)
    if not (options.write or options.overwrite):
        print(text, end='')
    else:
        try:
            with target.open('w' if options.overwrite else 'x', encoding='utf-8') as file:
                file.write(text)
        except FileExistsError as error:
            raise FileExistsError(f"'{target}' is there: --overwrite replaces it") from error
        print(f'written: {target}')
    if missing:
        print(f"for you to say: {', '.join(missing)}; then: fer_ros models check {model}",
              file=sys.stderr)


def _list(folders: list[Path]) -> int:
    """Print what ships, what lies in the folders, and the known cards."""
    detector, emotion = packaged_networks()['face_detector'], choose_emotion_network()
    why = {detector.stem: 'used', 'face_refiner': 'used',
           emotion.path.stem: f'used: {emotion.arithmetic}'}
    print('In the package:')
    for name, path in packaged_networks().items():
        _tell(name, path, why.get(name, 'not used, unless named'))
    for folder in folders:
        print(f'\nIn {folder}:')
        for path in sorted(folder.glob('*.onnx')) if folder.is_dir() else [folder]:
            _tell(path.name, path)
    print('\nKnown cards; the files are to be had from their makers:')
    for path in known_cards().values():
        _tell(path.stem, path, _place(path.stem, [*folders, Path()]))
    print('\nA card for your file: fer_ros models card FILE.onnx --write')
    return 0


def _tell(name: str, path: Path, remark: str = '') -> None:
    """Print a line about a network, and one about what it tells; or what is wrong."""
    try:
        card = load_model_card(path) if path.suffix == '.onnx' else read_card(path)
    except ModelCardError as error:
        print(f'  {name}\n      wrong: {error}')
        return
    size = 'any size' if 0 in card.input_size else f'{card.input_size[0]}x{card.input_size[1]}'
    gives = [' '.join(card.labels), card.decoder and f'boxes ({card.decoder})',
             'valence arousal' * bool(card.valence_arousal),
             f'license: {card.extra.get("license", "not told")}']
    print(f'  {name}: ' + ', '.join(filter(None, (
        _ROLES[card.task], f'{size} {card.color} {card.layout}', remark))))
    print(f'      {"; ".join(filter(None, gives))}')


def _place(name: str, folders: list[Path]) -> str:
    found = next((path for path in (folder / f'{name}.onnx' for folder in folders)
                  if path.is_file()), None)
    return f'file {found}' if found else 'no file here'
