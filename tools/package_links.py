"""What makes fer_ros usable from .venv as from an installed workspace; for the set-up."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path


def link_share(root: Path, share: Path) -> None:
    """Link every file that ships: ros2 launch looks into folders, not through links to them."""
    shutil.rmtree(share, ignore_errors=True)
    for name in shipped_names(root):
        link = share / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(root / name)


def shipped_names(root: Path) -> list[str]:
    """Return the files that ship beside the code, relative to the root."""
    files = [path for folder in (
        'config', 'examples', 'launch', 'models', 'worlds')
             for path in sorted((root / folder).rglob('*'))
             if path.is_file() and '__pycache__' not in path.parts]
    return [str(path.relative_to(root)) for path in (*files, root / 'package.xml')]


def write_executables(root: Path, folder: Path, python: Path) -> None:
    """Write what ros2 run and ros2 launch start, one file an entry point of setup.py."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in entry_points(root).items():
        file = folder / name
        file.write_text(f'#!{python}\nimport sys\n\nfrom {module} import main\n\n'
                        'sys.exit(main())\n')
        file.chmod(0o755)


def entry_points(root: Path) -> dict[str, str]:
    """Return executable -> module, as setup.py installs them."""
    nodes = sorted(path.stem for path in (root / 'fer_ros' / 'nodes').glob('*_node.py')
                   if path.stem != 'working_node')
    return {**{node: f'fer_ros.nodes.{node}' for node in nodes}, 'fer_ros': 'fer_ros.cli'}


def environment_script(prefix: Path, distribution: str) -> str:
    """Return a shell script that makes .venv usable."""
    venv = shlex.quote(str(prefix))
    # In the wheels the environment itself is the ROS prefix: nothing else is to be sourced.
    # It stands last, so that a workspace with fer_ros in it, sourced before, is not hidden.
    paths = '\n'.join(f'export {name}=${{{name}:+${name}:}}{venv}'
                       for name in ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH'))
    if distribution:
        paths = (f'fer_ros_before=$AMENT_PREFIX_PATH\n. {venv}/local_setup.sh\n'
                  f'export AMENT_PREFIX_PATH=$fer_ros_before:{venv}\nunset fer_ros_before')
    return (f'# Made by tools/setup_environment.py: `. .venv/ros_environment.sh`\n'
            f'export VIRTUAL_ENV={venv}\nexport PATH={venv}/bin:"$PATH"\n{paths}\n')
