"""
Write what the code says into docs/reference: ``python -m tools.reference_tables``.

Parameters, launch arguments, messages, fields of model cards, commands and make targets come from
where they are declared; ``test/documentation`` holds the pages to it.
"""

from __future__ import annotations

import argparse
import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fer_ros.cli import COMMANDS
from fer_ros.command_help import default_text
from fer_ros.commands.train import PRESETS
from fer_ros.nodes import (
    bag_player_node,
    behavior_parameters,
    dashboard_parameters,
    expression_parameters,
    image_source_node,
    parameters,
)
from fer_ros.nodes.launch_arguments import OTHERS, PLAYER, TOPICS, parameter_specs
from fer_ros.nodes.parameter_specs import Spec
from fer_ros.perception.card_schema import FIELDS as CARD_FIELDS
from tools.accuracy_tables import insert

ROOT = Path(__file__).resolve().parent.parent
_REFERENCE = ROOT / 'docs' / 'reference'
NODES: dict[str, Mapping[str, Spec]] = {
    'emotion_node': parameters.SPECS, 'behavior_node': behavior_parameters.SPECS,
    'image_source_node': image_source_node.SPECS, 'bag_player_node': bag_player_node.SPECS,
    'dashboard_node': dashboard_parameters.SPECS,
    'expression_node': expression_parameters.SPECS}
_INTERFACES = sorted((ROOT / 'fer_ros_msgs').glob('*/*.[ms][sr][gv]'))
_LAUNCH_FILES = ('fer', 'demo', 'bag', 'sim')
#: commands with torch in their parsers; the rest is told where torch is not installed too.
WITH_TORCH = {'train', 'export', 'export-detector'}


def parts() -> dict[str, dict[str, str]]:
    """Return page -> name of a part -> its Markdown; less where torch is not installed."""
    unknown = set() if find_spec('torch') else WITH_TORCH
    asked = [name for name in COMMANDS if name not in unknown]
    return {
        'parameters.md': {name: parameter_table(specs) for name, specs in NODES.items()},
        'launch_files.md': {name: launch_table(name) for name in _LAUNCH_FILES},
        'messages.md': {file.stem: f'```text\n{file.read_text(encoding="utf-8").strip()}\n```'
                        for file in _INTERFACES},
        'model_cards.md': {'card': _rows(('field', 'must be'), (
            (f'`{name}`', str(field['description'])) for name, field in CARD_FIELDS.items()))},
        'commands.md': {'make': make_table(), 'commands': _rows(
            ('command', 'what'), ((f'[`{name}`](#{name})', text)
                                  for name, (_, text) in COMMANDS.items())),
            **{name: command_table(name) for name in asked}}}


def parameter_table(specs: Mapping[str, Spec]) -> str:
    """Return the Markdown table of a node's parameters."""
    rows = []
    for name, spec in specs.items():
        default = str(spec.default).lower() if isinstance(spec.default, bool) else (
            spec.default if spec.default != '' else '(empty)')
        row = [f'`{name}`', str(default), _allowed(spec), spec.text]
        if specs is parameters.SPECS:
            row.insert(3, 'yes' if spec.live else '')
        rows.append(row)
    live = ('live',) if specs is parameters.SPECS else ()
    return _rows(('name', 'default', 'allowed', *live, 'what'), rows)


def _allowed(spec: Spec) -> str:
    """Return the values that a parameter may take."""
    if spec.choices:
        return ', '.join(f'`{choice}`' for choice in spec.choices)
    if spec.word:
        return f'`{spec.word}`, {spec.low:g} to {spec.high:g}'
    if isinstance(spec.default, (bool, str)):
        return ''
    return f'{spec.low:g} to {spec.high:g}'


def launch_table(name: str) -> str:
    """Return the Markdown table of a launch file's own arguments."""
    return _rows(('argument', 'default', 'what'), (
        (f'`{argument}`', default, text) for argument, default, text in launch_arguments(name)))


def launch_arguments(name: str) -> list[tuple[str, str, str]]:
    """
    Return name, default and description of a launch file's own arguments.

    The files are read as source, for launch comes with a ROS distribution only.
    """
    rows = _shared_arguments() if name == 'fer' else []
    if name == 'bag':
        rows += [(argument, '', bag_player_node.SPECS[argument].text) for argument in PLAYER]
    tree = ast.parse((ROOT / f'launch/{name}.launch.py').read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_argument(node):
            words = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
            rows.append((ast.literal_eval(node.args[0]), words.get(
                'default_value', '(required)'), words['description']))
    return rows


def _shared_arguments() -> list[tuple[str, str, str]]:
    """Return those of fer.launch.py, which have tables of their own."""
    return [*((name, default, text) for name, (default, text) in TOPICS.items()),
            *((name, '', spec.text) for name, spec in parameter_specs().items()),
            *((name, str(spec.default).lower() if isinstance(spec.default, bool)
               else spec.default, spec.text) for name, spec in OTHERS.items())]


def _is_argument(node: ast.Call) -> bool:
    return (isinstance(node.func, ast.Name) and node.func.id == 'DeclareLaunchArgument'
            and isinstance(node.args[0], ast.Constant))


def make_table() -> str:
    """Return the Markdown table of the Makefile's targets."""
    found = re.findall(r'^([a-z]+):.*## (.*)$', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    return _rows(('target', 'what'), ((f'`make {name}`', text) for name, text in found))


def command_table(name: str) -> str:
    """Return what a command is for and the Markdown table of its options."""
    if name != 'train':
        return _options_table(parser_of(COMMANDS[name][0]))
    return '\n\n'.join(f'`train --preset {preset}`: ' + _options_table(
        parser_of(module), config=f'config/training/{preset}.yaml')
        for preset, module in PRESETS.items())


class _AskedError(Exception):
    """Carries a command's parser out of it."""


def parser_of(module: str) -> argparse.ArgumentParser:
    """Return the parser that a command's ``main`` makes, caught before it reads arguments."""
    def caught(parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        raise _AskedError(parser)

    with patch.multiple(
            argparse.ArgumentParser, parse_args=caught, parse_intermixed_args=caught):
        try:
            import_module(module).main([])
        except _AskedError as asked:
            return asked.args[0]  # type: ignore[no-any-return]
    raise ValueError(f'{module} reads its arguments without argparse')


def _options_table(parser: argparse.ArgumentParser, **known: str) -> str:
    """
    Return what a parser tells of itself.

    :param known: defaults that are set elsewhere, by the option's name.
    """
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        name = ', '.join(action.option_strings) or action.dest
        allowed = f' ({", ".join(map(str, action.choices))})' if action.choices else ''
        default = '(required)' if action.required else default_text(action)
        default = known.get(action.dest, default)
        rows.append((f'`{name}`', default, (action.help or '') + allowed))
    table = _rows(('option', 'default', 'what'), rows)
    return f'{textwrap.fill(parser.description or "", 110)}\n\n{table}'


def _rows(head: tuple[str, ...], rows: Any) -> str:
    """Return a Markdown table."""
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(
        cell.strip().replace('|', '\\|') for cell in row) + ' |' for row in rows])


def pages() -> Iterator[tuple[Path, str]]:
    """Give each page's file and its text with all parts as the code has them now."""
    for page, made in parts().items():
        file = _REFERENCE / page
        yield file, insert(file.read_text(encoding='utf-8'), made, tuple(made))


def main() -> None:
    """Write all pages anew."""
    for file, text in pages():
        file.write_text(text, encoding='utf-8')
    if not find_spec('torch'):
        print(f'as they were: {", ".join(sorted(WITH_TORCH))} (make setup WITH_TORCH=1)')


if __name__ == '__main__':
    main()
