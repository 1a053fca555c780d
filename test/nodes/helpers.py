"""Run nodes in this process and wait for what should happen."""

import threading
import time
from contextlib import contextmanager

import rclpy
from rclpy.executors import SingleThreadedExecutor


@contextmanager
def spinning(*nodes):
    """Spin nodes in a thread of their own; they are destroyed at the end."""
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join(10)
        for node in nodes:
            node.destroy_node()


def wait_for(condition, timeout=10.0):
    """Return whether a condition came true in time."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.002)
    return bool(condition())


def call(client, request, timeout=10.0):
    """Call a service while another thread spins its node."""
    assert client.wait_for_service(timeout)
    futures = [client.call_async(request)]
    if not wait_for(futures[0].done, timeout / 2):
        # The server may have answered before it knew where the client listens: once more.
        futures.append(client.call_async(request))
    assert wait_for(lambda: any(future.done() for future in futures), timeout)
    return next(future for future in futures if future.done()).result()


@contextmanager
def ros():
    """Start rclpy for a test and shut it down again."""
    rclpy.init()
    try:
        yield
    finally:
        rclpy.try_shutdown()


@contextmanager
def running(make):
    """Make a rig (a node, its peer, ready()), spin it for a test, and shut everything down."""
    with ros():
        rig = make()
        with spinning(rig.node, rig.peer):
            rig.ready()
            yield rig


def differences(first, second, tolerance=1e-5):
    """
    Return where two messages differ, one line a field.

    Sums of floats depend on where an array lies in memory: the last bits are nobody's promise.
    """
    if hasattr(first, 'get_fields_and_field_types'):
        return [f'{name}{line}' for name in first.get_fields_and_field_types() for line in
                differences(getattr(first, name), getattr(second, name), tolerance)]
    if isinstance(first, str) or not hasattr(first, '__len__'):
        near = isinstance(first, float) and abs(first - second) <= tolerance
        return [] if near or first == second else [f': {first!r} is not {second!r}']
    if len(first) != len(second):
        return [f': {len(first)} values are not {len(second)}']
    return [f'[{i}]{line}' for i, (a, b) in enumerate(zip(first, second))
            for line in differences(a, b, tolerance)]
