"""~/opt_out of a running emotion_node: one of two, everybody, taken back, no late judgment."""

import threading

import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import call, running, wait_for  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from test_ros_commands import run  # noqa: E402

from fer_ros.media.demo_scene import DemoScene  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402
from fer_ros_msgs.msg import Emotion  # noqa: E402
from fer_ros_msgs.srv import OptOut  # noqa: E402

SCENE = DemoScene()
#: from here on two people are in the demo scene [s].
TWO = 10.0


class Camera:
    """Shows the demo scene to a running node and asks it to leave people alone."""

    def __init__(self, rig):
        self.rig, self.time = rig, TWO
        self.client = rig.peer.create_client(OptOut, 'emotion_node/opt_out')

    def show(self, count=1):
        """Send the next frames; return the faces of the last one, from left to right."""
        for _ in range(count):
            message = self.rig.send(SCENE.render(self.time), self.time)
            self.time += 1 / 15
        return sorted(message.emotions, key=lambda face: face.roi.x_offset)

    def ask(self, person_id='', everybody=False, take_back=False):
        """Return what the service says."""
        answer = call(self.client, OptOut.Request(
            person_id=person_id, everybody=everybody, take_back=take_back))
        assert answer.message and '\n' not in answer.message
        return answer.success, answer.message


def is_unjudged(face):
    """Tell whether no field speaks of an emotion."""
    return (face.quality, face.label, list(face.probabilities), list(face.raw_probabilities),
            face.confidence, face.valence, face.arousal, face.state_age) == (
                Emotion.QUALITY_OPTED_OUT, Emotion.UNCERTAIN, [], [], 0, 0, 0, 0)


def test_one_of_two_in_the_demo_scene(rig):
    """From the very next message on; the other one is judged on; ids stay; all is undone."""
    camera = Camera(rig)
    first, second = camera.show(10)
    assert (first.label, second.label) == ('happy', 'neutral')
    assert camera.ask('nobody') == (
        False, f"nobody with the id 'nobody' is followed, but {first.id}, {second.id}")
    assert camera.ask() == (False, f'give either person_id ({first.id}, {second.id}) or everybody')
    assert camera.ask(first.id) == (True, f'judged no more: {first.id}')
    for _ in range(5):
        one, other = camera.show()
        assert one.id == first.id and is_unjudged(one) and one.roi.width > 20
        assert (other.label, other.quality) == ('neutral', 'ok')
    # As somebody without ros2 would.
    assert run('opt-out', '--everybody', '--wait', '30') == (
        0, f'judged no more: {first.id}, {second.id}\n', '')
    assert all(map(is_unjudged, camera.show()))
    assert camera.ask(second.id, take_back=True) == (True, f'judged again: {second.id}')
    one, other = camera.show(10)
    assert is_unjudged(one) and other.label == 'neutral'
    assert camera.ask(everybody=True, take_back=True) == (True, f'judged again: {first.id}')
    assert camera.ask(first.id, take_back=True) == (True, f'{first.id} had not opted out')
    assert camera.show(10)[0].label == 'happy'
    # Nobody is known any more, so neither is who had opted out.
    assert camera.ask(first.id)[0]
    rig.node.worker.reset()
    status, _, errors = run('opt-out', first.id, '--wait', '30')
    assert status == 1 and errors.startswith('fer_ros: nobody with the id')
    assert camera.ask(first.id) == (
        False, f"nobody with the id '{first.id}' is followed now, nor anybody else")
    assert [face.quality for face in camera.show(3)] == ['ok', 'ok']


class Gate:
    """Holds the worker's thread at one step of a frame until it is opened."""

    def __init__(self, step):
        self.step, self.reached, self.opened = step, threading.Event(), threading.Event()

    def __call__(self, *arguments, **words):
        self.reached.set()
        assert self.opened.wait(20)
        return self.step(*arguments, **words)


def test_no_judgment_follows_the_answer():
    """Where a frame is judged already, and where its message is on its way."""
    with running(lambda: Rig(detector_interval=3)) as rig:
        camera, worker = Camera(rig), rig.node.worker
        pictures = []
        rig.peer.create_subscription(Image, 'emotions/image', pictures.append, image_qos())
        assert wait_for(rig.node._outputs[0].raw.get_subscription_count)
        person, _ = camera.show(12)
        # Judged, not published: it goes out without the judgment.
        gate = worker._places = Gate(worker._places)
        count = len(rig.messages)
        rig.offer(SCENE.render(camera.time), camera.time)
        assert gate.reached.wait(20)
        assert camera.ask(person.id)[0]
        assert len(rig.messages) == count
        gate.opened.set()
        assert wait_for(lambda: len(rig.messages) > count)
        assert is_unjudged(min(rig.messages[-1].emotions, key=lambda face: face.roi.x_offset))
        worker._places = gate.step
        # Being published: the answer waits until picture and message have gone out.
        camera.time += 1 / 15
        assert camera.ask(person.id, take_back=True)[0]
        assert not is_unjudged(camera.show(6)[0])
        gate = worker._publish_others = Gate(worker._publish_others)
        rig.offer(SCENE.render(camera.time), camera.time)
        assert gate.reached.wait(20)
        asked = camera.client.call_async(OptOut.Request(everybody=True))
        assert not wait_for(asked.done, 0.3)
        gate.opened.set()
        assert wait_for(asked.done) and asked.result().success
        worker._publish_others = gate.step
        camera.time += 1 / 15
        # Coasting frames and pictures obey too: no bars beside anybody.
        assert all(map(is_unjudged, camera.show()))
        assert all(map(is_unjudged, camera.show()))
