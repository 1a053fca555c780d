"""Packages that a launch file needs and that may be absent: one clear line."""

from __future__ import annotations

import os

from ament_index_python.packages import PackageNotFoundError, get_package_prefix


def check_installed(package: str, otherwise: str = '') -> None:
    """
    Check that a ROS package is there.

    :param otherwise: what can be done instead.
    :raises ValueError: if it is not; names the package to install.
    """
    try:
        get_package_prefix(package)
    except PackageNotFoundError as error:
        name = f'ros-{os.environ.get("ROS_DISTRO", "<distribution>")}-{package.replace("_", "-")}'
        raise ValueError(f'{package} is not installed: sudo apt install {name}'
                         f'{f" (or {otherwise})" * bool(otherwise)}') from error
