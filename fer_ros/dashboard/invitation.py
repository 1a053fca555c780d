"""How people come to the page: its port, a browser that opens, a QR code in the terminal."""

from __future__ import annotations

import io
import os
import socket
import webbrowser

#: Where the page usually is.
PORT = 8090


def free_port(host: str = '127.0.0.1') -> int:
    """Return the usual port, or any that is free where it is taken."""
    for port in (PORT, 0):
        try:
            with socket.create_server((host, port)) as probe:
                return int(probe.getsockname()[1])
        except OSError:
            continue
    raise OSError(f'no port of {host} is free')


def open_browser(address: str) -> None:
    """Open the page where there is a screen; elsewhere its address has been printed."""
    if os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'):
        webbrowser.open(address)


def invitation(address: str) -> str:
    """
    Return the address, with its QR code above where segno is installed.

    :param address: with its token.
    """
    try:
        import segno
    except ModuleNotFoundError:
        return f'{address}\n(pip install segno shows it as a QR code)'
    text = io.StringIO()
    segno.make(address, error='l').terminal(text, compact=True)
    return f'{text.getvalue()}{address}'
