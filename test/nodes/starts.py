"""Start nodes as processes, several at once, and see how they end."""

import os
import subprocess
import sys


def ends_of(commands, timeout=60):
    """
    Run commands side by side until each has ended.

    :param commands: (module or code, arguments, variables of the environment) each.
    :returns: (exit status, output) of each.
    """
    running = [subprocess.Popen(
        [sys.executable, *(['-m', what] if what.startswith('fer_ros.') else ['-c', what]),
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **variables}) for what, arguments, variables in commands]
    try:
        outputs = [process.communicate(timeout=timeout)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    return [(process.returncode, output) for process, output in zip(running, outputs)]


def only_line(output):
    """Return the one line that a node said; rcl, below it, has a word of its own."""
    lines = [line for line in output.splitlines()
             if line.strip() and 'Failed to parse global arguments' not in line]
    assert len(lines) == 1, output
    return lines[0]
