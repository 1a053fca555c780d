"""The examples, each as a process of its own beside a behavior_node."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import RegionOfInterest  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from fer_ros.commands.evening import SAID  # noqa: E402
from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.qos import emotions_qos  # noqa: E402
from fer_ros.perception.cues import read_cue  # noqa: E402
from fer_ros.perception.labels import EMOTIONS  # noqa: E402
from fer_ros_msgs.msg import Cue, DialogTone, Emotion, EmotionArray  # noqa: E402

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'


@contextmanager
def running(name):
    """Run an example; give the lines it prints; it must end quietly on SIGINT."""
    process = subprocess.Popen([sys.executable, str(EXAMPLES / f'{name}.py')],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
    try:
        yield lines
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert 'Traceback' not in process.stderr.read()
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def beside(name):
    """Run an example beside a behavior_node; give its lines and somebody who talks to both."""
    with running(name) as lines, ros():
        node = BehaviorNode(parameter_overrides=[
            Parameter('min_interval', value=0.0), Parameter('person_cooldown', value=0.0)])
        peer = rclpy.create_node('peer')
        with spinning(node, peer):
            yield lines, peer


def until(lines, parts, act, attempts=20):
    """Act (what is sent before discovery is over is lost) until a line has all parts."""
    for attempt in range(attempts):
        act(attempt)
        if wait_for(lambda: has(lines, *parts), 1.0):
            return True
    return False


def has(lines, *parts):
    """Return whether a line contains all parts."""
    return any(all(part in line for part in parts) for line in lines)


def face(label, stamp):
    """Return one face in this mood."""
    message = EmotionArray(emotions=[Emotion(
        id='f1', label=label, confidence=0.9, roi=RegionOfInterest(width=80, height=80))])
    message.header.stamp.sec = stamp
    return message


def load(name):
    """Import an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_dialog_manager():
    """It joins late, gets the latched tone, then a new one, and has its text marked up."""
    with beside('dialog_manager') as (lines, peer):
        publisher = peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        assert wait_for(lambda: has(lines, 'system prompt:', '(start)'), 30)
        assert wait_for(publisher.get_subscription_count)
        assert until(lines, ('say: <speak', 'rate="108%"'), lambda i: publisher.publish(
            face('happy' if i % 2 else 'sad', 100 + i)))
        assert has(lines, 'system prompt:', 'The person in front of you looks happy (90%).')
        assert has(lines, 'system prompt:', '(f1 looks happy (90%))')
        assert has(lines, 'Shall we')
        assert wait_for(lambda: has(lines, 'my camera reads facial'))


def test_state_machine_process():
    """It greets, then comforts, in the tone's prosody."""
    with beside('state_machine') as (lines, peer):
        publisher = peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        assert until(lines, ('state: comforting',),
                     lambda i: publisher.publish(face('sad', 100 + i)), 30)
        assert has(lines, 'state: greeting') and has(lines, 'state: chatting')


def test_state_machine():
    """The machine alone: a known face is not greeted twice; nobody is greeted for ever."""
    module = load('state_machine')
    evening, states = module.Evening(), []
    for stamp, people, tone in (
            (0, (), 'neutral'), (1, ('f1',), 'neutral'), (2, ('f1',), 'neutral'),
            (5, ('f1',), 'neutral'), (6, ('f1',), 'calm'), (7, (), 'calm'),
            (8, ('f1',), 'neutral'), (9, (), 'neutral'), (10, ('f2',), 'neutral')):
        states.append(evening.tick(module.Seen(stamp, people, tone)))
    assert states == ['', 'greeting', '', 'chatting', 'comforting', 'alone', 'chatting', 'alone',
                      'greeting']


def test_llm_dialog_process():
    """What is heard is answered in the tone's manner, marked up, and spoken."""
    with beside('llm_dialog') as (lines, peer):
        heard = peer.create_publisher(String, 'dialog/heard', 10)
        assert until(lines, ('say: <speak', 'You said: Good &lt;evening&gt;', 'plain, friendly'),
                     lambda i: heard.publish(String(data='Good <evening>')))
        publisher = peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        assert until(lines, ('say: <speak', 'Just so you know, my camera reads facial'),
                     lambda i: publisher.publish(face('happy', 100 + i)))


def test_llm_dialog():
    """The system prompt has the manner; a suggestion is offered once; memory has an end."""
    module = load('llm_dialog')
    seen = []

    class Model:
        def complete(self, system, messages):
            seen.append((system, len(messages)))
            return 'yes'
    dialog = module.Dialog(Model(), memory=3)
    for suggestion in ('a walk', ''):  # the second message is of another person, say
        dialog.take(DialogTone(
            style_prompt='Speak calmly.', situation='You see me.', suggestion=suggestion))
    assert [dialog.answer(str(i)) for i in range(3)] == ['yes'] * 3
    told = f'{module.PERSONA} Speak calmly. You see me.'
    assert seen[0] == (f'{told} If it fits, offer: a walk.', 1)
    assert seen[2] == (told, 3)


def test_behavior_tree_process():
    """The real tree with a real behavior_node: idle, chat, comfort, idle again."""
    pytest.importorskip('py_trees')
    with beside('behavior_tree') as (lines, peer):
        said = []
        peer.create_subscription(String, 'dialog/text', lambda m: said.append(m.data), 10)
        publisher = peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        assert until(lines, ('branch: chat',),
                     lambda i: publisher.publish(face('neutral', 100 + i)))
        assert until(lines, ('branch: comfort',),
                     lambda i: publisher.publish(face('sad', 130 + i)))
        assert wait_for(lambda: 'I am here. Take your time.' in said)
        for stamp in (170, 190):  # nobody there for longer than `hold`
            empty = EmotionArray()
            empty.header.stamp.sec = stamp
            publisher.publish(empty)
        assert wait_for(lambda: has(lines[-1:], 'branch: idle'))


def test_behavior_tree():
    """The leaf alone: it waits for the first tone, then answers at once, also for nobody."""
    py_trees = pytest.importorskip('py_trees')
    status = py_trees.common.Status
    leaf = load('behavior_tree').ToneAsks('comfort?', ('calm', 'encouraging'))
    leaf.tick_once()
    assert leaf.status == status.RUNNING
    for tone, person, expected in (
            ('calm', 'f1', status.SUCCESS), ('cheerful', 'f1', status.FAILURE),
            ('calm', '', status.FAILURE), ('encouraging', 'f2', status.SUCCESS)):
        leaf.tone = DialogTone(tone=tone, person_id=person, reason='why')
        leaf.tick_once()
        assert (leaf.status, leaf.feedback_message) == (expected, 'why')


def test_words_cue_process():
    """What is heard becomes a cue that emotion_node takes; what tells of no feeling none."""
    pytest.importorskip('vaderSentiment')
    with running('words_cue') as lines, ros():
        peer, cues = rclpy.create_node('peer'), []
        peer.create_subscription(Cue, 'cues', cues.append, 10)
        heard = peer.create_publisher(String, 'dialog/heard', 10)
        with spinning(peer):
            assert until(lines, ('cue:',),
                         lambda i: heard.publish(String(data='This is wonderful!')))
            heard.publish(String(data='yes'))
            heard.publish(String(data='I feel terrible.'))
            assert wait_for(lambda: cues and cues[-1].probabilities[3] > 0.15)
    read = [read_cue(c.modality, c.labels, c.probabilities, EMOTIONS, None, c.trust)
            for c in cues]
    assert {cue.label for cue in read[:-1]} == {'happy'} and read[0].modality == 'words'
    assert read[-1].label == 'sad' and len(set(cues[-1].probabilities[3:])) == 1


def test_words_cue():
    """No feeling is no cue; good and bad words weigh alike; those of the evening are its."""
    vader = pytest.importorskip('vaderSentiment.vaderSentiment')
    module, analyzer = load('words_cue'), vader.SentimentIntensityAnalyzer()

    def shares(text):
        found = module.probabilities(analyzer.polarity_scores(text)['compound'])
        return found and dict(zip(module.LABELS, found))
    assert shares('yes') is shares('') is shares('The next train is at nine.') is None
    good, bad = module.probabilities(0.8), module.probabilities(-0.8)
    assert good[2] / good[0] == pytest.approx(bad[3] / bad[0])
    assert sum(good) == pytest.approx(1) == sum(bad)
    for _, _, text, emotion, probability in SAID:
        assert shares(text)[emotion] == pytest.approx(probability, abs=0.006)


@pytest.mark.parametrize('name, needed', [
    ('words_cue', 'vaderSentiment'), ('behavior_tree', 'py_trees')])
def test_what_an_example_needs_is_said_in_a_line(name, needed, tmp_path):
    """Where it is not installed."""
    (tmp_path / f'{needed}.py').write_text('raise ImportError', encoding='utf-8')
    run = subprocess.run(
        [sys.executable, str(EXAMPLES / f'{name}.py')], capture_output=True, text=True,
        timeout=30, env={**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(tmp_path), os.environ.get('PYTHONPATH', '')])})
    assert run.returncode == 1
    assert run.stderr.startswith(f'{name} needs {needed}: ') and run.stderr.count('\n') == 1


def test_robot_face():
    """With hri_msgs the expression follows; without, it says what to install."""
    if importlib.util.find_spec('hri_msgs') is None:
        run = subprocess.run([sys.executable, str(EXAMPLES / 'robot_face.py')],
                             capture_output=True, text=True, timeout=30)
        assert run.returncode == 1
        assert 'apt install' in run.stderr
        pytest.skip('the message itself needs hri_msgs')
    with beside('robot_face') as (lines, peer):
        publisher = peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        assert wait_for(lambda: has(lines, 'expression: neutral'), 30)
        assert until(lines, ('expression: happy',), lambda i: publisher.publish(
            face('happy' if i % 2 else 'sad', 100 + i)))


def test_the_robot_never_looks_at_anybody_angrily():
    """Every tone of the shipped policy has a friendly or neutral face."""
    assert set(load('robot_face').EXPRESSIONS.values()) <= {'happy', 'neutral'}
