"""One browser that watches: it gets the newest when it has drawn what it had."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from aiohttp import WSMsgType, web

from fer_ros.dashboard.live_feed import LiveFeed, Version

#: A browser is asked so often whether it is there [s].
_PATIENCE = 15.0
#: No page asks so often [1/s].
_MOST_REQUESTS = 300
_TOO_LOUD = 1008  # RFC 6455: policy violation


async def serve_viewer(request: web.Request, feed: LiveFeed) -> web.WebSocketResponse:
    """
    Send what is new each time that the page says 'next', until it goes.

    A page draws, then asks: so what is on the way never piles up, however slow it is.
    """
    page = web.WebSocketResponse(heartbeat=_PATIENCE, max_msg_size=64, compress=False)
    try:
        await page.prepare(request)
    except ValueError as error:  # of a key that is no ASCII
        raise web.HTTPBadRequest(text='no web socket is asked for so') from error
    asked = asyncio.Event()
    sender = asyncio.create_task(_send(page, feed, asked))
    try:
        await _listen(page, asked)
    finally:
        sender.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sender
    return page


async def _listen(page: web.WebSocketResponse, asked: asyncio.Event) -> None:
    begin, count = time.monotonic(), 0
    async for message in page:
        if message.type != WSMsgType.TEXT or message.data != 'next':
            await page.close(code=_TOO_LOUD, message=b'only: next')
            return
        count += 1
        now = time.monotonic()
        if now - begin > 1.0:
            begin, count = now, 0
        if count > _MOST_REQUESTS:
            await page.close(code=_TOO_LOUD, message=b'too many requests')
            return
        asked.set()


async def _send(page: web.WebSocketResponse, feed: LiveFeed, asked: asyncio.Event) -> None:
    """Who does not even answer pings is cut off by aiohttp (heartbeat), in mid-sentence too."""
    seen = Version()
    while not page.closed:
        await asked.wait()
        asked.clear()
        seen, texts, picture = await feed.newer_than(seen)
        with suppress(ConnectionError):
            await page.send_str(
                f'{{"picture":{str(bool(picture)).lower()},"parts":[{",".join(texts)}]}}')
            if picture:
                await page.send_bytes(picture)
