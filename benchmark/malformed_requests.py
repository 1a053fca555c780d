"""Requests that nobody should send, kind by kind: raw bytes, as programs and people send them."""

from __future__ import annotations

import gzip
import json
import os
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

Kind = Callable[[random.Random], bytes]
#: kind -> makes one of its requests. Each is written as it is on a connection of its own.
KINDS: dict[str, Kind] = {}
#: Ways out of the page's folder: each is answered with 404 or 400.
TRAVERSALS = tuple(prefix + b'etc/passwd' for prefix in (
    b'/../../../../', b'/..%2f..%2f..%2f..%2f', b'/%2e%2e/%2e%2e/%2e%2e/%2e%2e/',
    b'/%252e%252e/%252e%252e/', b'/..\\..\\..\\..\\', b'/..%5c..%5c..%5c', b'//', b'/./../../../',
    b'/%c0%ae%c0%ae/%c0%ae%c0%ae/', b'/main.js/../../../../', b'/\xe2\x80\xa5/\xe2\x80\xa5/',
    b'/main.js%00/../../', b'/....//....//', b'/..;/..;/', b'/%2fetc/../')) + (
    b'/../server.py', b'/..%2fserver.py', b'/page/index.html', b'/index.html/..', b'/.git/config')
_JSON = b'Content-Type: application/json\r\n'
_PICTURE = b'Content-Type: application/octet-stream\r\n'
ASK_TO_WATCH = (b'GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'
                 b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                 b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')


def _kind(make: Kind) -> Kind:
    KINDS[make.__name__] = make
    return make


def get(path: bytes = b'/', headers: bytes = b'', host: bytes = b'Host: localhost\r\n',
        method: bytes = b'GET', version: bytes = b'HTTP/1.1') -> bytes:
    """Return a request without a body."""
    return method + b' ' + path + b' ' + version + b'\r\n' + host + headers + b'\r\n'


def post(path: bytes, body: bytes, headers: bytes = _JSON, length: bytes | None = None) -> bytes:
    """Return a request with a body; ``length`` is what it says of it ('': nothing)."""
    told = str(len(body)).encode() if length is None else length
    headers += b'Content-Length: ' + told + b'\r\n' if told else b''
    return get(path, headers, method=b'POST') + body


def frame(opcode: int, data: bytes, final: bool = True, masked: bool = True, reserved: int = 0,
          length: int | None = None) -> bytes:
    """Return a web socket frame; ``length`` is what it says of it."""
    said = len(data) if length is None else length
    head = bytes([(final << 7) | (reserved << 4) | opcode])
    mask = 128 * masked
    if said < 126:
        head += bytes([mask | said])
    elif said < 1 << 16:
        head += bytes([mask | 126]) + struct.pack('>H', said)
    else:
        head += bytes([mask | 127]) + struct.pack('>Q', said)
    return head + (bytes(4) if masked else b'') + data


@_kind
def request_lines(dice: random.Random) -> bytes:
    """Broken first lines, other protocols, noise."""
    return dice.choice([
        b'GET\r\n\r\n', b'GET /\r\n\r\n', b'GET  /  HTTP/1.1\r\n\r\n', b'\r\n\r\n\r\n\r\n',
        b'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', b'GET / HTTP/1.\r\n\r\n',
        b'GET / http/1.1\r\nHost: localhost\r\n\r\n', b'GET /\tHTTP/1.1\r\n\r\n',
        b'GET / HTTP/1.1\nHost: localhost\n\n', b'GET /' + b'a' * 20000 + b' HTTP/1.1\r\n\r\n',
        b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'SSH-2.0-OpenSSH_9.6\r\n', bytes(2000),
        b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + dice.randbytes(508),
        b'\xff\xfe / HTTP/1.1\r\n\r\n', dice.randbytes(300)])


@_kind
def methods(dice: random.Random) -> bytes:
    """Unknown, misspelled, endless methods, and good ones where they are not."""
    name = dice.choice([b'get', b'PUT', b'DELETE', b'TRACE', b'CONNECT', b'OPTIONS', b'PATCH',
                        b'HEAD', b'POST', b'G\0T', b'G' * 9000, b'PROPFIND', b'*'])
    return get(dice.choice([b'/', b'/live', b'/controls', b'/pictures', b'*', b'localhost:80']),
               method=name)


@_kind
def header_names(dice: random.Random) -> bytes:
    """Names that are none."""
    return get(headers=dice.choice([
        b'X Y: 1\r\n', b': 1\r\n', b'X\r\n', b'X\0: 1\r\n', b'\xc3\xa4: 1\r\n', b' folded\r\n',
        b'X : 1\r\n', b'X\x01: 1\r\n', b'X' * 9000 + b': 1\r\n', b'X-\xff\xfe: 1\r\n']))


@_kind
def header_values(dice: random.Random) -> bytes:
    """Values with control characters, endless ones, thousands of them."""
    return get(headers=dice.choice([
        b'X: \0\r\n', b'X: a\rb\r\n', b'X: ' + b'a' * 70000 + b'\r\n', b'X: \xff\xfe\r\n',
        b'X: a\r\n b\r\n', b''.join(b'X-%d: 1\r\n' % i for i in range(3000)), b'X: \x7f\x01\r\n',
        b'Accept-Encoding: ' + b'gzip, ' * 1000 + b'\r\n', b'Range: bytes=9-1,-,a\r\n',
        b'If-Modified-Since: yesterday\r\n', b'Connection: close, keep-alive, \x00\r\n']))


@_kind
def hosts(dice: random.Random) -> bytes:
    """No Host, two, foreign ones (DNS rebinding), and what is none."""
    return get(dice.choice([b'/', b'/live', b'/texts.json']), host=dice.choice([
        b'', b'Host:\r\n', b'Host: evil.example\r\n', b'Host: localhost\r\nHost: evil\r\n',
        b'Host: [::1\r\n', b'Host: ]:80\r\n', b'Host: localhost@evil.example\r\n',
        b'Host: localhost:99999999\r\n', b'Host: localhost:port\r\n', b'Host: 127.1\r\n',
        b'Host: \xff\xfe\r\n', b'Host: 0x7f.1\r\n', b'Host: [fe80::1%25eth0]\r\n',
        b'Host: localhost.evil.example\r\n', b'Host: ' + b'a' * 5000 + b'\r\n']))


@_kind
def origins(dice: random.Random) -> bytes:
    """Pages of others that ask, and Origins that are none."""
    return post(b'/controls', b'{"name": "reset", "value": true}', _JSON + dice.choice([
        b'Origin: http://evil.example\r\n', b'Origin: null\r\n', b'Origin:\r\n',
        b'Origin: http://[\r\n', b'Origin: http://localhost@evil\r\n', b'Origin: localhost\r\n',
        b'Origin: http://localhost.evil\r\n', b'Origin: \xff\xfe\r\n', b'Origin: http://]\r\n',
        b'Origin: http://localhost\r\nOrigin: http://evil\r\n', b'Origin: file://\r\n',
        b'Origin: http://\xe2\x84\x80\r\n', b'Sec-Fetch-Site: cross-site\r\n',
        b'Sec-Fetch-Site: same-site\r\n', b'Referer: http://evil.example\r\nOrigin: a b\r\n']))


@_kind
def lengths(dice: random.Random) -> bytes:
    """Content-Lengths that lie."""
    length = dice.choice([b'-1', b'+5', b'0x10', b'99999999999999999999', b'5, 6', b'abc', b'1e3',
                          b'4294967296', b' ', b'1\r\nContent-Length: 2', b'\xb2', b'00000000001'])
    return post(dice.choice([b'/controls', b'/pictures', b'/']), b'{"name": 1}',
                dice.choice([_JSON, _PICTURE]), length)


@_kind
def chunks(dice: random.Random) -> bytes:
    """Bodies in chunks that are broken."""
    coding = dice.choice([b'chunked', b'chunked', b'chunked', b'chunked, chunked', b'xchunked',
                          b'chunked\r\nContent-Length: 4', b'identity', b'gzip, chunked', b' \0'])
    body = dice.choice([
        b'zz\r\nabc\r\n', b'-1\r\n', b'ffffffffffffffffff\r\na', b'5\r\nabc', b'5;' + b'x' * 9000,
        b'3\r\nabcdef\r\n0\r\n\r\n', b'0\r\n' + b'T: 1\r\n' * 2000 + b'\r\n', b'5\nabcde\n0\n\n',
        b'1\r\na\r\n' * 3000 + b'0\r\n\r\n', b'3\r\nabc\r\n0\r\nX', b'\r\n', b'\0\r\n'])
    return post(dice.choice([b'/controls', b'/pictures']), body, dice.choice(
        [_JSON, _PICTURE]) + b'Transfer-Encoding: ' + coding + b'\r\n', b'')


@_kind
def encodings(dice: random.Random) -> bytes:
    """Compressed bodies: bombs, broken ones, unknown codings."""
    coding, body = dice.choice([
        (b'gzip', _bomb()), (b'gzip', b'\x1f\x8b' + dice.randbytes(50)),
        (b'deflate', zlib.compress(b'[' * 100000)), (b'deflate', b'\0'), (b'br', b'\x0b\x02'),
        (b'zstd', b'\x28\xb5\x2f\xfd'), (b'rot13', b'{}'), (b'gzip, gzip', b'x'),
        (b'gzip', gzip.compress(b'{"name": "reset", "value": 1}')[:20]), (b'\xff', b'')])
    return post(dice.choice([b'/controls', b'/pictures']), body, dice.choice(
        [_JSON, _PICTURE]) + b'Content-Encoding: ' + coding + b'\r\n')


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(1 << 26))


@_kind
def expectations(dice: random.Random) -> bytes:
    """Expect: 100-continue and others, with and without what was promised."""
    expected = dice.choice([b'100-continue', b'100-Continue', b'200-ok', b'', b'\xff', b'a' * 500])
    return post(dice.choice([b'/controls', b'/pictures', b'/']), dice.choice([b'', b'{}']),
                dice.choice([_JSON, _PICTURE]) + b'Expect: ' + expected + b'\r\n',
                dice.choice([b'100', b'999999999', None]))


@_kind
def paths(dice: random.Random) -> bytes:
    """Ways out of the page's folder, and paths that are none."""
    return get(dice.choice(TRAVERSALS + (
        b'/%', b'/%zz', b'/\xff\xfe', b'/a' * 3000, b'//', b'/.', b'', b'?', b'#', b'/?' * 100,
        b'http://evil.example/', b'http://[/', b'/%00', b'/\0', b'/main.js/', b'/MAIN.JS')))


@_kind
def queries(dice: random.Random) -> bytes:
    """Queries that no page sends: tokens guessed, names and languages of every kind."""
    odd = dice.choice([b'', b'%ff%fe', b'%00', b'../../../etc/passwd', b'a' * 4000, b'%0d%0aX:1',
                       b'%f0%9f%98%80', b'%', b'&&=&', b'tr_TR.UTF-8', b'%ed%a0%80'])
    name = dice.choice([b'token', b'language', b'name', b'language=tr&name', b'token=a&token'])
    if dice.random() < 0.5:
        return get(b'/?' + name + b'=' + odd)
    return post(b'/pictures?' + name + b'=' + odd, b'no picture', _PICTURE)


@_kind
def json_bodies(dice: random.Random) -> bytes:
    """Nested a thousand times, numbers that are none, lone surrogates, other encodings."""
    value = dice.choice([
        b'NaN', b'Infinity', b'-Infinity', b'1e999', b'9' * 900, b'null', b'[]', b'{}',
        b'"\\ud800"', b'"\\u0000"', b'"\xff"', b'"' + b'a' * 300 + b'"', b'true', b'1',
        b'"\\r\\nX: 1"', b'""'])
    name = dice.choice([b'enable', b'anonymize', b'overlay', b'tone', b'reset', b'opt_in', b'no',
                        b'opt_out', b'__class__', b'\\ud83d', b''])
    body = b'{"name": "' + name + b'", "value": ' + value + b'}'
    return post(b'/controls', dice.choice([
        body, body, body, b'[' * 900, b'{"a":' * 200, b'', b'null', b'"' * 50,
        b'\xef\xbb\xbf' + body, body.decode('latin-1').encode('utf-16'), body[:-1], body + body,
        b'\0' * 100, b'{"name": "enable", "name": "reset", "value": true}', b'[' * 100000]))


@_kind
def content_types(dice: random.Random) -> bytes:
    """What a form of another page can send, and types that are none."""
    kind = dice.choice([b'text/plain', b'application/x-www-form-urlencoded', b'', b'application/',
                        b'multipart/form-data; boundary=x', b'multipart/form-data', b'\xff/\xff',
                        b'application/json; charset=utf-99', b'application/json;' * 50, b'/'])
    return post(dice.choice([b'/controls', b'/pictures']), b'--x\r\n\r\n{"name": "reset"}',
                b'Content-Type: ' + kind + b'\r\n')


@_kind
def upgrades(dice: random.Random) -> bytes:
    """Web sockets that ask wrongly, other protocols, other paths."""
    return dice.choice([
        get(b'/live'), get(b'/live', b'Upgrade: websocket\r\nConnection: Upgrade\r\n'),
        ASK_TO_WATCH.replace(b'Version: 13', b'Version: 99'),
        ASK_TO_WATCH.replace(b'dGhlIHNhbXBsZSBub25jZQ==', dice.choice([b'', b'a', b'\xff' * 24])),
        ASK_TO_WATCH.replace(b'GET', b'POST'), ASK_TO_WATCH.replace(b'/live', b'/controls'),
        ASK_TO_WATCH.replace(b'Upgrade: websocket', b'Upgrade: h2c'),
        ASK_TO_WATCH.replace(b'HTTP/1.1', b'HTTP/1.0'),
        ASK_TO_WATCH[:-2] + b'Sec-WebSocket-Extensions: permessage-deflate; a=' + b'1' * 999
        + b'\r\n\r\n', ASK_TO_WATCH[:-2] + b'Sec-WebSocket-Protocol: \xff, ,\r\n\r\n',
        ASK_TO_WATCH[:-2] + b'Origin: http://evil.example\r\n\r\n'])


@_kind
def frames(dice: random.Random) -> bytes:
    """Frames that a browser never sends: unmasked, huge, in pieces, reserved, badly closed."""
    return ASK_TO_WATCH + dice.choice([
        frame(1, b'next', masked=False), frame(1, b'x' * 500), frame(2, b'next'),
        frame(1, b'next', reserved=dice.randint(1, 7)), frame(dice.randint(3, 7), b''),
        frame(dice.randint(11, 15), b''), frame(0, b'next'), frame(1, b'ne', final=False),
        frame(1, b'ne', final=False) + frame(1, b'xt'), frame(9, bytes(200)), frame(8, b'\x03'),
        frame(1, b'ne', final=False) + frame(0, b'xt', final=False) * 2000,
        frame(1, b'', length=1 << 62), frame(1, b'', length=(1 << 64) - 1), frame(1, b'\xff\xfe'),
        *(frame(8, struct.pack('>H', code)) for code in (0, 999, 1004, 1005, 1006, 5000, 65535)),
        frame(8, b'\x03\xe8\xff\xfe'), frame(8, b'', final=False), frame(9, b'', final=False),
        frame(1, b'next' * 20), frame(1, b'') * 500, frame(1, b'next')[:3], dice.randbytes(100)])


@_kind
def floods(dice: random.Random) -> bytes:
    """Thousands of frames at once."""
    return ASK_TO_WATCH + dice.choice([
        frame(1, b'next') * 5000, frame(9, b'ping') * 5000, frame(10, b'pong') * 5000])


@_kind
def pipelines(dice: random.Random) -> bytes:
    """Many requests at once on a connection, good ones and bad ones, hidden in bodies too."""
    hidden = get(b'/../server.py')
    some = [get(), get(b'/main.js'), get(b'/nothing'), hidden, post(b'/controls', b'{}'),
            post(b'/controls', hidden, length=b'0'), get(b'/', b'Connection: close\r\n'),
            post(b'/', hidden), b'\r\n', b'noise\r\n\r\n',
            post(b'/controls', b'0\r\n\r\n' + hidden, _JSON + b'Transfer-Encoding: chunked\r\n')]
    return b''.join(dice.choice(some) for _ in range(dice.randint(2, 40)))


@_kind
def credentials(dice: random.Random) -> bytes:
    """Tokens guessed, cookies that are none."""
    odd = dice.choice([b'', b'\xff\xfe', b'"', b'a' * 6000, b'=;=', b'\\"\\', b'a\0b', b'{}',
                       b'\t'])
    return get(headers=dice.choice([
        b'Cookie: fer_ros_token=' + odd, b'Cookie: ' + odd, b'Authorization: Bearer ' + odd,
        b'Authorization: ' + odd, b'Authorization: Basic ' + odd,
        b'Cookie: ' + b'a=1; ' * 1000]) + b'\r\n')


@_kind
def breaks(dice: random.Random) -> bytes:
    """Good requests that end in the middle."""
    whole = dice.choice([get(), post(b'/pictures', os.urandom(2000), _PICTURE), ASK_TO_WATCH,
                         post(b'/controls', json.dumps({'name': 'reset', 'value': 1}).encode())])
    return whole[:dice.randrange(len(whole))]
