"""
Viewers of a page, all in one process, as browsers would be: each asks for the next picture when
it has drawn one. Dead ones ask and never read; slow ones take one a second.

``python -m benchmark.viewers ADDRESS COUNT DEAD SLOW ATTACKS`` says 'ready' when each has a
picture, and after a line on its input how many pictures each has taken in a second, in between.
With ATTACKS 1 malformed requests of all kinds come meanwhile, without a pause.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp

from benchmark.malformed_requests import KINDS

#: A browser takes so long to decode and draw a picture [s].
_DRAWING = 0.01


class Viewer:
    """
    One that watches.

    :param pause: between a picture and the next question [s].
    """

    def __init__(self, pause: float = _DRAWING) -> None:
        self.pause, self.pictures = pause, 0

    async def watch(self, session: aiohttp.ClientSession, address: str) -> None:
        """Watch until cancelled."""
        async with session.ws_connect(f'{address}live', max_msg_size=0) as page:
            while True:
                await page.send_str('next')
                if json.loads(await page.receive_str())['picture']:
                    await page.receive_bytes()
                    self.pictures += 1
                    await asyncio.sleep(self.pause)


async def _hold(session: aiohttp.ClientSession, address: str) -> None:
    """Ask, and never read: what is sent fills the system's buffers, then the server waits."""
    async with session.ws_connect(f'{address}live', max_msg_size=0, autoping=False) as page:
        for _ in range(100):
            await page.send_str('next')
        await asyncio.sleep(3600)


def _attack(address: str) -> None:
    """Send malformed requests of all kinds without end; nobody waits for an answer."""
    where, dice = urlsplit(address), random.Random(0)
    while True:
        for make in KINDS.values():
            with suppress(OSError), socket.create_connection(
                    (where.hostname, where.port), timeout=1.0) as connection:
                connection.sendall(make(dice))


async def _run(address: str, count: int, dead: int, slow: int, attacks: int) -> None:
    if attacks:
        threading.Thread(target=_attack, args=(address,), daemon=True).start()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        slow_ones = [Viewer(1.0) for _ in range(slow)]
        others = [Viewer() for _ in range(count - dead - slow)]
        tasks = [asyncio.create_task(viewer.watch(session, address))
                 for viewer in slow_ones + others]
        tasks += [asyncio.create_task(_hold(session, address)) for _ in range(dead)]
        while not all(viewer.pictures for viewer in slow_ones + others):
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)
        print('ready', flush=True)
        begin = time.monotonic()
        before = sum(viewer.pictures for viewer in others)
        await asyncio.to_thread(sys.stdin.readline)
        taken = sum(viewer.pictures for viewer in others) - before
        print(taken / (time.monotonic() - begin) / max(len(others), 1), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == '__main__':
    os.nice(10)  # browsers run elsewhere: what they take is not the robot's
    asyncio.run(_run(sys.argv[1], *map(int, sys.argv[2:6])))
