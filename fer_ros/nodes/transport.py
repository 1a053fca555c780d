"""The transport of programs that start all their processes themselves, on one machine."""

from __future__ import annotations

import os

from fer_ros.resources import resource_path

_CHOICES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE',
            'FASTDDS_BUILTIN_TRANSPORTS')


def choose_transport() -> None:
    """
    Let Fast DDS use a shared memory that holds images, unless the user has chosen something.

    Call it before the first node is made; child processes inherit it. LARGE_DATA, which the launch
    files set, also reaches other machines, but over its TCP two processes now and then do not
    find each other.
    """
    if not any(name in os.environ for name in _CHOICES):
        os.environ['FASTDDS_DEFAULT_PROFILES_FILE'] = str(
            resource_path('config/fastdds_one_machine.xml'))
