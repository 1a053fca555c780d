"""What strangers send to behavior_node, a real process that checks every message: it lives on."""

import os
import subprocess
import sys
from contextlib import contextmanager
from xml.etree import ElementTree

import pytest

rclpy = pytest.importorskip('rclpy')

from geometry_msgs.msg import Point  # noqa: E402
from helpers import call, ros, spinning, wait_for  # noqa: E402
from rcl_interfaces.srv import SetParameters  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import RegionOfInterest  # noqa: E402
from std_msgs.msg import Bool, String  # noqa: E402

from fer_ros.nodes.qos import emotions_qos, latched_qos  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray, GroupMood  # noqa: E402
from fer_ros_msgs.srv import SetTone  # noqa: E402

#: the largest of 32 bits itself ends any node that checks its messages, before it sees them.
NAN, INF, LARGEST = float('nan'), float('inf'), 3.4e38
GOOD = 'tones: {neutral: {rate: 1}}\nemotions: {happy: neutral}\n'

#: kinds of texts that are hostile, or have bad luck.
TEXTS = {
    'empty': '', 'only white space': ' \n\t ', 'plain': 'Tea & biscuits < 5?',
    '10 MB': 'word ' * 2_000_000, 'control characters': 'a\x01\x07\x1b[31mb' * 1000,
    'not in Unicode': 'a\ufffe\uffffb', 'direction marks': '\u200fשלום\u202e!',
    'byte order mark': '\ufeff<speak>a</speak>', 'leading newline': '\n<speak>a</speak>',
    'deep': '<speak>' + '<p>' * 2000 + 'a' + '</p>' * 2000 + '</speak>',
    'very deep': '<speak>' + '<p>' * 100_000, 'broad': '<speak>' + '<b/>' * 1_250_000 + '</speak>',
    'many attributes': '<speak ' + ' '.join(f'a{i}=""' for i in range(40_000)) + '>a</speak>',
    'many namespaces': '<speak ' + ' '.join(f'xmlns:a{i}="u"' for i in range(30_000)) + '/>',
    'huge attribute': f'<speak a="{"x" * 9_000_000}">a</speak>',
    'huge name': f'<{"a" * 1_000_000}', 'only brackets': '<' * 1_000_000,
    'entity bomb': '<!DOCTYPE speak [<!ENTITY a "aaaaaaaaaa">' + ''.join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip(
            'abcdefgh', 'bcdefghi')) + ']><speak>&i;</speak>',
    'external entity': '<!DOCTYPE speak [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
                       '<speak>&a;</speak>',
    'DOCTYPE': '<!DOCTYPE speak SYSTEM "http://example.org/x.dtd"><speak>a</speak>',
    'CDATA': '<speak><![CDATA[<speak>]]></speak>', 'comments': '<speak>' + '<!-- -->' * 50_000,
    'processing instructions': '<?a?><speak><?b?></speak><?c?>',
    'prefix': '<s:speak xmlns:s="http://www.w3.org/2001/10/synthesis">a</s:speak>',
    'no such prefix': '<speak><amazon:effect name="x">a</amazon:effect></speak>',
    'encoding that lies': '<?xml version="1.0" encoding="utf-16"?><speak>ä</speak>',
    'no such encoding': '<?xml version="1.0" encoding="x"?><speak>ä</speak>',
    'unclosed': '<speak><p>a', 'two documents': '<speak/><speak/>', 'not SSML': '<html/>'}

#: kinds of numbers; the messages carry them as they are.
NUMBERS = (NAN, INF, -INF, LARGEST, -LARGEST, -0.0, 1e-45)
STAMPS = ((2 ** 31 - 1, 999_999_999), (-2 ** 31, 0), (-1, 2 ** 32 - 1), (0, 0), (5, 2 ** 32 - 1))


class Process:
    """A behavior_node that asserts the fields of its messages, as all do on Humble; its peer."""

    def __init__(self, process):
        self.process, self.peer = process, rclpy.create_node('peer')
        self.tones, self.ssml, self.moods = [], [], []
        self.emotions = self.peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        self.text = self.peer.create_publisher(String, 'dialog/text', 10)
        self.speaking = self.peer.create_publisher(Bool, 'dialog/speaking', 10)
        self.addressee = self.peer.create_publisher(String, 'dialog/addressee', 10)
        self.peer.create_subscription(
            DialogTone, 'dialog/tone', self.tones.append, latched_qos())
        self.peer.create_subscription(String, 'dialog/ssml', self.ssml.append, 10)
        self.peer.create_subscription(
            GroupMood, 'emotions/group', self.moods.append, emotions_qos())
        self.set_tone = self.peer.create_client(SetTone, 'behavior_node/set_tone')
        self.parameters = self.peer.create_client(
            SetParameters, 'behavior_node/set_parameters')

    def ready(self):
        """Wait until all have found each other."""
        publishers = self.emotions, self.text, self.speaking, self.addressee
        assert wait_for(lambda: self.tones and all(
            p.get_subscription_count() for p in publishers) and all(
            self.peer.count_publishers(name) for name in ('dialog/ssml', 'emotions/group')), 30)

    def say(self, text):
        """Return the SSML of a text."""
        count = len(self.ssml)
        self.text.publish(String(data=text))
        assert wait_for(lambda: len(self.ssml) > count or self.process.poll() is not None, 30)
        assert self.process.poll() is None
        return self.ssml[-1].data

    def see(self, *people, stamp=(100, 0), **fields):
        """Report faces and return the mood of the group."""
        count = len(self.moods)
        message = EmotionArray(emotions=list(people), **fields)
        message.header.stamp.sec, message.header.stamp.nanosec = stamp
        self.emotions.publish(message)
        assert wait_for(lambda: len(self.moods) > count or self.process.poll() is not None, 30)
        assert self.process.poll() is None
        return self.moods[-1]

    def set(self, name, value):
        """Set a parameter; return whether it was taken and why not."""
        request = SetParameters.Request(parameters=[
            Parameter(name, value=value).to_parameter_msg()])
        result = call(self.parameters, request, 30).results[0]
        return result.successful, result.reason


@contextmanager
def node(tmp_path, *parameters):
    """Run the node; at its end it must have lived without a traceback."""
    words = [word for parameter in parameters for word in ('-p', parameter)]
    log = tmp_path / 'log'
    with log.open('w') as errors, ros():
        process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.behavior_node', '--ros-args',
             '-p', 'min_interval:=0.0', '-p', 'person_cooldown:=0.0', *words],
            stderr=errors, env={**os.environ, 'ROS_PYTHON_CHECK_FIELDS': '1'})
        try:
            result = Process(process)
            with spinning(result.peer):
                result.ready()
                yield result
                assert process.poll() is None
        finally:
            process.kill()
            process.wait()
    assert 'Traceback' not in log.read_text()


def happy(**fields):
    """Return a face."""
    return Emotion(**{'id': 'f1', 'label': 'happy', 'confidence': 0.9,
                      'roi': RegionOfInterest(width=80, height=100), **fields})


def test_texts(tmp_path):
    """Each is answered with a well-formed document; refused ones are mentioned once."""
    with node(tmp_path) as rig:
        for kind, text in TEXTS.items():
            root = ElementTree.fromstring(rig.say(text))
            assert root.tag.endswith('}speak'), kind
        assert rig.say('a').endswith('>a</prosody></speak>')
    assert (tmp_path / 'log').read_text().count('is spoken as plain text') == 1


def test_languages(tmp_path):
    """Only what can stand in xml:lang is one."""
    with node(tmp_path) as rig:
        for language in ('e\x07n', '', 'x' * 1_000_000, 'en"><', 'tr TR', 'en\n', '-', 'ä'):
            taken, reason = rig.set('language', language)
            assert not taken
            assert reason.startswith("language is '") and reason.isprintable()
        assert rig.set('language', 'tr-Latn-TR') == (True, '')
        assert 'xml:lang="tr-Latn-TR"' in rig.say('a')


def test_faces(tmp_path):
    """Numbers that are none, ids and names of any length, a crowd: the next face is answered."""
    fields = ('confidence', 'valence', 'arousal', 'state_age', 'track_age', 'detection_score')
    with node(tmp_path, 'min_confidence:=0.0') as rig:
        for number in NUMBERS:
            person = happy(**dict.fromkeys(fields, number), probabilities=[number] * 8)
            mood = rig.see(person, person, image_width=1, image_height=1)
            assert -1 <= mood.valence <= 1
            for place in (Point(x=number, y=number), Point(x=1e308, y=1e308)):
                rig.see(happy(has_position=True, position=place), happy(id='f2'))
        everywhere = RegionOfInterest(x_offset=2 ** 32 - 1, width=2 ** 32 - 1, height=2 ** 32 - 1)
        rig.see(happy(roi=everywhere), image_width=2 ** 32 - 1, image_height=1)
        rig.see(Emotion(), Emotion(), labels=['a'] * 100_000)
        rig.see(happy(label='', probabilities=[1.0] * 3), labels=[])
        rig.see(happy(id='x' * 1_000_000, label='sad'), happy(id='\x1b[31m\n'))
        rig.see(happy(label='x' * 1_000_000))
        crowd = [happy(id=f'f{i}', has_position=True, position=Point(z=1 + i / 1000))
                 for i in range(10_000)]
        assert rig.see(*crowd).people == 10_000
        rig.see(happy(label='angry'), stamp=(1000, 0))
        assert wait_for(lambda: rig.tones[-1].tone == 'calm')


def test_stamps(tmp_path):
    """As late and as early as they can be; what is computed from them stays within."""
    with node(tmp_path, 'hold:=1.0') as rig:
        for sec, nanosec in STAMPS:
            mood = rig.see(happy(), stamp=(sec, nanosec))
            assert (mood.header.stamp.sec, mood.header.stamp.nanosec) == (sec, nanosec)
        rig.see(happy(label='sad'), stamp=STAMPS[0])
        assert wait_for(lambda: rig.tones[-1].tone == 'encouraging')
        assert wait_for(lambda: rig.tones[-1].tone == 'neutral')  # nobody seen for 1 s
        assert rig.tones[-1].header.stamp.sec == 2 ** 31 - 1
        rig.see(happy(label='sad'), stamp=(-5, 0))
        assert wait_for(lambda: rig.tones[-1].tone == 'encouraging')
        assert rig.tones[-1].header.stamp.sec == -5


def test_addressees_and_frames(tmp_path):
    """Long and unprintable ones are nobody's; the frame is passed on."""
    with node(tmp_path) as rig:
        for id_ in ('x' * 1_000_000, '\x1b[31m\n', '\ufeff', ''):
            rig.addressee.publish(String(data=id_))
        message = EmotionArray(emotions=[happy()])
        message.header.frame_id = 'x' * 1_000_000
        rig.emotions.publish(message)
        assert wait_for(lambda: rig.tones[-1].tone == 'cheerful')
        assert len(rig.tones[-1].header.frame_id) == 1_000_000


def test_operators(tmp_path):
    """Every absurd request is answered; none of them ends or blocks anything."""
    with node(tmp_path) as rig:
        for number in (NAN, -INF, -1.0, -LARGEST, -1e-45):
            answer = call(rig.set_tone, SetTone.Request(tone='calm', duration=number))
            assert not answer.success
            assert 'must be 0 or more' in answer.message
        for name in ('x' * 1_000_000, '\x1b[31m\n', 'Calm', ' calm'):
            answer = call(rig.set_tone, SetTone.Request(tone=name))
            assert not answer.success
            assert answer.message.isprintable() and len(answer.message) < 400
        assert len(rig.tones) == 1
        for number in (INF, LARGEST, 0.0, -0.0, 1e-45):
            assert call(rig.set_tone, SetTone.Request(tone='calm', duration=number)).success
            assert call(rig.set_tone, SetTone.Request(duration=NAN)).success
        rig.see(happy())
        assert wait_for(lambda: rig.tones[-1].tone == 'cheerful')


def test_policy_files(tmp_path):
    """What cannot be read is refused with one line; the next good file is used."""
    os.mkfifo(tmp_path / 'fifo')
    (tmp_path / 'huge').touch()
    os.truncate(tmp_path / 'huge', 2 ** 34)
    kinds = {
        'deep': '[' * 100_000, 'mappings': '{a: ' * 50_000, 'nothing': '', 'cut off': 'a: [',
        'bomb': 'a: &a [x]\n' + 'b: &b [*a, *a, *a]\n' + ''.join(
            f'c{i}: &c{i} [*{f"c{i - 1}" if i else "b"}, *b]\n' for i in range(100)),
        'itself': GOOD + 'hold: &a [*a]', 'tag': GOOD + 'hold: !!python/object/apply:os.abort []',
        'binary': b'\x7fELF\x00\xff' * 100, 'escape': GOOD.replace('{rate: 1}', (
            '{style_prompt: "\\ud800"}')), 'number': GOOD + f'hold: {"9" * 100_000}'}
    for name, text in kinds.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    paths = [*(str(tmp_path / name) for name in ('', 'fifo', 'huge', *kinds)),
             '/dev/zero', '~nosuchuser/x', '/none.yaml', 'x' * 100_000, 'a\nb']
    with node(tmp_path) as rig:
        for path in paths:
            taken, reason = rig.set('policy_file', path)
            assert not taken, path
            assert path[:20] in reason or '\n' in path
            assert reason.isprintable() and len(reason) < 400
        good = tmp_path / 'good'
        good.write_text(GOOD.replace('neutral', 'soft'))
        assert rig.set('policy_file', str(good)) == (True, '')
        assert wait_for(lambda: rig.tones[-1].tone == 'soft')
