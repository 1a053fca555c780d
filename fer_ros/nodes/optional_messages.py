"""Messages of packages that a robot may lack: imported when they are asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from fer_ros.nodes.running import NodeRefusedError


def optional_messages(package: str, parameter: str, otherwise: str = '') -> ModuleType:
    """
    Return the messages of a package.

    :param parameter: what asks for it, for the error.
    :param otherwise: where else it can be had from.
    :raises NodeRefusedError: if it is not installed; says how to get it.
    """
    try:
        return import_module(f'{package}.msg')
    except ModuleNotFoundError as error:
        raise NodeRefusedError(
            f'{parameter} needs the package {package}: sudo apt install '
            f'ros-$ROS_DISTRO-{package.replace("_", "-")}{otherwise}') from error
