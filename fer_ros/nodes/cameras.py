"""Several cameras in one process: an emotion_node each, which share the networks."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from rclpy.exceptions import InvalidTopicNameException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.validate_full_topic_name import validate_full_topic_name

from fer_ros.nodes.parameter_specs import Spec, descriptor
from fer_ros.perception.shared_networks import SharedNetworks
from fer_ros.perception.yaml_file import one_line

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*')


class Camera(NamedTuple):
    """
    One of several cameras.

    :param name: the namespace of its node, below that of the process.
    :param topic: of its images, as given.
    """

    name: str
    topic: str


class Shared(NamedTuple):
    """What the nodes of a process have in common."""

    networks: SharedNetworks | None
    ids: Iterator[int]  # no id is used by two cameras


def parse_cameras(text: str) -> list[Camera]:
    """
    Read the parameter ``cameras``.

    :param text: ``topic`` or ``name=topic``, separated by commas or spaces. Without a name it is
        the topic's namespace: ``front`` for ``/front/image_raw``.
    :raises ValueError: if that leaves a camera without a name of its own; says what to write.
    """
    cameras: list[Camera] = []
    for part in re.findall(r'[^,\s]+', text):
        given, separator, topic = part.rpartition('=')
        name = given if separator else topic.strip('/').rpartition('/')[0]
        if not _NAME.fullmatch(name):
            raise ValueError(f"cameras: '{part}' gives no name for the camera's namespace: write "
                             'name=topic, such as front=/front/image_raw')
        cameras.append(Camera(name, topic))
    for i, camera in enumerate(cameras):
        for other in cameras[:i]:
            if camera.name == other.name:
                raise ValueError(f"cameras: '{other.topic}' and '{camera.topic}' are both named "
                                 f"'{camera.name}': write name=topic for each")
            if camera.topic == other.topic:
                raise ValueError(f"cameras: '{camera.topic}' is there twice")
    return cameras


def rules_of_cameras(node_name: str, spec: Spec) -> list[list[str]]:
    """
    Return the remapping rules (``cli_args``) of each camera's node; none: there is but one.

    :param node_name: of the process's node, unless it is remapped.
    :param spec: of the parameter ``cameras``.
    :raises ValueError: if the parameter has no meaning.
    """
    # A node for a moment, to see what the command line says to it.
    host = Node(node_name, enable_rosout=False, start_parameter_services=False)
    try:
        text = host.declare_parameter('cameras', spec.default, descriptor(spec)).value
        name, namespace = host.get_name(), host.get_namespace()
    finally:
        host.destroy_node()
    return [_rules(camera, name, namespace) for camera in parse_cameras(text)]


class CameraNodes:
    """
    A node a camera, each with a thread that serves it: none waits for another.

    :param rules: of each node, see :func:`rules_of_cameras`.
    :param create: makes a node, given its rules and what it shares.
    """

    def __init__(self, rules: Iterable[list[str]],
                 create: Callable[[list[str], Shared], Any]) -> None:
        self._failed: list[BaseException] = []
        self._nodes: list[Any] = []
        shared = Shared(SharedNetworks(), itertools.count(1))
        try:
            for rule in rules:
                self._nodes.append(create(rule, shared))
        except BaseException:
            self.destroy_node()
            raise

    def spin(self) -> None:
        """Serve all nodes until the process is told to stop; raises what one of them raised."""
        executors = [SingleThreadedExecutor() for _ in self._nodes]
        threads = [threading.Thread(target=self._serve, args=pair, daemon=True)
                   for pair in zip(executors, self._nodes)]
        for thread in threads:
            thread.start()
        try:
            # A bare join would keep Ctrl-C out.
            while not self._failed and any(thread.is_alive() for thread in threads):
                threads[0].join(0.2)
        finally:  # the others too: half a process is worse than none
            for executor, thread in zip(executors, threads):
                executor.shutdown(1.0)
                thread.join(1.0)
        if self._failed:
            raise self._failed[0]

    def destroy_node(self) -> None:
        """Release all nodes."""
        for node in self._nodes:
            node.destroy_node()
        self._nodes = []

    def _serve(self, executor: SingleThreadedExecutor, node: Node) -> None:
        try:
            executor.add_node(node)
            executor.spin()
        except (KeyboardInterrupt, ExternalShutdownException):
            pass
        except BaseException as error:
            self._failed.append(error)


def _rules(camera: Camera, name: str, namespace: str) -> list[str]:
    """Return the remapping rules of a camera's node; they come before the process's."""
    root = namespace.rstrip('/')
    topic = camera.topic if camera.topic.startswith('/') else f'{root}/{camera.topic}'
    try:
        validate_full_topic_name(topic)
    except InvalidTopicNameException as error:
        raise ValueError(f"cameras: '{camera.topic}' is no topic's name: "
                         f'{one_line(str(error), 200)}') from error
    info = f'{topic.rpartition("/")[0]}/camera_info'
    rules = (f'__ns:={root}/{camera.name}', f'__node:={name}', f'image:={topic}',
             f'camera_info:={info}',
             f'dialog/tone:={root}/dialog/tone')  # the robot talks to one person
    return ['--ros-args', *(part for rule in rules for part in ('-r', rule))]
