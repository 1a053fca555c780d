"""Who gets an answer: by Host, Origin and token."""

import asyncio
import socket

import pytest
from aiohttp import ClientSession, CookieJar, web

from fer_ros.dashboard.access import Access, is_loopback, reachable_host

GOOD = '127.0.0.1:1234'


def asked(access, headers=None, path='/', token=None, method='GET'):
    """Return (status, headers, text) of a request to a real server with this access."""
    async def answer(request):
        return web.Response(text='the page')

    async def run():
        app = web.Application(middlewares=[access.middleware])
        app.router.add_route('*', '/{path:.*}', answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, '127.0.0.1', 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        cookies = {f'fer_ros_token_{port}': token} if token else None
        async with ClientSession(cookies=cookies, cookie_jar=CookieJar(unsafe=True)) as session:
            async with session.request(method, f'http://127.0.0.1:{port}{path}', headers=headers,
                                       allow_redirects=False) as response:
                result = response.status, dict(response.headers), await response.text()
        await runner.cleanup()
        return result
    return asyncio.run(run())


@pytest.mark.parametrize('host', [
    'localhost', 'localhost:8090', '127.0.0.1', '[::1]:8090', '192.168.1.7:80',
    socket.gethostname(), f'{socket.gethostname().upper()}.local:8090'])
def test_own_names(host):
    """Numbers and the machine's own names."""
    assert asked(Access('127.0.0.1'), {'Host': host})[0] == 200


@pytest.mark.parametrize('host', [
    'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '', ':80', '[', 'a b',
    'localhost@evil.example/', '127.1.evil'])
def test_foreign_names(host):
    """DNS rebinding: a foreign name that points here."""
    status, headers, text = asked(Access('127.0.0.1'), {'Host': host})
    assert status == 421 and 'Host' in text and 'Content-Security-Policy' in headers


@pytest.mark.parametrize('headers, status', [
    ({'Host': GOOD, 'Origin': f'http://{GOOD}'}, 200),
    ({'Host': GOOD, 'Origin': 'http://evil.example'}, 403),
    ({'Host': GOOD, 'Origin': 'null'}, 403),
    ({'Host': GOOD, 'Origin': 'http://127.0.0.1:9999'}, 403),
    ({'Host': GOOD, 'Sec-Fetch-Site': 'cross-site'}, 403),
    ({'Host': GOOD, 'Sec-Fetch-Site': 'same-origin'}, 200)])
def test_other_pages(headers, status):
    """A page of somebody else that runs in the user's browser."""
    assert asked(Access('127.0.0.1'), headers, '/controls', method='POST')[0] == status


def test_a_link_to_the_page_is_good():
    """The page itself may be opened from anywhere."""
    assert asked(Access('127.0.0.1'), {'Sec-Fetch-Site': 'cross-site'})[0] == 200


def test_a_token_where_others_can_reach_it():
    """It comes with the address, goes into a cookie that scripts cannot read, and is needed."""
    access = Access('0.0.0.0')
    assert len(access.token) >= 20 and access.token != Access('0.0.0.0').token
    assert access.token in access.address(80) and not Access('127.0.0.1').token
    status, _, text = asked(access)
    assert status == 401 and 'token' in text and access.token not in text
    assert asked(access, path='/?token=wrong')[0] == 401
    assert asked(access, path='/?token=%C3%A9')[0] == 401
    assert asked(access, {'Authorization': f'Bearer {access.token}'})[0] == 200
    status, headers, _ = asked(access, path=f'/?token={access.token}')
    assert (status, headers['Location']) == (303, '/')
    cookie = headers['Set-Cookie']
    assert 'HttpOnly' in cookie and 'SameSite=Strict' in cookie
    assert asked(access, token=access.token)[0] == 200
    assert asked(access, token='wrong')[0] == 401


def test_addresses():
    """What to open, and what others can open."""
    assert Access('127.0.0.1').address(8090) == 'http://127.0.0.1:8090/'
    assert Access('::1').address(8090) == 'http://[::1]:8090/'
    assert is_loopback('127.0.0.2') and is_loopback('::1') and is_loopback('localhost')
    assert not is_loopback('0.0.0.0') and not is_loopback('robot.local')
    assert reachable_host('10.0.0.1') == '10.0.0.1' and reachable_host('0.0.0.0') != '0.0.0.0'
