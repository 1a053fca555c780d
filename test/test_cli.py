"""The command line as a user meets it."""

import argparse
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros import __version__, cli
from fer_ros.command_help import HelpFormatter
from fer_ros.commands.train import PRESETS

TRAINING = ('fer_ros.training', 'fer_ros.emotion_training', 'fer_ros.detector_training')


@pytest.mark.parametrize('arguments', [['--help'], ['-h'], ['help'], []])
def test_help_lists_every_command(capsys, arguments):
    """One line each; without a command it is an error as well."""
    assert cli.main(arguments) == (0 if arguments else 2)
    lines = capsys.readouterr().out.splitlines()
    for name in cli.COMMANDS:
        assert sum(line.split()[:1] == [name] for line in lines) == 1
    assert max(map(len, lines)) < 90


def test_version(capsys):
    """The package's."""
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out == f'fer_ros {__version__}\n'


def test_unknown_command_names_the_known(capsys):
    """On the error stream, with status 2."""
    assert cli.main(['dance']) == 2
    error = capsys.readouterr().err
    assert "'dance'" in error and all(name in error for name in cli.COMMANDS)
    assert cli.main(['analyse']) == 2
    assert "'analyse', did you mean 'analyze'?" in capsys.readouterr().err


@pytest.mark.parametrize('module', [module for module, _ in cli.COMMANDS.values()])
def test_every_command_is_there(module):
    """The table names modules that exist."""
    assert find_spec(module) is not None


@pytest.mark.parametrize('missing, arguments, remedy', [
    ('torch', ['train', '--preset', 'emotion'], 'pip install torch'),
    ('rclpy', ['demo'], 'needs ROS 2'), ('fer_ros_msgs', ['demo'], 'colcon build')])
def test_missing_dependency_is_one_line_with_the_remedy(monkeypatch, capsys, missing, arguments,
                                                        remedy):
    """No traceback for what a user can mend."""
    gone = ('fer_ros.nodes', *TRAINING, missing)
    for name in [n for n in sys.modules if n.startswith(gone)]:
        monkeypatch.delitem(sys.modules, name)

    class Missing:
        """An import system without that package."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.split('.')[0] == missing:
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    monkeypatch.setattr(sys, 'meta_path', [Missing, *sys.meta_path])
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert remedy in error and error.count('\n') == 1


@pytest.mark.parametrize('command', [
    'dataset', 'evaluate', 'evaluate-detector', 'evaluate-pipeline', 'evaluate-tracker', 'explain',
    'state-bench', 'analyze', 'evaluate-anonymize'])
def test_judging_needs_no_torch(command):
    """Who only wants to know how good a network is installs no torch."""
    code = ("import sys; sys.modules['torch'] = None; from fer_ros import cli; "
            f"sys.exit(cli.main(['{command}', '--help']))")
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('command', cli.COMMANDS)
def test_every_command_tells_its_arguments(capsys, command):
    """``fer_ros <command> --help``."""
    if cli.COMMANDS[command][0].startswith(TRAINING):
        pytest.importorskip('torch')
    if cli.COMMANDS[command][0].startswith('fer_ros.nodes'):
        pytest.importorskip('rclpy')
    try:
        status = cli.main([command, '--help'])
    except SystemExit as error:  # argparse leaves so
        status = error.code
    assert status == 0
    assert f'usage: fer_ros {command}' in capsys.readouterr().out


def parsers():
    """Return command -> its parser; those that need torch are left out without it."""
    pytest.importorskip('rclpy')
    from tools.reference_tables import parser_of
    modules = {name: module for name, (module, _) in cli.COMMANDS.items() if name != 'train'}
    modules |= {f'train --preset {preset}': module for preset, module in PRESETS.items()}
    return {name: parser_of(module) for name, module in modules.items()
            if find_spec('torch') or not module.startswith(TRAINING)}


def test_every_option_is_told():
    """Each has a text; no default shows what only a programmer or this machine knows."""
    for name, parser in parsers().items():
        for action in parser._actions:
            assert (action.help or '').strip(), f'{name}: {action.dest} has no text'
        text = parser.format_help()
        assert parser.prog.startswith('fer_ros ') and parser.description
        for wrong in ('None', 'PosixPath', 'WindowsPath', 'default: )', 'False', '[]',
                      str(Path(cli.__file__).parents[1])):
            assert wrong not in text, f'{name}: {wrong} in\n{text}'


def test_a_default_that_says_something_is_told():
    """Also one with a percent sign; what the text says itself is not said twice."""
    parser = argparse.ArgumentParser(formatter_class=HelpFormatter)
    parser.add_argument('--share', default='5 %', help='of all')
    parser.add_argument('--files', default=[Path('a.pt'), Path('b.pt')], help='to read')
    parser.add_argument('--count', default=0, help='0: all')
    parser.add_argument('--model', default='x.onnx', help='(default: the shipped one)')
    text = ' '.join(parser.format_help().split())
    for part in ('of all (default: 5 %)', '(default: a.pt b.pt)', '0: all (default: 0)',
                 '--model MODEL (default: the shipped one)'):
        assert part in text
    assert 'x.onnx' not in text


def test_train_help_lists_presets_and_options(capsys):
    """What there is to train, in a sentence, and every option of each."""
    assert cli.main(['train']) == 2
    assert '--epochs' not in capsys.readouterr().out
    assert cli.main(['train', '--help']) == 0
    text = capsys.readouterr().out
    for preset in PRESETS:
        assert sum(line.split()[:1] == [preset] for line in text.splitlines()) == 1
    if find_spec('torch'):
        for name, parser in parsers().items():
            if name.startswith('train'):
                assert all(option in text for option in parser._option_string_actions)
    else:
        assert 'torch is not installed' in text


def test_analyze_prints_and_draws(astronaut, tmp_path, capsys):
    """The table on the terminal, the annotated copy in the folder."""
    picture = tmp_path / 'astronaut.png'
    cv2.imwrite(str(picture), astronaut)
    assert cli.main(['analyze', str(picture), '--output', str(tmp_path / 'out')]) == 0
    output = capsys.readouterr().out
    assert '1 face\n' in output and 'happy [ok]' in output
    drawn = cv2.imread(str(tmp_path / 'out' / 'astronaut_emotions.png'))
    assert drawn.shape == astronaut.shape and (drawn != astronaut).any()


def test_analyze_hides_who_lies_down(astronaut, tmp_path):
    """A copy with --anonymize shows nobody, whether analyzed or not."""
    picture = tmp_path / 'lying.png'
    cv2.imwrite(str(picture), np.rot90(astronaut))
    for arguments, in_clear in (([], True), (['--anonymize'], False)):
        assert cli.main(['analyze', str(picture), '--overlay', 'none', '--output',
                         str(tmp_path), *arguments]) == 0
        drawn = np.rot90(cv2.imread(str(tmp_path / 'lying_emotions.png')), -1)
        same = (drawn[66:174, 186:270] == astronaut[66:174, 186:270]).mean()
        assert same > 0.9 if in_clear else same < 0.1


def test_analyze_a_folder(astronaut, tmp_path, capsys):
    """Every picture, also below; a gallery; what is skipped is named and fails nothing."""
    folder = tmp_path / 'pictures'
    (folder / 'sub').mkdir(parents=True)
    for name in ('2.png', '10.png', 'sub/2.png', 'we #1.png'):
        cv2.imwrite(str(folder / name), astronaut)
    (folder / 'bad.png').write_text('no picture')
    (folder / 'notes.txt').touch()
    (folder / '.hidden.png').touch()
    out = tmp_path / 'out'
    assert cli.main(['analyze', str(folder), '--output', str(out)]) == 0
    printed = capsys.readouterr()
    assert '4 pictures, 4 faces: 4 happy\n' in printed.out
    assert printed.out.index('/2.png:') < printed.out.index('/10.png:')
    assert [line.split(':')[0] for line in printed.err.splitlines()] == ['skipped'] * 2
    assert "bad.png': 10 bytes that begin with" in printed.err and 'notes.txt' in printed.err
    page = (out / 'gallery.html').read_text(encoding='utf-8')
    assert page.count('<section class="picture" id=') == len(list(out.glob('*.png'))) == 4
    assert 'bad.png' in page and '4 happy' in page


def test_analyze_fails_if_no_picture_can_be_used(tmp_path, capsys):
    """The first is named, and how many; an empty folder too."""
    bad, empty = tmp_path / 'bad.png', tmp_path / 'empty'
    bad.write_text('no picture')
    empty.mkdir()
    for names, text in (([bad], f"'{bad}': 10 bytes that"), ([empty], 'holds no pictures'),
                        ([bad, 'none.png'], 'none of 2 pictures can be used')):
        assert cli.main(['analyze', *map(str, names)]) == 1
        assert text in capsys.readouterr().err


def test_analyze_sees_large_portraits(astronaut, tmp_path, capsys):
    """A telephone's picture: found, told in its pixels, drawn so that one can read it."""
    cv2.imwrite(str(tmp_path / 'large.jpg'), cv2.resize(astronaut, None, fx=7, fy=7))
    assert cli.main(['analyze', str(tmp_path / 'large.jpg'), '--output', str(tmp_path)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if ' f1 at' in line)
    x, y, width = (int(word) for word in re.findall(r'\d+', line)[1:4])
    assert abs(x / 7 - 177) < 10 and abs(y / 7 - 58) < 15 and abs(width / 7 - 93) < 20
    assert 'happy [ok]' in line
    clear = cv2.imread(str(tmp_path / 'large_emotions.png'))
    assert max(clear.shape) == 1280
    assert cli.main(['analyze', str(tmp_path / 'large.jpg'), '--output', str(tmp_path),
                     '--anonymize', '--overlay', 'none']) == 0
    hidden = cv2.imread(str(tmp_path / 'large_emotions.png'))
    face = slice(150, 430), slice(445, 670)
    assert (hidden[face] == clear[face]).all(2).mean() < 0.1


def test_analyze_refuses_a_missing_model(tmp_path, capsys):
    """One line that names the file."""
    assert cli.main(['analyze', 'a.png', '--emotion-model', '/none/emotion.onnx']) == 1
    assert '/none/emotion.onnx' in capsys.readouterr().err


def test_module_runs():
    """``python -m fer_ros`` is the same."""
    done = subprocess.run([sys.executable, '-m', 'fer_ros', '--version'],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == f'fer_ros {__version__}\n'
