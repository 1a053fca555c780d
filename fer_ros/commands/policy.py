"""``fer_ros policy``: check a policy file, and play it against a scripted evening, without ROS."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fer_ros.behavior.policy_file import PolicyError, load_policy
from fer_ros.behavior.tone_policy import PolicyConfig
from fer_ros.commands.evening import LENGTH, SAID, Course, draw, play
from fer_ros.perception.labels import EMOTIONS
from fer_ros.resources import resource_path

_PACKAGED = 'config/behavior.yaml'


def main(argv: list[str]) -> int:
    """
    Print what the robot would have said in which tone, and why.

    :returns: 0, or 1 if the file has mistakes: all are told.
    """
    options = _parser().parse_args(argv)
    file = options.file or resource_path(_PACKAGED)
    try:
        config, language = _load(file, options.language)
    except PolicyError as error:
        _tell_mistakes(error)
        return 1
    course = play(config, words=options.words)
    written = 'As a picture too: --output evening.png'
    if options.output is not None:
        target = options.output if options.output.suffix else options.output / 'evening.png'
        target.parent.mkdir(parents=True, exist_ok=True)
        draw(course).savefig(target, dpi=100)  # first: who pipes to head wants it all the same
        written = f'written: {target}'
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f'{file}: {len(config.tones)} tones, {len(config.emotions)} rules, nothing '
                  f"wrong. An evening of {LENGTH:g} s, texts in '{language}':\n")
    console.print(_table(course, config.notice))
    for line in (*_remarks(config, course), *_words(options.words), written):
        console.print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros policy', description='Check a policy file, and play it against a scripted '
        'evening: when the tone changes, for whom, to what, and why.')
    parser.add_argument('file', nargs='?', type=Path, help='YAML; none: the shipped policy')
    parser.add_argument('--language', default='',
                        help='of the texts; none: en, or the first one that the file has')
    parser.add_argument('--words', action='store_true',
                        help='what people say counts too, not only how they look')
    parser.add_argument('--output', type=Path,
                        help='picture of the evening, such as evening.png; none: text only')
    return parser


def _load(file: Path, language: str) -> tuple[PolicyConfig, str]:
    try:
        return load_policy(file, language or 'en'), language or 'en'
    except PolicyError as error:
        if language or not error.languages:
            raise
        return load_policy(file, error.languages[0]), error.languages[0]


def _tell_mistakes(error: PolicyError) -> None:
    count = len(error.mistakes)
    print(f'{error.file}: {count} mistake{"s" * (count > 1)}', file=sys.stderr)
    for mistake in error.mistakes:
        print(f'  {mistake}', file=sys.stderr)


def _table(course: Course, notice: str) -> Table:
    """Return one row for each change of tone; the texts wrap beside it, however narrow."""
    table = Table('time', 'person', 'state', 'tone', 'what it tells', box=None, pad_edge=False,
                  padding=(0, 2, 0, 0))
    for decision in course.tones:
        said = f'notice: {notice}' if decision in course.notices else ''
        offer = f'offer: {decision.suggestion}' if decision.suggestion else ''
        told = '\n'.join(filter(None, (
            said, decision.tone.style_prompt, offer, f'why: {decision.reason}')))
        state = f'{decision.emotion} {decision.confidence:.0%}' if decision.emotion else '-'
        table.add_row(*map(Text, (f'{decision.stamp:.1f} s', decision.person_id or '-', state,
                                  decision.tone.name, told + '\n')))
    for column in table.columns[:4]:
        column.no_wrap = True
    return table


def _words(count: bool) -> list[str]:
    """Return who says what, or where to hear it."""
    if not count:
        return ['With what people say: --words']
    return [f'{stamp:.1f} s, {who} says: {text}' for who, stamp, text, *_ in SAID]


def _remarks(config: PolicyConfig, course: Course) -> list[str]:
    """Return what an author would want to know that the table does not show."""
    reached = {decision.tone.name for decision in course.tones}
    shown = {state for face in course.faces.values() for state in face.states}
    remarks = [f"Tone '{name}' was never reached: {_why_not(config, name, shown)}."
               for name in config.tones if name not in reached]
    without = [emotion for emotion in EMOTIONS if emotion not in config.emotions]
    if without:
        remarks.append(f'No rule for {", ".join(without)}: the tone stays as it is.')
    if not config.notice:
        remarks.append('No notice: nobody is told that the robot reads faces.')
    return remarks


def _why_not(config: PolicyConfig, tone: str, shown: set[str]) -> str:
    rules = [emotion for emotion, name in config.emotions.items() if name == tone]
    if not rules:
        return 'no emotion leads to it, only an operator (set_tone)'
    if not shown & set(rules):
        return f'it answers {" and ".join(rules)}, which nobody shows in this evening'
    return (f'it answers {" and ".join(rules)}, but a change was never due: see min_interval '
            f'({config.min_interval:g} s), person_cooldown ({config.person_cooldown:g} s), '
            f'min_confidence ({config.min_confidence:g}) and attention')
