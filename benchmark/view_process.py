"""``fer_ros view`` as a process of its own, for what is done to its page from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class View:
    """
    The process.

    :param source: what is shown.
    :param arguments: more of the command's.
    :param port: 0 for any that is free.
    :param folder: where it runs, and where it finds its home; None: here.
    """

    def __init__(self, source: object, *arguments: str, port: int = 0,
                 folder: Path | None = None) -> None:
        self._said = tempfile.TemporaryFile('w+')
        places = dict.fromkeys(('HOME', 'TMPDIR', 'XDG_CACHE_HOME'), str(folder)) if folder else {}
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros', 'view', str(source), '--loop', '--no-browser',
             '--port', str(port), *arguments], stdout=self._said, stderr=subprocess.STDOUT,
            cwd=folder, env={**os.environ, 'PYTHONUNBUFFERED': '1', **places,
                             'PYTHONPATH': os.pathsep.join(filter(None, sys.path))})
        self.address = ''

    def ready(self, timeout: float = 60.0) -> View:
        """
        Wait until it has told its address; return itself.

        :raises RuntimeError: if it does not.
        """
        deadline = time.monotonic() + timeout
        while not (told := re.search(r'http://\S+', self.said())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'fer_ros view did not start: {self.said()}')
            time.sleep(0.02)
        self.address = told.group()
        return self

    @property
    def port(self) -> int:
        """Where it listens."""
        found = re.search(r':(\d+)/', self.address)
        assert found is not None
        return int(found.group(1))

    def said(self) -> str:
        """Return what it has printed so far."""
        return os.pread(self._said.fileno(), 1 << 20, 0).decode(errors='replace')

    def memory(self, key: str = 'VmRSS') -> float:
        """Return how much memory is in use, or was at most (``VmHWM``) [MB]."""
        for line in Path(f'/proc/{self.process.pid}/status').read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) / 1024
        return float('nan')

    def stop(self) -> int:
        """End it as Ctrl-C does; return its exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()


@contextmanager
def viewing(source: object, *arguments: str, port: int = 0,
            folder: Path | None = None) -> Iterator[View]:
    """Run it for a while."""
    view = View(source, *arguments, port=port, folder=folder)
    try:
        yield view.ready()
    finally:
        view.stop()
