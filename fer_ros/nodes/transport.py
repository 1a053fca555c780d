"""Which transport Fast DDS uses: its default shared memory is too small for images."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fer_ros.resources import resource_path

#: Whoever has set one of these has chosen.
_CHOICES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE',
            'FASTDDS_BUILTIN_TRANSPORTS')
TRANSPORTS = ('shared_memory', 'large_data', 'keep')


def transport_variables(kind: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment variables that give Fast DDS a transport for images.

    :param kind: ``shared_memory``: 32 MB of it on one machine, UDP to others; ``large_data``: TCP
        to others, which must use it too, and over which two processes now and then do not find
        each other; ``keep``: as it is.
    :param environ: the variables there are; a choice of the user's is kept.
    :raises ValueError: for another kind; names it.
    """
    if kind not in TRANSPORTS:
        raise ValueError(f"transport is '{kind}', allowed: {', '.join(TRANSPORTS)}")
    if kind == 'keep' or any(environ.get(name) for name in _CHOICES):
        return {}
    if kind == 'large_data':
        return {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
    profile = str(resource_path('config/fastdds_one_machine.xml'))
    # The name that Fast DDS 2 knows, and version 3 calls deprecated.
    old = environ.get('ROS_DISTRO') in ('humble', 'iron', 'jazzy')
    return {f'{"FASTRTPS" if old else "FASTDDS"}_DEFAULT_PROFILES_FILE': profile}


def choose_transport() -> None:
    """
    Use shared memory in this process and its children, unless the user has chosen something.

    Call it before the first node is made.
    """
    os.environ.update(transport_variables('shared_memory', os.environ))
