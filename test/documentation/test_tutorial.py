"""The tutorials, typed by a test: the files, the processes, and what the reader is told to see."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pages
import pytest
from pages import ROOT

from fer_ros import cli

pytest.importorskip('rclpy')

PAGE = pages.read(ROOT / 'docs/tutorial/first_robot.md')
DIALOG = pages.read(ROOT / 'docs/tutorial/dialog_engineer.md')
ANALYZE = 'python -m fer_ros analyze portrait.jpg --output annotated'
_PROGRAM = re.compile(r'^(python3? [^&\n]+?) ?&?$', re.MULTILINE)


@contextmanager
def started(command, folder, log):
    """Run a command of the page in a folder; end it as Ctrl-C does."""
    words = command.replace('examples/', f'{ROOT}/examples/').split()
    environ = {**os.environ, 'PYTHONUNBUFFERED': '1',
               'FASTDDS_DEFAULT_PROFILES_FILE': str(ROOT / 'config/fastdds_one_machine.xml')}
    with log.open('w') as file:
        process = subprocess.Popen([sys.executable, *words[1:]], cwd=folder, env=environ,
                                   stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def said(log, text, patience=45.0):
    """Return whether a log has a line in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if text in log.read_text():
            return True
        time.sleep(0.1)
    return False


def test_the_tone_changes_and_changes_with_the_policy(tmp_path, monkeypatch, capsys):
    parts, mine = ([command for command in _PROGRAM.findall(PAGE) if (
        'my_policy' in command) == own] for own in (False, True))
    check = mine.pop(0)
    assert check == 'python -m fer_ros policy my_policy.yaml'
    listener = 'python3 examples/dialog_manager.py'
    shown = re.findall(r'^system prompt: ([\w ,\-]+)', PAGE, re.MULTILINE)
    policy = next(line for line in PAGE.splitlines() if line.startswith('sed '))
    subprocess.run(policy.replace('config/', f'{ROOT}/config/'), shell=True, cwd=tmp_path,
                   check=True)
    monkeypatch.chdir(tmp_path)
    assert cli.main(check.split()[3:]) == 0 and 'playful' in capsys.readouterr().out
    assert len(parts) == 6 and parts.count(listener) == 2 and len(mine) == 1
    assert len(shown) == 3
    behavior = 'python -m fer_ros.nodes.behavior_node'
    with ExitStack() as stack:
        for number, command in enumerate(set(parts) - {listener, behavior, ANALYZE}):
            stack.enter_context(started(command, tmp_path, tmp_path / f'{number}.log'))
        for node, texts in ((behavior, shown[:2]), (mine[0], shown[2:])):
            log = tmp_path / f'{len(node)}.log'
            with started(node, tmp_path, tmp_path / 'behavior.log'), \
                    started(listener, tmp_path, log):
                for text in texts:
                    assert said(log, f'system prompt: {text}'), log.read_text()


def block(language, begin):
    """Return the block of the dialog engineer's page that begins so."""
    found = re.search(rf'^```{language}\n({begin}.*?)^```$', DIALOG, re.DOTALL | re.MULTILINE)
    return found.group(1)


def test_an_own_dialog_with_own_tones(tmp_path, monkeypatch, capsys):
    policy, listener = tmp_path / 'robot.yaml', 'python3 my_dialog.py'
    policy.write_text(block('yaml', 'tones'))
    (tmp_path / 'my_dialog.py').write_text(block('python', 'import'))
    play, *nodes = [command for command in _PROGRAM.findall(DIALOG) if (
        command != listener and 'language' not in command)]
    assert len(nodes) == 3
    monkeypatch.chdir(tmp_path)
    assert cli.main(play.split()[3:]) == 0
    table = ' '.join(capsys.readouterr().out.split())
    assert ' '.join(block('text', '20.9 s').split()) in table
    assert (tmp_path / 'evening.png').is_file()
    policy.write_text(policy.read_text().replace('pitch', 'pitsch'))
    assert cli.main(play.split()[3:]) == 1
    assert capsys.readouterr().err == block('text', 'robot.yaml')
    policy.write_text(policy.read_text().replace('pitsch', 'pitch'))
    with ExitStack() as stack:
        for number, command in enumerate([*nodes, listener]):
            stack.enter_context(started(command, tmp_path, tmp_path / f'{number}.log'))
        for text in (block('text', 'now glad').split('(100%)')[0], 'rate="105%" pitch="+5%"'):
            assert said(tmp_path / '3.log', text), (tmp_path / '3.log').read_text()
