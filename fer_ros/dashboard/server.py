"""The web server: the page's files, the live feed, controls, and dropped pictures."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from fer_ros.dashboard.access import Access
from fer_ros.dashboard.connections import ConnectionWatch
from fer_ros.dashboard.controls import Controls, checked_request
from fer_ros.dashboard.live_feed import LiveFeed
from fer_ros.dashboard.picture_desk import PictureDesk, PictureRefusedError
from fer_ros.dashboard.viewer import serve_viewer
from fer_ros.pictures.upload import MOST_BYTES
from fer_ros.texts import all_texts, load_texts

_PAGE = Path(__file__).parent / 'page'
_TYPES = {'.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript',
          '.json': 'application/json', '.svg': 'image/svg+xml'}
#: Viewers at a time.
_MOST_VIEWERS = 64
#: A picture must have come within so long [s].
_UPLOAD_TIME = 60.0
_LARGEST_REQUEST = 1024


class DashboardServer:
    """
    Serves the page from a thread of its own.

    :param feed: what it shows.
    :param controls: what it can do.
    :param desk: looks at dropped pictures.
    :param access: where it listens and who may see it.
    :param port: 0 for any that is free.
    :raises OSError: by :meth:`start`, if the address cannot be listened on.
    """

    def __init__(self, feed: LiveFeed, controls: Controls, desk: PictureDesk, access: Access,
                 port: int = 0) -> None:
        self.access, self.port = access, port
        self._feed, self._controls, self._desk = feed, controls, desk
        self._viewers = 0
        self._files = {f'/{path.name}': (path.read_bytes(), _TYPES[path.suffix])
                       for path in _PAGE.iterdir() if path.suffix in _TYPES}
        self._files['/'] = self._files.pop('/index.html')
        self._files['/texts.json'] = json.dumps(_texts()).encode(), _TYPES['.json']
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough: asyncio.Event | None = None

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return self.access.address(self.port)

    def start(self) -> None:
        """Listen, and begin to serve."""
        self._socket = _listening(self.access.host, self.port)
        self.port = self._socket.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready.set)), name='dashboard', daemon=True)
        self._thread.start()
        ready.wait(10.0)

    def stop(self) -> None:
        """Tell the viewers good-bye and end the thread."""
        if self._loop is not None and self._enough is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._enough.set)
        if self._thread is not None:
            self._thread.join(5.0)
        if self._socket is not None:
            self._socket.close()

    async def _serve(self, when_ready: Callable[[], None]) -> None:
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        self._feed.attach()
        watch = ConnectionWatch()
        # It tells of each broken request in twenty lines; of faults of ours Access tells in one.
        logging.getLogger('aiohttp').setLevel(logging.CRITICAL + 1)
        runner = web.AppRunner(
            self._app(watch), access_log=None, shutdown_timeout=0.5, keepalive_timeout=10.0)
        await runner.setup()
        assert self._socket is not None and runner.server is not None
        await web.SockSite(runner, self._socket).start()
        closing = asyncio.create_task(watch.run(runner.server))
        when_ready()
        await self._enough.wait()
        closing.cancel()
        await runner.cleanup()

    def _app(self, watch: ConnectionWatch) -> web.Application:
        app = web.Application(middlewares=[watch.middleware, self.access.middleware],
                              client_max_size=MOST_BYTES)
        for path in self._files:
            app.router.add_get(path, self._file, expect_handler=_expect)
        app.router.add_get('/live', self._live, expect_handler=_expect)
        app.router.add_post('/controls', self._control, expect_handler=_expect)
        app.router.add_post('/pictures', self._picture, expect_handler=_expect)
        app.router.add_route('*', '/{nowhere:.*}', _not_found, expect_handler=_expect)
        return app

    async def _file(self, request: web.Request) -> web.Response:
        content, kind = self._files[request.path]
        return web.Response(body=content, content_type=kind, charset='utf-8')

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if self._viewers >= _MOST_VIEWERS:
            return web.Response(status=503, text=f'{_MOST_VIEWERS} viewers watch already\n')
        self._viewers += 1
        try:
            return await serve_viewer(request, self._feed)
        finally:
            self._viewers -= 1

    async def _control(self, request: web.Request) -> web.Response:
        # A form of another page cannot send this type without asking first.
        if request.content_type != 'application/json':
            return _answer(415, 'send application/json')
        try:
            name, value = checked_request(json.loads(await _read(request, _LARGEST_REQUEST)))
        except (ValueError, RecursionError) as error:  # also of JSON and Unicode
            return _answer(400, str(error))
        success, message = await self._controls.apply(name, value)
        return web.json_response({'success': success, 'message': message})

    async def _picture(self, request: web.Request) -> web.Response:
        if request.content_type != 'application/octet-stream':
            return _answer(415, 'send application/octet-stream')
        language = request.query.get('language', 'en')
        try:
            with self._desk.place(language):
                report = await self._desk.look_at(
                    await _read(request, MOST_BYTES), request.query.get('name', ''), language,
                    bool(self._feed.settings.anonymize))
        except PictureRefusedError as error:
            return _answer(error.status, str(error))
        except web.HTTPRequestEntityTooLarge as error:
            return _answer(error.status, load_texts(language)(
                'fault.large', megabytes=MOST_BYTES >> 20))
        return web.json_response({'success': True, 'message': '', **report})


async def _expect(request: web.Request) -> None:
    """Answer ``Expect``; aiohttp's own handler fails over one that is of no encoding."""
    if request.headers.get('Expect', '').lower() != '100-continue':
        raise web.HTTPExpectationFailed(text='expect 100-continue or nothing')
    await request.writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')


async def _not_found(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound(text='the page is at /')


async def _read(request: web.Request, most: int) -> bytes:
    """
    Return the body.

    :raises web.HTTPException: if it is too large or too slow.
    """
    body = bytearray()

    async def collect() -> None:
        async for chunk in request.content.iter_chunked(1 << 16):
            body.extend(chunk)
            if len(body) > most:
                raise web.HTTPRequestEntityTooLarge(most, len(body))

    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
    try:
        await asyncio.wait_for(collect(), _UPLOAD_TIME)
    except asyncio.TimeoutError as error:
        raise web.HTTPRequestTimeout(text=f'not here within {_UPLOAD_TIME:g} s\n') from error
    return bytes(body)


def _texts() -> dict[str, Mapping[str, str]]:
    """Return key -> language -> text, of what the page says."""
    return {key.removeprefix('dashboard.'): texts for key, texts in all_texts().items()
            if key.startswith(('dashboard.', 'label.', 'advice.'))}


def _answer(status: int, message: str) -> web.Response:
    return web.json_response({'success': False, 'message': message}, status=status)


def _listening(host: str, port: int) -> socket.socket:
    """:raises OSError: names the address and the remedy."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        code = getattr(error, 'errno', None)
        reason = os.strerror(code) if code else error
        raise OSError(f'the page cannot be served at {host}:{port} ({reason}): give another '
                      'port (0: any that is free) or host') from error

