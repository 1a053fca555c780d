"""emotion_node as a child process with a camera of our own, and what the system says of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.nodes.image_conversions import array_to_image
from fer_ros.nodes.qos import emotions_qos, image_qos
from fer_ros.nodes.transport import choose_transport
from fer_ros_msgs.msg import EmotionArray

_TICKS = os.sysconf('SC_CLK_TCK')


def init_apart() -> None:
    """Start rclpy in a domain of the benchmarks, with the transport that images need."""
    os.environ.setdefault('ROS_DOMAIN_ID', '97')
    choose_transport()
    rclpy.init()


def resident(pid: int) -> float:
    """Return the resident memory of a process [MB]."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1]) / 1024
    return float('nan')


def processor_seconds(pid: int) -> float:
    """Return what a process has used of a processor so far [s]."""
    fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Child:
    """
    A node in a process of its own; a context manager.

    :param picture: uint8 (H, W, 3), what the camera sees.
    :param parameters: of the node, 'name:=value'.
    :param count: so many nodes of different names, all on the same camera.
    """

    def __init__(self, picture: np.ndarray, parameters: tuple[str, ...] = (),
                 count: int = 1) -> None:
        self.picture = picture
        self.node = rclpy.create_node('bench_camera')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.answers = 0
        self._clients: dict[str, Any] = {}
        self.node.create_subscription(EmotionArray, 'emotions', self._on_answer, emotions_qos())
        self.publisher = self.node.create_publisher(Image, 'image', image_qos())
        self.started = time.perf_counter()
        self.processes = [self._start(i, parameters) for i in range(count)]

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(15)
        self._executor.shutdown()
        self.node.destroy_node()

    def spin(self, seconds: float, rate: float = 30.0,
             until: Callable[[], bool] = lambda: False) -> None:
        """Publish at a rate (0: nothing) for a while, or until something is true."""
        begin = time.perf_counter()
        number = 0
        while (now := time.perf_counter()) < begin + seconds and not until():
            if rate and now >= begin + number / rate:
                message = array_to_image(self.picture, Header(), 'bgr8')
                message.header.stamp = self.node.get_clock().now().to_msg()
                self.publisher.publish(message)
                number += 1
            self._executor.spin_once(0.002 if rate else 0.05)

    def wait_for_answer(self, patience: float = 30.0) -> float:
        """Publish until the first answer; return the time since the start [s]."""
        self.spin(patience, 30.0, lambda: self.answers > 0)
        if not self.answers:
            raise RuntimeError(f'emotion_node gave no answer in {patience:g} s')
        return time.perf_counter() - self.started

    def processor_seconds(self) -> float:
        """Return what all nodes together have used of a processor so far [s]."""
        return sum(processor_seconds(process.pid) for process in self.processes)

    def memory(self) -> float:
        """Return the resident memory of the first node [MB]."""
        return resident(self.processes[0].pid)

    def threads_and_files(self) -> tuple[int, int]:
        """Return how many threads and open files the first node has."""
        folder = f'/proc/{self.processes[0].pid}'
        return len(os.listdir(f'{folder}/task')), len(os.listdir(f'{folder}/fd'))

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """
        Call a service of the first node and return its answer.

        :raises RuntimeError: if none comes in 20 s.
        """
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, f'emotion_node/{name}')
        future = self._clients[name].call_async(request)
        self.spin(20, 0, future.done)
        if not future.done():
            raise RuntimeError(f'no answer from {name} in 20 s')
        return future.result()

    def change_state(self, step: str) -> None:
        """
        Take the node through a transition of its lifecycle: 'configure', 'activate' ...

        :raises RuntimeError: if it would not.
        """
        number = getattr(Transition, f'TRANSITION_{step.upper()}')
        request = ChangeState.Request(transition=Transition(id=number))
        if not self.call(ChangeState, 'change_state', request).success:
            raise RuntimeError(f'the node would not {step}')

    def set_parameter(self, name: str, value: Any) -> bool:
        """Set a parameter of the node; return whether it was taken."""
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()])
        answer = self.call(SetParameters, 'set_parameters', request)
        return bool(answer.results[0].successful)

    def use(self, seconds: float, rate: float = 30.0) -> float:
        """Return the share of one core used while images come at a rate, in percent."""
        before, begin = self.processor_seconds(), time.perf_counter()
        self.spin(seconds, rate)
        return 100 * (self.processor_seconds() - before) / (time.perf_counter() - begin)

    def _start(self, number: int, parameters: tuple[str, ...]) -> Any:
        arguments = [part for p in parameters for part in ('-p', p)]
        return subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.emotion_node', '--ros-args', '-r',
             f'__node:=emotion_node_{number}' if number else '__node:=emotion_node', *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _on_answer(self, message: EmotionArray) -> None:
        self.answers += 1
