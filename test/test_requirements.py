"""The lock holds what pip will ask for."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

packaging = pytest.importorskip('packaging.requirements', reason='packaging is not installed')

ROOT = Path(__file__).resolve().parent.parent


def locked():
    """Return the locked packages: (name, version) -> extras."""
    found = {}
    for path in (ROOT / 'requirements').glob('*.txt'):
        for name, extras, version in re.findall(
                r'^([\w.-]+)(\[[\w,-]+\])?==(\S+)', path.read_text('utf-8'), re.MULTILINE):
            found.setdefault((plain(name), version), set()).update(
                extras.strip('[]').split(',') if extras else ())
    return found


def plain(name):
    """Return a package's name as all of its spellings are compared."""
    return name.lower().replace('_', '-')


def test_extras_that_packages_ask_for_are_locked():
    """pip 23 takes another one from the newest release, of which the lock has no hash."""
    lock, asked = locked(), {}
    for package in distributions():
        if (plain(package.metadata['Name']), package.version) not in lock:
            continue  # a package of the system
        for text in package.requires or ():
            wanted = packaging.Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({'extra': ''}):
                asked.setdefault(plain(wanted.name), set()).update(wanted.extras)
    missing = {name: asked[name] - extras for (name, _), extras in lock.items()
               if asked.get(name, set()) - extras}
    assert len(lock) > 50 and not missing
