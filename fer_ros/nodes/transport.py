"""Which transport Fast DDS uses: its default shared memory is too small for images."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from fer_ros.resources import resource_path

#: Whoever has set one of these has chosen.
_CHOICES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE',
            'FASTDDS_BUILTIN_TRANSPORTS')
#: Four processes take 32 MB each.
_ENOUGH = 160 << 20
TRANSPORTS = ('shared_memory', 'large_data', 'keep')


def transport_variables(kind: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment variables that give Fast DDS a transport for images.

    :param kind: ``shared_memory``: 32 MB of it on one machine (8 where there is little), UDP to
        others; ``large_data``: TCP to others, which must use it too, and over which two
        processes now and then do not find each other; ``keep``: as it is.
    :param environ: the variables there are; a choice of the user's is kept.
    :raises ValueError: for another kind; names it.
    """
    if kind not in TRANSPORTS:
        raise ValueError(f"transport is '{kind}', allowed: {', '.join(TRANSPORTS)}")
    if kind == 'keep' or any(environ.get(name) for name in _CHOICES):
        return {}
    if kind == 'large_data':
        return {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
    size = 'one_machine' if _free_shared_memory() >= _ENOUGH else 'small_memory'
    profile = str(resource_path(f'config/fastdds_{size}.xml'))
    # The name that Fast DDS 2 knows, and version 3 calls deprecated.
    old = environ.get('ROS_DISTRO') in ('humble', 'iron', 'jazzy')
    return {f'{"FASTRTPS" if old else "FASTDDS"}_DEFAULT_PROFILES_FILE': profile}


def _free_shared_memory() -> int:
    """Return what is free [bytes]; containers have little unless told."""
    try:
        return shutil.disk_usage('/dev/shm').free
    except OSError:  # another system: Fast DDS has its own place for it
        return _ENOUGH


def choose_transport() -> None:
    """
    Use shared memory in this process and its children, unless the user has chosen something.

    Call it before the first node is made.
    """
    os.environ.update(transport_variables('shared_memory', os.environ))
