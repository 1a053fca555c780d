"""The page's address as a QR code in the terminal, for a phone."""

from __future__ import annotations

import io


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
