"""Who may see the page: this machine's own programs, or who has the token."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import http_exceptions, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Nothing comes from elsewhere, no frame shows the page, no script stands in it.
HEADERS = {
    'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
    'Cache-Control': 'no-store',
}
#: A browser that went away, or a body that is none.
_BROKEN_OFF = ConnectionError, web.RequestPayloadError, http_exceptions.HttpProcessingError
_log = logging.getLogger(__name__)


class Access:
    """
    Decides who gets an answer.

    A page of somebody else that runs in the user's browser may send requests too: they bear a
    foreign ``Origin``, or (DNS rebinding) come to a foreign name in ``Host``. Neither is
    answered. On an address that others can reach, a token is asked for as well: it is made at
    each start, comes with the printed address, and moves from there into a cookie that scripts
    cannot read.

    :param host: the address that is listened on.
    :param token: asked for; None makes one if others can reach the address, '' asks for none.
    """

    def __init__(self, host: str, token: str | None = None) -> None:
        self.host = host
        self.token = token if token is not None else (
            '' if is_loopback(host) else secrets.token_urlsafe(16))
        name = socket.gethostname().lower()
        self._names = {'localhost', name, f'{name}.local', host.lower()}

    def address(self, port: int, path: str = '/') -> str:
        """Return what to open in a browser, token and all."""
        host = reachable_host(self.host)
        host = f'[{host}]' if ':' in host else host
        return f'http://{host}:{port}{path}' + (f'?token={self.token}' if self.token else '')

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer, or say in a line why not."""
        refusal = self._refusal(request)
        if refusal is None and self.token and request.method == 'GET' and (
                'token' in request.query):
            response: web.StreamResponse = self._admitted(request)
        elif refusal is None:
            response = await _answered(request, handler)
        else:
            response = refusal
        if not response.prepared:  # of a web socket the headers are gone
            response.headers.update(HEADERS)
        return response

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Return what to answer who may not see the page, None if he may."""
        if not self._is_ours(request.headers.get('Host', '')):
            return _refused(421, 'this page answers only to the address that was printed at its '
                            'start (unknown Host)')
        origin = request.headers.get('Origin')
        if origin is not None and origin.partition('://')[2] != request.headers['Host']:
            return _refused(403, 'another page may not ask here (foreign Origin)')
        if request.headers.get('Sec-Fetch-Site', 'none') in ('cross-site', 'same-site') and (
                request.path != '/'):  # a link to the page is good, a request of another is not
            return _refused(403, 'another page may not ask here (Sec-Fetch-Site)')
        if self.token and not self._has_token(request):
            return _refused(401, 'open the address with its token, as printed where the page was '
                            'started')
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host is a number or a name of this machine: a foreign name is a trick."""
        try:
            name = urlsplit(f'//{host}').hostname or ''
        except ValueError:
            return False
        return name in self._names or _is_address(name)

    def _has_token(self, request: web.Request) -> bool:
        given = (request.query.get('token'), request.cookies.get(_cookie(request)),
                 request.headers.get('Authorization', '').removeprefix('Bearer '))
        return any(hmac.compare_digest(text.encode(errors='replace'), self.token.encode())
                   for text in given if text)

    def _admitted(self, request: web.Request) -> web.Response:
        """Take the token out of the address bar, where it would stay in the history."""
        response = web.Response(status=303, headers={'Location': request.path})
        response.set_cookie(_cookie(request), self.token, httponly=True, samesite='Strict')
        return response


def _cookie(request: web.Request) -> str:
    """Return a name with the port: browsers give cookies to every port of a machine."""
    here = request.transport.get_extra_info('sockname') if request.transport else (0, 0)
    return f'fer_ros_token_{here[1]}'


def is_loopback(host: str) -> bool:
    """Return whether only this machine's programs can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def reachable_host(host: str) -> str:
    """Return an address of this machine for others, where it listens on all of its own."""
    if host not in ('0.0.0.0', '::', ''):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:  # nothing is sent: the system only chooses the way there, and so the address
            probe.connect(('192.0.2.1', 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return the answer; what is none, such as 'not found' or a fault, as one with headers."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _refused(error.status, error.text or error.reason)
    except _BROKEN_OFF as error:
        return _refused(400, f'the request broke off ({type(error).__name__})')
    except Exception as error:  # ours to mend: in a line, and everybody else is served on
        _log.error('%s %s failed: %s', request.method, request.path,
                   ' '.join(f'{type(error).__name__}: {error}'.split()))
        return _refused(500, 'a fault of fer_ros: where the page was started stands which one')


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(status: int, text: str) -> web.Response:
    # Texts of aiohttp quote headers, which may be of no encoding.
    return web.Response(status=status, body=f'{text}\n'.encode(errors='replace'),
                        content_type='text/plain', charset='utf-8')
