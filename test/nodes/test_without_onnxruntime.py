"""A robot on which apt alone installed everything: the real node, without onnxruntime."""

import subprocess
import sys
import time

import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, image_qos  # noqa: E402
from fer_ros_msgs.msg import EmotionArray  # noqa: E402

CODE = ("import sys; sys.modules['onnxruntime'] = None\n"
        'from fer_ros.nodes.emotion_node import main\nsys.exit(main())')


def test_faces_are_judged_and_the_engine_is_named(astronaut):
    """The same label; one line of advice; the engine in diagnostics."""
    with ros():
        peer = rclpy.create_node('peer')
        answers, engines = [], []
        peer.create_subscription(EmotionArray, 'emotions', answers.append, emotions_qos())
        peer.create_subscription(DiagnosticArray, '/diagnostics', lambda message: engines.extend(
            pair.value for status in message.status for pair in status.values
            if pair.key == 'engine'), 10)
        camera = peer.create_publisher(Image, 'image', image_qos('reliable', 5))
        node = subprocess.Popen([sys.executable, '-c', CODE], stderr=subprocess.PIPE, text=True)
        try:
            with spinning(peer):
                def happy():
                    header = Header(stamp=peer.get_clock().now().to_msg())
                    camera.publish(array_to_image(astronaut[:256, 64:320], header))
                    time.sleep(0.05)
                    return any(face.label == 'happy' for answer in answers
                               for face in answer.emotions)

                assert wait_for(happy, 30)
                assert wait_for(lambda: engines)
        finally:
            node.terminate()
            output = node.communicate(timeout=20)[1]
    assert engines[0].startswith('OpenCV dnn ')
    assert output.count('onnxruntime is not installed') == 1
