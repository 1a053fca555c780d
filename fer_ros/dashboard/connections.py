"""Connections that only hold a place are closed: too slow, too many, too loud."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from fer_ros.dashboard.access import Handler

#: Who has not sent a whole request header within so long is cut off [s].
_PATIENCE = 10.0
#: Open connections at a time; beyond, those that wait for longest are cut off.
_MOST = 256


class ConnectionWatch:
    """
    Notes which connections are in the middle of a request; the others may not stay for long.

    aiohttp waits forever for the rest of a header (slow loris).

    :param clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle_since: dict[object, float] = {}
        self._busy: set[object] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that a request has come as a whole, and when it has been answered."""
        connection = request.protocol
        self._busy.add(connection)
        try:
            return await handler(request)
        finally:
            self._busy.discard(connection)
            self._idle_since[connection] = self._clock()

    async def run(self, server: web.Server) -> None:
        """Look every second, until cancelled."""
        while True:
            self.close_idle(server)
            await asyncio.sleep(1.0)

    def close_idle(self, server: web.Server) -> None:
        """Cut off who has been silent for too long, and of too many the most silent."""
        now, connections = self._clock(), set(server.connections)
        self._busy &= connections
        self._idle_since = {
            connection: self._idle_since.get(connection, now)
            for connection in connections - self._busy}
        silent = sorted(self._idle_since, key=self._idle_since.__getitem__)
        excess = max(len(connections) - _MOST, 0)
        for index, connection in enumerate(silent):
            if index < excess or now - self._idle_since[connection] > _PATIENCE:
                transport = getattr(connection, 'transport', None)
                with suppress(RuntimeError):
                    if transport is not None:
                        transport.abort()
