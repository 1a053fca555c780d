"""
Image published to ``/emotions`` received: two processes, real DDS.

The parent publishes images at 30 Hz and receives EmotionArrays; the child is emotion_node.
Beside each run stands the transport floor: the same images sent to an echo process that only
answers with their headers. JPEG comes with the time that its decoding takes here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import cv2
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from benchmark.child import init_apart
from benchmark.scene import scene_with_faces
from fer_ros.nodes.conversions import seconds_to_stamp, stamp_to_seconds
from fer_ros.nodes.image_conversions import (
    array_to_compressed,
    array_to_image,
    compressed_to_array,
)
from fer_ros.nodes.qos import emotions_qos, image_qos
from fer_ros.nodes.running import guard_exit
from fer_ros_msgs.msg import EmotionArray

RATE = 30.0
SIZES = ((640, 480), (1280, 720))


def measure(kind: str, size: tuple[int, int], seconds: float) -> dict[str, Any]:
    """
    Send images to a child process and time its answers.

    :param kind: 'floor' (echo), 'emotion_node' or 'jpeg' (emotion_node, compressed images).
    :param size: (width, height) of the images.
    :param seconds: how long to send.
    """
    # Every frame is looked at: a median over frames that coast would flatter.
    module = ['benchmark.echo'] if kind == 'floor' else [
        'fer_ros.nodes.emotion_node', '--ros-args', '-p', 'detector_interval:=1']
    if kind == 'jpeg':
        module += ['-p', 'image_transport:=compressed']
    child = subprocess.Popen([sys.executable, '-m', *module], stdout=subprocess.DEVNULL)
    node = rclpy.create_node('latency')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    arrived: dict[int, float] = {}

    def on_emotions(message: EmotionArray) -> None:
        arrived[round(stamp_to_seconds(message.header) * RATE)] = time.perf_counter()

    node.create_subscription(EmotionArray, 'emotions', on_emotions, emotions_qos())
    publisher = node.create_publisher(
        *((CompressedImage, 'image/compressed') if kind == 'jpeg' else (Image, 'image')),
        image_qos())
    picture = cv2.resize(scene_with_faces(1), size)
    try:
        _wait_for_child(node, executor, publisher, child)
        sent = _send(picture, publisher, executor, seconds)
    finally:
        child.terminate()
        child.wait(10)
        executor.shutdown()
    warm = [i for i in sent if i >= 15]
    latencies = np.array([arrived[i] - sent[i] for i in warm if i in arrived]) * 1e3
    node.destroy_node()
    return {'what': kind, 'size': f'{size[0]}x{size[1]}', 'sent': len(warm),
            'received': len(latencies), 'p50 [ms]': float(np.percentile(latencies, 50)),
            'p99 [ms]': float(np.percentile(latencies, 99)),
            'decoding [ms]': _decoding_time(picture) if kind == 'jpeg' else 0.0}


def _decoding_time(picture: np.ndarray, passes: int = 50) -> float:
    message, times = array_to_compressed(picture, Header()), []
    for _ in range(passes):
        start = time.perf_counter()
        compressed_to_array(message)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)


def _wait_for_child(node: Any, executor: Any, publisher: Any, child: Any) -> None:
    deadline = time.monotonic() + 30
    while publisher.get_subscription_count() == 0 or node.count_publishers('emotions') == 0:
        executor.spin_once(0.05)
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError('the measured process did not come up')
    time.sleep(0.5)


def _send(picture: np.ndarray, publisher: Any, executor: Any,
          seconds: float) -> dict[int, float]:
    """Publish at :data:`RATE`, with stamps that tell the number of the image."""
    sent: dict[int, float] = {}
    start = time.perf_counter()
    for i in range(int(seconds * RATE) + 15):
        make = array_to_image if publisher.msg_type is Image else array_to_compressed
        message = make(picture, Header())
        message.header.stamp = seconds_to_stamp(i / RATE)
        while (wait := start + i / RATE - time.perf_counter()) > 0:
            executor.spin_once(wait)
        sent[i] = time.perf_counter()
        publisher.publish(message)
    end = time.perf_counter() + 0.5
    while (wait := end - time.perf_counter()) > 0:
        executor.spin_once(wait)
    return sent


def main() -> int:
    """Measure both sizes, floor and node in turn; print the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=10.0)
    options = parser.parse_args()
    init_apart()
    rows = [measure(kind, size, options.seconds)
            for size in SIZES for kind in ('floor', 'emotion_node', 'jpeg')]
    print(json.dumps(rows), flush=True)
    guard_exit()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
