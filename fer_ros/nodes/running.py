"""The frame around every node: start, spin, stop cleanly, and say in one line why not."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException

from fer_ros.nodes.memory import keep_freed_memory
from fer_ros.nodes.usage import asks_for_help
from fer_ros.perception.yaml_file import one_line


class NodeRefusedError(ValueError):
    """A node will not start or go on; its text is all there is to say, '' if it has been said."""


def run_node(name: str, create: Callable[[], Any], args: list[str] | None = None,
             help_text: str = '', takes_images: bool = True) -> int:
    """
    Run a node until it is told to stop, or has finished by itself.

    :param name: for the log.
    :param create: makes the node. One with an event ``finished`` ends when it is set, and has
        failed if its ``error`` is not empty; one with a method ``spin`` spins itself.
    :param args: command line; None takes the process's.
    :param help_text: printed in place of running the node if the command line asks for it.
    :param takes_images: the memory of one is kept for the next.
    :returns: exit status: 0, or 1 if the node was refused or failed; one line then says why.
    """
    if asks_for_help(args):
        print(help_text)
        return 0
    log = rclpy.logging.get_logger(name)
    if takes_images:
        keep_freed_memory()
    try:
        rclpy.init(args=args)
    except Exception as error:  # rclpy raises classes of its own, which differ by distribution
        log.fatal(f'cannot run: {_reason(error)}')
        rclpy.try_shutdown()
        return 1
    node = None
    try:
        node = create()
        _spin(node)
        if getattr(node, 'error', ''):
            raise NodeRefusedError(node.error)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (ValueError, OSError, ModuleNotFoundError, ParameterException) as error:
        if not rclpy.ok():  # told to stop while it started: no fault
            return 0
        if str(error):
            log.fatal(f'cannot run: {_reason(error)}')
        return 1
    except Exception:
        # An interrupt comes out of rclpy as whatever it broke into: no fault of the node's.
        if not _told_to_stop():
            raise
    finally:
        _ignore_interrupts()
        guard_exit()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _reason(error: Exception) -> str:
    """Return what an error says in one line, without rcl's places in its source."""
    text = re.sub(r',\s+at \S+:\d+', '', str(error))
    if type(error).__name__ == 'UnknownROSArgsError':
        text = f'unknown ROS arguments {text}'
    if 'log directory' in text:
        text += ' (ROS_LOG_DIR names another folder)'
    return one_line(text, 700)


def _told_to_stop(patience: float = 0.5) -> bool:
    """Return whether rclpy is shutting down; it does so in a thread of its own."""
    deadline = time.monotonic() + patience
    while rclpy.ok() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not rclpy.ok()


def guard_exit(patience: float = 5.0) -> None:
    """
    End the process with status 1 if it has not ended by itself after a while.

    With its TCP transport (LARGE_DATA) Fast DDS 3.2 now and then waits forever for its own lock
    in ``TCPChannelResourceBasic::disconnect`` while a participant is destroyed, holding the
    GIL. faulthandler's thread needs neither.
    """
    faulthandler.dump_traceback_later(patience, exit=True, file=open(os.devnull, 'w'))


def _ignore_interrupts() -> None:
    """Let a second Ctrl-C not break into the clean-up."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _spin(node: Any) -> None:
    if hasattr(node, 'spin'):
        node.spin()
        return
    finished: threading.Event | None = getattr(node, 'finished', None)
    if finished is None:
        rclpy.spin(node)
        return
    while rclpy.ok() and not finished.is_set():
        rclpy.spin_once(node, timeout_sec=0.1)
