"""What ``--help`` tells of an option: its text, and its default where that says anything."""

from __future__ import annotations

import argparse


def default_text(action: argparse.Action) -> str:
    """Return an option's default for people, '' where nothing is set or the text says it."""
    value = action.default
    if action.required or value is None or value is False or value in ('', [], argparse.SUPPRESS):
        return ''
    return ' '.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


class HelpFormatter(argparse.HelpFormatter):
    """Adds the default to an option's text as users type it: no ``None``, no ``PosixPath``."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, default = action.help or '', default_text(action)
        if not default or '(default' in text:
            return text
        return f'{text} (default: {default.replace("%", "%%")})'
