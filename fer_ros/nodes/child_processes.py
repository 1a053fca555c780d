"""Start nodes as processes of their own, and leave none behind."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from typing import IO

_LIBC = ctypes.CDLL(None)  # loaded here: between fork and exec is no place to
_PR_SET_PDEATHSIG = 1


class ChildProcesses:
    """Processes that end with this one, even when it is killed (Linux)."""

    def __init__(self) -> None:
        self._children: list[tuple[str, subprocess.Popen, IO[bytes]]] = []
        self._stopped, self._failure = False, ''

    def start(self, module: str, parameters: Mapping[str, str]) -> None:
        """
        Start ``python -m module`` with ROS parameters.

        :param parameters: name -> value as on a command line; empty values are left out.
        """
        arguments = [part for name, value in parameters.items() if value not in ('', '""')
                     for part in ('-p', f'{name}:={value}')]
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(
            [sys.executable, '-m', module, *(['--ros-args', *arguments] if arguments else [])],
            stdout=log, stderr=subprocess.STDOUT,
            preexec_fn=partial(_die_with_parent, os.getpid()))
        self._children.append((module.rsplit('.', 1)[1], process, log))

    def ended(self) -> bool:
        """Return whether any process has ended."""
        return any(process.poll() is not None for _, process, _ in self._children)

    def failed(self) -> str:
        """Return who ended by an error, before all were stopped, and what it last said, or ''."""
        if self._stopped:
            return self._failure
        for name, process, log in self._children:
            if process.poll() not in (None, 0, -signal.SIGINT, -signal.SIGTERM):
                return f'{name} ended with status {process.returncode}\n{_tail(log)}'
        return ''

    def warnings(self, name: str) -> list[str]:
        """Return what a process, named as its module, has warned of, each text once."""
        found = [text for child, _, log in self._children if child == name
                 for text in re.findall(r'\[WARN\] .*?\[\w+\]: (.*)', _text(log))]
        return list(dict.fromkeys(found))

    def output(self) -> str:
        """Return the last lines of every process."""
        return '\n'.join(f'--- {name}\n{_tail(log)}' for name, _, log in self._children)

    def stop(self, patience: float = 5.0) -> None:
        """Ask all to end, then insist: SIGINT, SIGTERM, SIGKILL."""
        if self._stopped:
            return
        self._failure, self._stopped = self.failed(), True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for _, process, _ in self._children:
                if process.poll() is None:
                    process.send_signal(number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and any(
                    process.poll() is None for _, process, _ in self._children):
                time.sleep(0.02)

    def reset(self) -> None:
        """Stop all and forget them."""
        self.stop(2.0)
        self._children.clear()
        self._stopped, self._failure = False, ''


def _die_with_parent(parent: int) -> None:
    """Run in the child: a session of its own (Ctrl-C is ours to pass on), and PDEATHSIG."""
    os.setsid()
    # A node that still starts may miss SIGTERM, and has nothing to save.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be watched
        os._exit(1)


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode('utf-8', 'replace')


def _tail(log: IO[bytes], lines: int = 8) -> str:
    return '\n'.join(_text(log).splitlines()[-lines:])
