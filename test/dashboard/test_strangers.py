"""Who may not see the page: other pages in the same browser, other machines without the token."""

import http.client
import os
import re
from pathlib import Path

import pytest
from browser_rig import opened

from benchmark.view_process import viewing


def ask(view, path='/', method='GET', **headers):
    """Return status, headers and text of an answer."""
    connection = http.client.HTTPConnection('127.0.0.1', view.port, timeout=20)
    body = headers.pop('body', None)
    connection.request(method, path, body, {
        name.replace('_', '-'): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


@pytest.fixture(scope='module')
def public(portraits):
    """Return ``fer_ros view`` as other machines may reach it."""
    with viewing(portraits, '--host', '0.0.0.0') as result:
        yield result


def token(view):
    """Return the token that it printed."""
    return view.address.split('token=')[1]


@pytest.mark.parametrize('host', ['evil.example', 'localhost.evil.example', '', 'localhost@evil'])
def test_dns_rebinding(view, host):
    """A foreign name that was made to lead here: no page, no stream, no control."""
    for path in ('/', '/live', '/texts.json'):
        assert ask(view, path, Host=host)[0] in (400, 421)


@pytest.mark.parametrize('headers', [
    {'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Origin': 'http://['},
    {'Sec_Fetch_Site': 'cross-site'}, {'Sec_Fetch_Site': 'same-site'}])
def test_pages_of_others(view, headers):
    json = {'Content_Type': 'application/json', 'body': '{"name": "reset", "value": true}'}
    assert ask(view, '/controls', 'POST', **json)[0] == 200
    assert ask(view, '/controls', 'POST', **json, **headers)[0] == 403
    assert ask(view, '/live', Upgrade='websocket', Connection='Upgrade',
               Sec_WebSocket_Version='13', Sec_WebSocket_Key='dGhlIHNhbXBsZSBub25jZQ==',
               **headers)[0] == 403


def test_a_form_of_another_page(view):
    """It can send only such types as are not taken."""
    for kind in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'):
        status, _, _ = ask(view, '/controls', 'POST', Content_Type=kind,
                           body='{"name": "reset", "value": true}')
        assert status == 415


def test_nobody_else_may_read_or_frame_it(view):
    headers = ask(view)[1]
    assert "frame-ancestors 'none'" in headers['Content-Security-Policy']
    assert "default-src 'none'" in headers['Content-Security-Policy']
    assert headers['X-Frame-Options'] == 'DENY' and headers['Referrer-Policy'] == 'no-referrer'
    assert not [name for name in headers if name.startswith('Access-Control-')]


@pytest.mark.parametrize('headers', [
    {}, {'Cookie': 'fer_ros_token=guess'}, {'Authorization': 'Bearer guess'},
    {'Authorization': b'Bearer \xff\xfe'}, {'Cookie': b'fer_ros_token=\xff'}])
def test_other_machines_need_the_token(public, headers):
    assert len(token(public)) >= 20
    for path in ('/', '/live', '/main.js', '/texts.json', '/?token=', '/?token=guess',
                 '/?token=%ff', '/nothing'):
        status, answered, text = ask(public, path, **headers)
        assert status == 401 and 'token' in text, path
        assert 'Set-Cookie' not in answered
    assert ask(public, '/controls', 'POST', Content_Type='application/json', body='{}',
               **headers)[0] == 401


def test_token_moves_into_a_cookie_that_no_script_reads(browser, public):
    """It leaves the address bar, and stands in no request that follows, Referer included."""
    status, headers, _ = ask(public, f'/?token={token(public)}')
    assert status == 303 and headers['Location'] == '/'
    assert {'HttpOnly', 'SameSite=Strict'} <= set(headers['Set-Cookie'].split('; '))
    address = f'http://127.0.0.1:{public.port}/'
    sent = []
    with opened(browser, address, path=f'?token={token(public)}') as page:
        page.locator('#connection.on').wait_for()
        page.on('request', lambda request: sent.append((request.url, request.headers)))
        assert page.url == address
        assert token(public) not in page.evaluate(
            '() => document.cookie + JSON.stringify(localStorage) + document.referrer')
        page.reload()
        page.locator('#connection.on').wait_for()
    assert len(sent) > 5
    assert not [url for url, headers in sent if token(public) in url + headers.get('referer', '')]


def test_each_start_has_a_token_of_its_own_and_keeps_it_to_itself(portraits, public):
    """Where it was started it is told, and nowhere else: not to other users of the machine."""
    with viewing(portraits, '--host', '0.0.0.0') as second:
        assert token(second) != token(public)
        assert ask(second, Authorization=f'Bearer {token(public)}')[0] == 401
        assert ask(second, Authorization=f'Bearer {token(second)}')[0] == 200
        ask(second, f'/nothing?token={token(second)}')
        ask(second, f'/pictures?token={token(second)}', 'POST', body='')
    assert len(re.findall(re.escape(token(public)), public.said())) == 1
    assert len(re.findall(re.escape(token(second)), second.said())) == 1
    if os.path.isdir('/proc'):
        folder = Path(f'/proc/{public.process.pid}')
        assert token(public).encode() not in (
            (folder / 'cmdline').read_bytes() + (folder / 'environ').read_bytes())
