"""
``python -m benchmark.dashboard_abuse``: all that may be done to the page's server from outside.

Malformed requests of 20 kinds, ways out of its folder, connections that say nothing (slow loris),
uploads of 100 MB, picture files of every kind (bombs too), web sockets that flood or never read.
Is it still there, does it still answer good requests, is there a traceback or more than a line a
kind in its output, has its memory grown, has it written a file? Exit status 1 if so.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import cv2

from benchmark.malformed_requests import (
    ASK_TO_WATCH,
    KINDS,
    TRAVERSALS,
    frame,
    get,
)
from benchmark.odd_pictures import odd_pictures
from benchmark.scene import scene_with_faces
from benchmark.view_process import View, viewing

#: Growth of the resident memory that is allowed, and of its peak [MB]. Four uploads of 32 MB may
#: lie in memory at a time, and glibc gives back what is left of them only in part.
GROWTH, PEAK = 160.0, 450.0
_AT_ONCE = 8
_UPLOAD = (b'POST /pictures HTTP/1.1\r\nHost: localhost\r\n'
           b'Content-Type: application/octet-stream\r\n')


class Abuse:
    """
    What is done to a server, and what it made of it.

    :param view: the server.
    :ivar faults: what went wrong, a line each.
    """

    def __init__(self, view: View) -> None:
        self.view, self.faults = view, list[str]()
        self.statuses: Counter[str] = Counter()
        self.memory_before = self.memory_after = self.peak = view.memory()

    def malformed(self, count: int, seed: int = 0) -> None:
        """Send so many requests of each kind."""
        for name, make in KINDS.items():
            dice = random.Random(f'{name} {seed}')
            with self._watched(name), ThreadPoolExecutor(_AT_ONCE) as pool:
                self._note(name, pool.map(self._ask, [make(dice) for _ in range(count)]))

    def traversals(self) -> None:
        """Ask for what lies outside of the page."""
        with self._watched('path traversal'), ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = pool.map(self._ask, map(get, TRAVERSALS))
            for path, answer in zip(TRAVERSALS, answers):
                if not re.match(rb'HTTP/1.[01] 40[04] ', answer) or b'root:' in answer:
                    self.faults.append(f'{path!r} is answered with {answer[:60]!r}')

    def slow_loris(self, count: int, until_closed: bool) -> None:
        """Hold connections that never finish their header; wait until they are cut off, or not."""
        with self._watched(f'{count} connections that say nothing'), ExitStack() as stack:
            held = [stack.enter_context(self._connect()) for _ in range(count)]
            for index, connection in enumerate(held):
                connection.sendall(get()[:1 + index % 20])
            self._answers_well(f'{count} connections say nothing')
            if until_closed:
                deadline = time.monotonic() + 20.0
                while (left := [it for it in held if not _is_closed(it)]) and (
                        time.monotonic() < deadline):
                    for connection in left:
                        with suppress(OSError):
                            connection.sendall(b'X')
                    time.sleep(0.5)
                if left:
                    self.faults.append(f'{len(left)} of {count} silent connections stay')

    def uploads(self, megabytes: int, at_once: int) -> None:
        """Send files that are too large, with and without saying so; and many at once."""
        with self._watched(f'uploads of {megabytes} MB'):
            for told in (True, False):
                answer = self._upload(megabytes, told)
                if answer and not answer.startswith(b'HTTP/1.1 413'):
                    self.faults.append(f'{megabytes} MB are answered with {answer[:60]!r}')
        with self._watched(f'{at_once} uploads at once'), ThreadPoolExecutor(at_once) as pool:
            self._note('uploads', pool.map(lambda _: self._upload(31, False), range(at_once)))

    def pictures(self) -> None:
        """Send picture files of every kind, good and bad, also as gzip would have them."""
        with self._watched('odd pictures'):
            for name, picture in odd_pictures().items():
                answer = self._ask(_UPLOAD + b'Content-Length: %d\r\n\r\n' % len(picture.data)
                                   + picture.data, 30.0, b'}')
                if not re.match(rb'HTTP/1.1 (200|422) ', answer):
                    self.faults.append(f'the picture {name} is answered with {answer[:60]!r}')

    def viewers(self, count: int) -> None:
        """Watch without ever reading; those that are too many are sent away."""
        with self._watched(f'{count} viewers that never read'), ExitStack() as stack:
            for _ in range(count):
                connection = stack.enter_context(self._connect())
                with suppress(OSError):
                    connection.sendall(ASK_TO_WATCH + frame(1, b'next') * 50)
            if not self._ask(get(), 5.0, b'</html>').startswith(b'HTTP/1.1 200'):
                self.faults.append(f'no page while {count} viewers do not read')

    def weigh(self) -> None:
        """Note how much memory it has now, and had at most."""
        self.memory_after, self.peak = self.view.memory(), self.view.memory('VmHWM')

    def verdict(self) -> list[str]:
        """Return all faults, those of the memory among them."""
        grown, risen = self.memory_after - self.memory_before, self.peak - self.memory_before
        if grown > GROWTH:
            self.faults.append(f'memory has grown by {grown:.0f} MB (allowed: {GROWTH:.0f})')
        if risen > PEAK:
            self.faults.append(f'memory rose by {risen:.0f} MB (allowed: {PEAK:.0f})')
        return self.faults

    @contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        """See how the server is afterwards."""
        before = len(self.view.said())
        yield
        self._answers_well(what)
        said = self.view.said()[before:].strip()
        if 'Traceback' in said or said.count('\n') > 0:
            self.faults.append(f'{what}: the server says {said[-600:]}')
        if self.view.process.poll() is not None:
            raise RuntimeError(f'{what}: the server is dead: {self.view.said()[-2000:]}')

    def _answers_well(self, what: str) -> None:
        for request, wanted, end in ((get(), b'200', b'</html>'),
                                     (ASK_TO_WATCH + frame(1, b'next'), b'101', b'"kind"')):
            answer = b''
            deadline = time.monotonic() + 30.0
            while end not in answer and time.monotonic() < deadline:
                answer = self._ask(request, 5.0, end)
            if end not in answer or not answer.startswith(b'HTTP/1.1 ' + wanted):
                self.faults.append(f'{what}: then a good request is answered with {answer[:60]!r}')

    def _note(self, what: str, answers: Iterable[bytes]) -> None:
        for answer in answers:
            for status in re.findall(rb'HTTP/1\.[01] (\d{3})', answer) or [b'none']:
                self.statuses[status.decode()] += 1
                if status in (b'500', b'502'):
                    self.faults.append(f'{what}: {answer[:60]!r}')

    def _upload(self, megabytes: int, told: bool) -> bytes:
        length = b'Content-Length: %d\r\n\r\n' % (megabytes << 20)
        piece = bytes(1 << 20)
        with self._connect() as connection, suppress(OSError):
            connection.sendall(_UPLOAD + (
                length if told else b'Transfer-Encoding: chunked\r\n\r\n'))
            connection.setblocking(False)
            for _ in range(megabytes):
                rest = memoryview(piece if told else b'100000\r\n' + piece + b'\r\n')
                deadline = time.monotonic() + 20.0
                while rest and time.monotonic() < deadline:
                    with suppress(BlockingIOError):
                        rest = rest[connection.send(rest):]
                    with suppress(BlockingIOError):
                        if answer := connection.recv(1 << 16):
                            return answer
            connection.settimeout(30.0)
            if not told:
                connection.sendall(b'0\r\n\r\n')
            return connection.recv(1 << 16)
        return b''

    def _ask(self, request: bytes, patience: float = 0.3, end: bytes = b'\0never') -> bytes:
        """Return what comes to what is sent, until nothing more does."""
        answer = b''
        with suppress(OSError), self._connect() as connection:
            connection.settimeout(max(patience, 2.0))
            with suppress(OSError):
                connection.sendall(request)
            connection.settimeout(patience)
            while end not in answer and len(answer) < 1 << 22 and (
                    piece := connection.recv(1 << 16)):
                answer += piece
        return answer

    def _connect(self) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self.view.port), timeout=10.0)


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(1 << 16)
    except BlockingIOError:
        return False
    except OSError:
        return True


def main() -> int:
    """Do it all; say what went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--requests', type=int, default=50, help='of each kind')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as pictures, tempfile.TemporaryDirectory() as home:
        cv2.imwrite(f'{pictures}/face.png', scene_with_faces(1))
        with viewing(pictures, folder=Path(home)) as view:
            rounds = [_round(Abuse(view), options.requests, options.seed + i) for i in range(2)]
            rounds[1].memory_before = rounds[0].memory_before  # nor may it grow on and on
        written = [str(path.relative_to(home)) for path in Path(home).rglob('*')]
    faults = [*rounds[0].faults, *rounds[1].verdict(), *(f'written: {name}' for name in written)]
    print(json.dumps({
        'requests': 2 * len(KINDS) * options.requests, 'rounds': [
            {'statuses': dict(each.statuses), 'memory before [MB]': round(each.memory_before),
             'after': round(each.memory_after), 'peak': round(each.peak)} for each in rounds],
        'faults': faults}, indent=2))
    return 1 if faults else 0


def _round(abuse: Abuse, requests: int, seed: int) -> Abuse:
    abuse.malformed(requests, seed)
    abuse.traversals()
    abuse.slow_loris(200, until_closed=True)
    abuse.uploads(100, 16)
    abuse.pictures()
    abuse.viewers(100)
    abuse.weigh()
    return abuse


if __name__ == '__main__':
    sys.exit(main())
