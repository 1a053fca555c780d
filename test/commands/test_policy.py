"""fer_ros policy: a table that can be read, what is never reached, all mistakes, a picture."""

import subprocess
import sys

import cv2
import pytest

from fer_ros import cli
from fer_ros.behavior import policy_file
from fer_ros.behavior.policy_file import load_policy
from fer_ros.commands.evening import play
from fer_ros.resources import resource_path

#: One rule that the evening never asks for, one tone without a rule, one too seldom, one language.
OWN = """\
tones:
  plain: {style_prompt: {de: Sprich sachlich.}}
  bright: {style_prompt: {de: Sprich heiter.}, suggestions: {de: [singen]}}
  gentle: {rate: 0.9}
  soft: {rate: 0.9}
  spare: {rate: 0.9}
emotions: {happy: bright, fear: gentle, angry: soft, sad: plain}
default_tone: plain
min_interval: 150
"""


@pytest.fixture
def own(tmp_path):
    """Return a policy file."""
    file = tmp_path / 'my policy.yaml'
    file.write_text(OWN)
    return file


def output_of(capsys, *words):
    """Run the command; return what it prints."""
    assert cli.main(['policy', *map(str, words)]) == 0
    return capsys.readouterr().out


def test_the_shipped_policy_as_a_table(capsys, monkeypatch):
    """Every change with time, person, state, tone, prompt, offer and reason, in 80 columns."""
    monkeypatch.setenv('COLUMNS', '80')
    text = output_of(capsys)
    decisions = play(load_policy(resource_path('config/behavior.yaml'))).tones
    assert max(map(len, text.splitlines())) <= 80
    words = ' '.join(text.split())
    for decision in decisions:
        told = [line for line in text.splitlines() if line.startswith(f'{decision.stamp:.1f} s')]
        assert len(told) == 1
        assert decision.tone.name in told[0] and decision.person_id in told[0]
        assert decision.emotion in told[0]
    notice = 'notice: Just so you know, my camera reads facial expressions, and I choose my tone'
    assert words.count(notice) == 4  # f1, f2, f1 again, f3
    for part in ('offer: tell a funny story', f'why: {decisions[1].reason}',
                 "Tone 'warm' was never reached: it answers surprise, which nobody shows"):
        assert part in words


def test_another_language(capsys):
    assert 'konuş' in output_of(capsys, '--language', 'tr')


def test_what_is_never_reached_and_why(own, capsys, monkeypatch):
    """By the script, by the rules, by the times; the language is the only one there is."""
    monkeypatch.setenv('COLUMNS', '300')
    lines = output_of(capsys, own).splitlines()
    assert "texts in 'de'" in lines[0]
    for text in ("Tone 'gentle' was never reached: it answers fear, which nobody shows in this "
                 'evening.',
                 "Tone 'spare' was never reached: no emotion leads to it, only an operator "
                 '(set_tone).',
                 'No rule for neutral, surprise, disgust, contempt: the tone stays as it is.',
                 'No notice: nobody is told that the robot reads faces.'):
        assert text in lines
    assert any(line.startswith("Tone 'soft' was never reached: it answers angry, but a change was "
                               'never due: see min_interval (150 s)') for line in lines)
    assert not any("'bright' was never" in line or "'plain' was" in line for line in lines)


@pytest.mark.parametrize('name, written', [('out/evening.png', 'out/evening.png'),
                                           ('folder', 'folder/evening.png')])
def test_the_picture(tmp_path, capsys, name, written):
    """A file, or a folder for it; made where it is not there."""
    assert f'written: {tmp_path / written}' in output_of(
        capsys, '--output', tmp_path / name).replace('\n', '')
    height, width = cv2.imread(str(tmp_path / written)).shape[:2]
    assert width == 1200 and height > 500


def test_all_mistakes_are_told(own, capsys):
    """On the error stream, one a line, with status 1; nothing is played."""
    own.write_text(OWN.replace('min_interval: 150', 'min_intervall: x').replace('soft:', 'sofd:'))
    assert cli.main(['policy', str(own)]) == 1
    output, error = capsys.readouterr()
    assert output == ''
    assert error.splitlines() == [
        f'{own}: 2 mistakes',
        "  line 7: emotions.angry is 'soft', did you mean 'sofd'? allowed: plain, bright, gentle, "
        'sofd, spare',
        "  line 9: 'min_intervall' is not known in the file, did you mean 'min_interval'? "
        f'allowed: {", ".join(policy_file._KEYS)}']


@pytest.mark.parametrize('words, text', [
    (['--language', 'fi'], "no text in 'fi', only in en, tr"),
    (['none.yaml'], 'none.yaml: 1 mistake\n  cannot be read: No such file'),
    (['--output', 'x.doc'], 'doc')])
def test_what_cannot_be_done_is_told(words, text, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(['policy', *words]) == 1
    assert text in capsys.readouterr().err


def test_without_ros(tmp_path):
    """On a machine that has none of it: text and picture."""
    code = ('import sys; sys.modules.update(rclpy=None, fer_ros_msgs=None, std_msgs=None)\n'
            'from fer_ros.cli import main\nsys.exit(main(sys.argv[1:]))')
    done = subprocess.run(
        [sys.executable, '-c', code, 'policy', '--output', str(tmp_path / 'a.png')],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert 'cheerful' in done.stdout and (tmp_path / 'a.png').stat().st_size > 30000
