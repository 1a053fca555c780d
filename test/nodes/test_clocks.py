"""Clocks that stand, stamps that say nothing, and cameras that are slow."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from emotion_rig import BASE, Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.time import Time  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402

SMALL = np.zeros((48, 64), np.uint8)


def publish(rig, picture, seconds=0, nanoseconds=0):
    """Publish a picture with a stamp."""
    header = Header(frame_id='camera')
    header.stamp.sec, header.stamp.nanosec = seconds, nanoseconds
    rig.camera.publish(array_to_image(picture, header))


def ask(rig, text):
    """Return whether diagnostics come to say something."""
    return wait_for(lambda: rig.diagnostics and text in rig.diagnostics[-1].status[0].message)


def test_nobody_publishes_the_clock():
    """Diagnostics go on, stamped by the system, and name topic and parameter."""
    with ros():
        rig = Rig(use_sim_time=True, image_timeout=0.5)
        with spinning(rig.node, rig.peer):
            assert ask(rig, 'nobody publishes /clock')
            assert wait_for(lambda: len(rig.diagnostics) > 3)
    message = rig.diagnostics[-1]
    assert message.status[0].level == DiagnosticStatus.WARN
    assert 'use_sim_time' in message.status[0].message
    assert abs(message.header.stamp.sec - time.time()) < 60


def test_the_clock_stops_and_goes_on():
    """Said while it stands; diagnostics carry the time at which it does."""
    with ros():
        rig = Rig(use_sim_time=True, image_timeout=1.5)
        clock = rig.peer.create_publisher(Clock, '/clock', 10)
        with spinning(rig.node, rig.peer):
            now = 100 * 10 ** 9
            standing, stop = threading.Event(), threading.Event()

            def run():
                nonlocal now
                while not stop.wait(0.01):
                    if not standing.is_set():
                        now += 10 ** 7
                        clock.publish(Clock(clock=Time(nanoseconds=now).to_msg()))
            thread = threading.Thread(target=run)
            thread.start()
            try:
                assert ask(rig, 'no image')
                assert '/clock' not in rig.diagnostics[-1].status[0].message
                standing.set()
                assert ask(rig, '/clock stands at 10')
                assert 'is the simulation paused?' in rig.diagnostics[-1].status[0].message
                assert rig.diagnostics[-1].header.stamp.sec == now // 10 ** 9
                standing.clear()
                assert wait_for(
                    lambda: '/clock' not in rig.diagnostics[-1].status[0].message)
            finally:
                stop.set()
                thread.join()


def test_as_a_process_without_a_clock():
    """A robot with use_sim_time left on: its diagnostics say so."""
    with ros():
        peer, said = rclpy.create_node('peer'), []
        peer.create_subscription(DiagnosticArray, '/diagnostics', said.append, 10)
        child = subprocess.Popen([sys.executable, '-m', 'fer_ros.nodes.emotion_node',
                                  '--ros-args', '-p', 'use_sim_time:=true'],
                                 stderr=subprocess.PIPE, text=True)
        with spinning(peer):
            heard = wait_for(lambda: any('/clock' in m.status[0].message for m in said), 30)
            child.terminate()
            errors = child.communicate(timeout=15)[1]
        assert heard, errors


@pytest.mark.parametrize('use_sim_time', [False, True])
def test_images_without_a_stamp(astronaut, use_sim_time):
    """The time of arrival counts: a state forms, headers stay 0, one warning."""
    with ros():
        rig = Rig(use_sim_time=use_sim_time)
        warnings = []
        rig.node.worker._notices._log = warnings.append
        clock = rig.peer.create_publisher(Clock, '/clock', 10)
        with spinning(rig.node, rig.peer):
            rig.ready()
            for i in range(25):
                if use_sim_time:
                    clock.publish(Clock(clock=Time(nanoseconds=(5 + i) * 10 ** 8).to_msg()))
                publish(rig, astronaut)
                assert wait_for(lambda: len(rig.messages) > i)  # noqa: B023
                time.sleep(0.05)
            assert ask(rig, 'carry no stamp')
    face = rig.messages[-1].emotions[0]
    assert face.label == 'happy' and face.state_age > 0.2
    assert {m.emotions[0].id for m in rig.messages[-15:]} == {face.id}
    assert {(m.header.stamp.sec, m.header.stamp.nanosec) for m in rig.messages} == {(0, 0)}
    assert len(warnings) == 1 and 'no stamp' in warnings[0]
    assert rig.diagnostics[-1].status[0].level == DiagnosticStatus.WARN


def test_deterministic_images_without_a_stamp(astronaut):
    """When they arrive decides nothing there; diagnostics say why no state forms."""
    with ros():
        rig = Rig(deterministic=True)
        with spinning(rig.node, rig.peer):
            rig.ready()
            for i in range(5):
                publish(rig, astronaut)
                assert wait_for(lambda: len(rig.messages) > i)  # noqa: B023
            assert ask(rig, 'without time no state can form')
    assert rig.messages[-1].emotions[0].track_age == 0.0


def test_a_recording_may_begin_at_zero(rig, astronaut):
    """One stamp of 0 is a time like any other."""
    warnings = []
    rig.node.worker._notices._log = warnings.append
    for i in range(5):
        publish(rig, astronaut, 0, i * 10 ** 8)
        assert wait_for(lambda: len(rig.messages) > i)  # noqa: B023
    assert rig.messages[-1].emotions[0].track_age == pytest.approx(0.4)
    assert not warnings


@pytest.mark.parametrize('back', [1, 50, 10_000])
def test_results_go_back_by_no_nanosecond(rig, back):
    """Floating seconds of today would not tell 50 ns."""
    for nanoseconds in (20_000, 20_000 - back, 30_000):
        publish(rig, SMALL[..., None].repeat(3, 2), BASE, nanoseconds)
        time.sleep(0.1)
    assert wait_for(lambda: len(rig.messages) == 2)
    assert [m.header.stamp.nanosec for m in rig.messages] == [20_000, 30_000]
    assert rig.node.worker.late == 1


def test_time_jumps_are_counted_and_logged_seldom(rig):
    """A bag of two seconds in a loop, for long: one line in ten seconds."""
    warnings = []
    rig.node.worker._notices._log = warnings.append
    for i in range(50):
        publish(rig, SMALL[..., None].repeat(3, 2), BASE + i % 2)
        assert wait_for(lambda: len(rig.messages) > i)  # noqa: B023
    assert rig.node.worker.jumps == 24 and len(warnings) == 1
    assert wait_for(lambda: rig.diagnostics and any(
        v.key == 'time jumps' and v.value == '24' for v in rig.diagnostics[-1].status[0].values))


@pytest.mark.parametrize('period', [5, 60])
def test_a_slow_camera_has_faces(rig, astronaut, period):
    """One image in so many seconds: reported from the third on, with a state and one id."""
    messages = [rig.send(astronaut, i * period) for i in range(6)]
    faces = [m.emotions[0] for m in messages[2:]]
    assert len({face.id for face in faces}) == 1
    assert faces[-1].label == 'happy'
