"""The example dialog manager, as a process of its own beside a behavior_node."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import RegionOfInterest  # noqa: E402

from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.qos import emotions_qos  # noqa: E402
from fer_ros_msgs.msg import Emotion, EmotionArray  # noqa: E402

EXAMPLE = Path(__file__).resolve().parents[2] / 'examples' / 'dialog_manager.py'


@pytest.fixture
def process():
    """Return the running example and the lines it prints; killed if a test fails."""
    running = subprocess.Popen([sys.executable, str(EXAMPLE)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(running.stdout), daemon=True).start()
    yield running, lines
    running.kill()
    running.wait(10)


def has(lines, *parts):
    """Return whether a line contains all parts."""
    return any(all(part in line for part in parts) for line in lines)


def face(label, stamp):
    """Return one face in this mood."""
    message = EmotionArray(emotions=[Emotion(
        id='f1', label=label, confidence=0.9, roi=RegionOfInterest(width=80, height=80))])
    message.header.stamp.sec = stamp
    return message


def test_the_example_speaks_in_the_tone(process):
    """It joins late, gets the latched tone, then a new one; SIGINT ends it quietly."""
    running, lines = process
    with ros():
        node = BehaviorNode(parameter_overrides=[Parameter('min_interval', value=0.0)])
        camera = rclpy.create_node('camera')
        publisher = camera.create_publisher(EmotionArray, 'emotions', emotions_qos())
        with spinning(node, camera):
            assert wait_for(lambda: has(lines, 'system prompt:', '(start)'), 30)
            assert wait_for(publisher.get_subscription_count)
            # A text sent before discovery is over is lost: moods change until one is said.
            for stamp in range(100, 120):
                publisher.publish(face('sad' if stamp % 2 else 'happy', stamp))
                if wait_for(lambda: has(lines, 'say: <speak', 'rate="108%"', 'Shall we'), 1.0):
                    break
            assert has(lines, 'say: <speak', 'rate="108%"', 'Shall we')
            assert has(lines, 'system prompt:', 'f1 looks happy')
    running.send_signal(signal.SIGINT)
    assert running.wait(20) == 0
    assert 'Traceback' not in running.stderr.read()
