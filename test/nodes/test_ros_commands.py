"""``fer_ros node``, ``echo`` and ``set-tone``: processes beside each other, without ``ros2``."""

import ast
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from geometry_msgs.msg import Point  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from fer_ros.nodes.message_lines import fields_of, lines_of  # noqa: E402
from fer_ros.nodes.node_command import NODES  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray  # noqa: E402

NODE = '/robot/behavior_node'
TONE = '/robot/dialog/tone'


def start(*words, **variables):
    """Start ``fer_ros`` with these words; Ctrl-C counts even where the tests run in background."""
    return subprocess.Popen(
        [sys.executable, '-m', 'fer_ros', *words], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={**os.environ, **variables},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))


def prints(process, begin, lines=10, timeout=60.0):
    """Return whether one of a process's next lines begins so; it is killed if none comes."""
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    try:
        return any(process.stdout.readline().startswith(begin) for _ in range(lines))
    finally:
        timer.cancel()


def end(process):
    """Return status, output and errors of a process that ends by itself."""
    try:
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert 'Traceback' not in errors, errors
    return process.returncode, output, errors


def run(*words, **variables):
    return end(start(*words, **variables))


@pytest.fixture(scope='module')
def robot():
    """Start behavior_node by ``fer_ros node``, in a namespace; it must end well on Ctrl-C."""
    process = start('node', 'behavior_node', '--ros-args', '-r', '__ns:=/robot')
    yield process
    process.send_signal(signal.SIGINT)
    status, _, errors = end(process)
    assert status == 0, errors


def test_echo_prints_a_tone_in_a_line_or_all_its_fields(robot):
    """The last one, which late joiners get; the status is good."""
    status, output, errors = run('echo', TONE, '--once', '--wait', '30')
    assert (status, errors) == (0, '') and output.startswith('tone neutral: rate 1.00, pitch')
    status, output, errors = run('echo', TONE, '--once', '--raw', '--wait', '30')
    assert (status, errors) == (0, '')
    assert 'tone: neutral\n' in output and '  frame_id:' in output and output.endswith('---\n')


def test_echo_goes_on_until_ctrl_c(robot):
    """What changes is printed as it comes; then it ends quietly."""
    echo = start('echo', TONE, '--wait', '30')
    assert prints(echo, 'tone ')
    status, output, errors = run('set-tone', 'calm', '--node', NODE, '--wait', '30')
    assert (status, errors) == (0, '') and output.startswith('tone calm until')
    assert prints(echo, 'tone calm: ')
    echo.send_signal(signal.SIGINT)
    status, _, errors = end(echo)
    assert (status, errors) == (0, '')
    status, output, errors = run('set-tone', '--release', '--node', NODE, '--wait', '30')
    assert (status, errors) == (0, '') and 'the faces choose' in output


def test_what_is_not_there_is_told_with_what_is(robot):
    """In another namespace, nowhere, and in an empty domain: one line, status 1."""
    assert run('echo', TONE, '--once', '--wait', '30')[0] == 0  # it has started
    here = os.environ['ROS_DOMAIN_ID']
    other = '101' if here != '101' else '102'
    asked = (
        (other, ['echo', 'emotions', '--wait', '0.2'],
         ['nobody publishes /emotions; ', f'domain {other} (ROS_DOMAIN_ID) has no other node']),
        (here, ['echo', 'dialog/tone', '--wait', '3'],
         ['nobody publishes /dialog/tone (but /robot/dialog/tone is', NODE]),
        (here, ['set-tone', 'calm', '--wait', '3'],
         ['no service /behavior_node/set_tone (but --node /robot/behavior_node is',
          'fer_ros node behavior_node']),
        (here, ['set-tone', 'dance', '--node', NODE, '--wait', '30'],
         ["tone 'dance' is not one of neutral, "]))
    started = [(start(*words, ROS_DOMAIN_ID=domain), parts) for domain, words, parts in asked]
    for process, parts in started:
        status, output, errors = end(process)
        told = [line for line in errors.splitlines() if line.startswith('fer_ros: ')]
        assert (status, output, len(told)) == (1, '', 1), errors  # Fast DDS may add its own
        assert all(part in told[0] for part in parts), errors


@pytest.mark.parametrize(('words', 'status', 'part'), [
    (['node', 'dance_node'], 2, 'image_source_node'), (['set-tone'], 2, '--release'),
    (['set-tone', 'calm', '--duration', 'nan'], 2, '--duration is nan'),
    (['opt-out'], 2, 'or --everybody'), (['opt-out', 'f1', '--everybody'], 2, 'either the ID'),
    (['echo', 'a//b'], 1, "'a//b': "), (['set-tone', 'calm', '--node', 'a..b'], 1, "'a..b/set"),
    (['node', 'behavior_node', '--ros-args', '-p', 'policy_file:=/none.yaml'], 1, '/none.yaml')])
def test_words_that_make_no_sense(words, status, part):
    """The last line says which."""
    found, output, errors = run(*words)
    assert (found, output) == (status, '') and part in errors.splitlines()[-1], errors


def test_every_node_can_be_run():
    """Those that setup.py installs for ``ros2 run``."""
    tree = ast.parse((Path(__file__).resolve().parents[2] / 'setup.py').read_text('utf-8'))
    installed = next(ast.literal_eval(node.value) for node in tree.body
                     if isinstance(node, ast.Assign) and node.targets[0].id == 'NODES')
    assert installed == NODES


def test_a_message_is_a_line_or_two():
    """Who, what state for how long, what was not judged and where; a tone with its offer."""
    message = EmotionArray(labels=['sad', 'happy'])
    message.header.stamp.sec, message.header.stamp.nanosec = 12, 340_000_000
    assert lines_of(message) == ['12.34 s: nobody']
    message.emotions = [
        Emotion(id='p1', label='happy', confidence=0.834, state_age=2.31, quality='ok',
                has_position=True, position=Point(x=0.0, y=3.0, z=4.0)),
        Emotion(id='p2', label='uncertain', confidence=0.6, probabilities=[0.6, 0.4],
                has_position=True, position_source='size', position=Point(z=2.0)),
        Emotion(id='p3', label='uncertain', quality='too_small')]
    assert lines_of(message) == [
        '12.34 s: p1 happy 83 % for 2.3 s at 5.0 m; p2 no state (sad 60 %) for 0.0 s '
        'at about 2.0 m; '
        'p3 no state for 0.0 s [too_small]']
    assert lines_of(DialogTone(
        tone='calm', person_id='p1', emotion='sad', confidence=0.5, suggestion='have a rest',
        rate=0.5, reason='p1 looks sad')) == [
            'tone calm to p1 (sad 50 %): rate 0.50, pitch 0.00, volume 0.00; p1 looks sad',
            'suggestion: have a rest']
    assert lines_of(DiagnosticArray(status=[DiagnosticStatus(
        level=b'\1', name='emotion_node', message='no image')])) == [
            'WARN emotion_node: no image']


def test_what_strangers_send_cannot_disturb_the_terminal():
    """No control characters, no screens of bytes; a type that is not ours has all its fields."""
    assert lines_of(String(data='a\x1b[2Jb\n' + 'c' * 9999))[0].startswith('a [2Jb ccc')
    assert '\x1b' not in fields_of(String(data='\x1b[2J'))
    assert lines_of(Image(width=640, data=bytes(1000)))[-1] == 'data: <1000 values>'
