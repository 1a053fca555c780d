"""A node whose work is done by one thread, beside the executor that serves its parameters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import rclpy
from rclpy.node import Node

from fer_ros.nodes.parameter_specs import Spec, declare


class WorkingNode(Node):
    """
    ``finished`` is set when the work has ended; ``error`` then says why, '' if all went well.

    :param name: of the node.
    :param specs: its parameters.
    """

    def __init__(self, name: str, specs: Mapping[str, Spec], **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.error = ''
        self.finished, self.stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._release: Callable[[], None] = lambda: None
        declare(self, specs)

    def value(self, name: str) -> Any:
        """Return a parameter's value."""
        return self.get_parameter(name).value

    def start(self, work: Callable[[], None], release: Callable[[], None]) -> None:
        """
        Start the thread.

        :param work: runs in it; returns soon after ``stopping`` is set.
        :param release: called once the thread has ended.
        """
        self._release = release
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def wait_for_subscribers(self, heard: Callable[[], bool], patience: float) -> bool:
        """
        Wait in the thread until someone subscribes, so that the beginning is not lost.

        :param heard: whether someone does.
        :param patience: wait no longer [s].
        :returns: whether someone subscribed in time.
        """
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self.stopping.wait(0.05):
            if heard():
                self.stopping.wait(1.0)  # the other side learns of the match a little later
                return True
        return False

    def destroy_node(self) -> None:
        """Stop the thread and release what it used."""
        self.stopping.set()
        if self._thread is not None:  # None if the start was refused halfway
            self._thread.join(2.0)
            self._release()
            self._thread = None
        super().destroy_node()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # files and devices fail in every way
            # A publisher that is gone because the process is told to stop is no fault.
            if rclpy.ok() and not self.stopping.is_set():
                self.error = str(error) if isinstance(error, ValueError) else (
                    f'{type(error).__name__}: {error}')
        self.finished.set()
