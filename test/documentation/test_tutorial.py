"""The tutorial, typed by a test: the processes, the policy, and what the reader is told to see."""

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

pytest.importorskip('rclpy')

PAGE = pages.read(ROOT / 'docs/tutorial/first_robot.md')
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


def test_the_tone_changes_and_changes_with_the_policy(tmp_path):
    parts, mine = ([command for command in _PROGRAM.findall(PAGE) if (
        'my_policy' in command) == own] for own in (False, True))
    listener = 'python3 examples/dialog_manager.py'
    shown = re.findall(r'^system prompt: ([\w ,\-]+)', PAGE, re.MULTILINE)
    policy = next(line for line in PAGE.splitlines() if line.startswith('sed '))
    subprocess.run(policy.replace('config/', f'{ROOT}/config/'), shell=True, cwd=tmp_path,
                   check=True)
    assert len(parts) == 5 and parts.count(listener) == 2 and len(mine) == 1
    assert len(shown) == 3
    behavior = 'python -m fer_ros.nodes.behavior_node'
    with ExitStack() as stack:
        for number, command in enumerate(set(parts) - {listener, behavior}):
            stack.enter_context(started(command, tmp_path, tmp_path / f'{number}.log'))
        for node, texts in ((behavior, shown[:2]), (mine[0], shown[2:])):
            log = tmp_path / f'{len(node)}.log'
            with started(node, tmp_path, tmp_path / 'behavior.log'), \
                    started(listener, tmp_path, log):
                for text in texts:
                    assert said(log, f'system prompt: {text}'), log.read_text()
