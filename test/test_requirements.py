"""The lock holds what pip will ask for."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

packaging = pytest.importorskip('packaging.requirements', reason='packaging is not installed')

ROOT = Path(__file__).resolve().parent.parent


def locked():
    """Return the locked packages, each with its extras."""
    found = {}
    for path in (ROOT / 'requirements').glob('*.txt'):
        for name, extras in re.findall(r'^([\w.-]+)(\[[\w,-]+\])?==', path.read_text('utf-8'),
                                       re.MULTILINE):
            found.setdefault(name.lower().replace('_', '-'), set()).update(
                extras.strip('[]').split(',') if extras else ())
    return found


def test_extras_that_packages_ask_for_are_locked():
    """pip 23 takes another one from the newest release, of which the lock has no hash."""
    lock, missing = locked(), set()
    for package in distributions():
        if package.metadata['Name'].lower().replace('_', '-') not in lock:
            continue
        for text in package.requires or ():
            wanted = packaging.Requirement(text)
            name = wanted.name.lower().replace('_', '-')
            if wanted.extras and name in lock and (
                    wanted.marker is None or wanted.marker.evaluate({'extra': ''})):
                missing |= {f'{name}[{extra}]' for extra in wanted.extras - lock[name]}
    assert lock and not missing
