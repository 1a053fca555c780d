"""behavior_node with real topics: tone on change, latched; SSML; hold without messages."""

import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

rclpy = pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from helpers import call, ros, running, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import RegionOfInterest  # noqa: E402
from std_msgs.msg import Bool, String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, latched_qos  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, EmotionArray, GroupMood  # noqa: E402
from fer_ros_msgs.srv import SetTone  # noqa: E402


class Rig:
    """A behavior_node, somebody who reports emotions, and a dialog manager."""

    def __init__(self, **overrides):
        overrides = {'min_interval': 0.0, 'person_cooldown': 0.0, **overrides}
        self.node = BehaviorNode(parameter_overrides=[
            Parameter(key, value=value) for key, value in overrides.items()])
        self.peer = rclpy.create_node('peer')
        self.emotions = self.peer.create_publisher(EmotionArray, 'emotions', emotions_qos())
        self.text = self.peer.create_publisher(String, 'dialog/text', 10)
        self.speaking = self.peer.create_publisher(Bool, 'dialog/speaking', 10)
        self.tones, self.ssml = [], []
        self.peer.create_subscription(
            DialogTone, 'dialog/tone', self.tones.append, latched_qos())
        self.peer.create_subscription(String, 'dialog/ssml', self.ssml.append, 10)

    def ready(self):
        """Wait until all have found each other and the first tone is there."""
        assert wait_for(lambda: self.tones and self.emotions.get_subscription_count() and
                        self.text.get_subscription_count() and
                        self.speaking.get_subscription_count() and
                        self.node._ssml.get_subscription_count())

    def see(self, label, stamp, confidence=0.9):
        """Report one face."""
        message = EmotionArray()
        message.header.stamp.sec = stamp
        message.header.frame_id = 'camera'
        if label:
            message.emotions = [Emotion(
                id='f1', label=label, confidence=confidence,
                roi=RegionOfInterest(width=80, height=100))]
        self.emotions.publish(message)


@pytest.fixture
def rig():
    """Return a running rig."""
    with running(Rig) as result:
        yield result


def test_tone_follows_the_state_and_is_latched(rig):
    """Neutral at start, cheerful for the happy; a late joiner gets the tone at once."""
    assert rig.tones[0].tone == 'neutral'
    rig.see('happy', 100)
    assert wait_for(lambda: len(rig.tones) >= 2)
    tone = rig.tones[-1]
    assert (tone.tone, tone.person_id, tone.emotion) == ('cheerful', 'f1', 'happy')
    assert tone.header.stamp.sec == 100
    assert tone.rate > 1
    assert tone.style_prompt
    assert tone.suggestion
    rig.see('happy', 101)
    late = []
    rig.peer.create_subscription(DialogTone, 'dialog/tone', late.append, latched_qos())
    assert wait_for(lambda: late)
    assert late[0].tone == 'cheerful'
    assert len(rig.tones) == 2


def test_text_becomes_ssml(rig):
    """With the prosody of the tone, escaped."""
    rig.see('sad', 100)
    assert wait_for(lambda: len(rig.tones) >= 2)
    rig.text.publish(String(data='Tea & biscuits < 5 minutes?'))
    assert wait_for(lambda: rig.ssml)
    root = ElementTree.fromstring(rig.ssml[0].data)
    assert ''.join(root.itertext()) == 'Tea & biscuits < 5 minutes?'
    assert root[0].get('rate') == '100%'
    assert root[0].get('pitch') == '+4%'


def test_no_change_while_speaking(rig):
    """The change waits until the utterance is over."""
    rig.speaking.publish(Bool(data=True))
    assert wait_for(lambda: rig.node.dialog.policy.speaking)
    rig.see('angry', 100)
    assert not wait_for(lambda: len(rig.tones) > 1, 0.5)
    rig.speaking.publish(Bool(data=False))  # no further frame is needed
    assert wait_for(lambda: len(rig.tones) >= 2)
    assert rig.tones[-1].tone == 'calm'


def test_back_to_neutral_when_the_camera_dies():
    """No message at all: the node's clock brings the tone back after hold."""
    with ros():
        rig = Rig(hold=1.0)
        with spinning(rig.node, rig.peer):
            rig.ready()
            rig.see('happy', 100)
            assert wait_for(lambda: len(rig.tones) >= 2)
            assert wait_for(lambda: len(rig.tones) >= 3, 5.0)
            assert rig.tones[-1].tone == 'neutral'
            assert 'nobody' in rig.tones[-1].reason


def test_policy_file_can_change_at_run_time(rig, tmp_path):
    """A bad file is refused with its line, a good one is used."""
    bad, good = tmp_path / 'bad.yaml', tmp_path / 'good.yaml'
    bad.write_text('tones:\n  a: {rate: 99}\nemotions: {happy: a}\n')
    good.write_text('tones:\n  neutral: {rate: 1}\n  soft: {rate: 0.8}\n'
                    'emotions: {happy: soft}\n')
    result = rig.node.set_parameters([Parameter('policy_file', value=str(bad))])[0]
    assert not result.successful
    assert 'line 2' in result.reason
    assert rig.node.set_parameters([Parameter('policy_file', value=str(good))])[0].successful
    rig.see('happy', 100)
    assert wait_for(lambda: rig.tones[-1].tone == 'soft')


@pytest.mark.parametrize('parameter, text', [
    ('policy_file:=/none.yaml', 'cannot be read'), ('hold:=9999.0', 'hold'),
    ('policy_file:=~nosuchuser/x', 'cannot be read'), ('policy_file:=/dev/zero', 'no regular'),
    ('language:=""', 'language'), ('longest_utterance:=0.0', 'longest_utterance')])
def test_bad_start_is_one_clear_line(parameter, text):
    """A real process: exit status 1, the reason, no traceback."""
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.nodes.behavior_node', '--ros-args', '-p', parameter],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number):
    """A real process, once it runs: exit status 0, no traceback."""
    with ros():
        peer, tones = rclpy.create_node('peer'), []
        peer.create_subscription(DialogTone, 'dialog/tone', tones.append, latched_qos())
        process = subprocess.Popen([sys.executable, '-m', 'fer_ros.nodes.behavior_node'],
                                   stderr=subprocess.PIPE, text=True)
        try:
            with spinning(peer):
                assert wait_for(lambda: tones, 30)
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert 'Traceback' not in errors


def test_time_jumping_back_goes_on(rig):
    """A bag that loops: the next mood is answered as ever."""
    rig.see('happy', 100)
    assert wait_for(lambda: len(rig.tones) >= 2)
    rig.see('angry', 5)
    assert wait_for(lambda: len(rig.tones) >= 3)
    assert (rig.tones[-1].tone, rig.tones[-1].header.stamp.sec) == ('calm', 5)


def test_speech_after_a_reload_has_the_new_values(rig, tmp_path):
    """The same tone with another rate is published anew."""
    file = tmp_path / 'b.yaml'
    file.write_text('tones:\n  neutral: {rate: 0.8}\nemotions: {neutral: neutral}\n')
    assert rig.node.set_parameters([Parameter('policy_file', value=str(file))])[0].successful
    rig.see('neutral', 100)  # whom it talks to then is one more message
    assert wait_for(lambda: rig.tones[-1].rate == pytest.approx(0.8))


def faces(*rows, stamp=100):
    """Return a message with faces of (id, label, size [px], x [px])."""
    message = EmotionArray(image_width=640, image_height=480)
    message.header.stamp.sec = stamp
    message.emotions = [Emotion(
        id=id_, label=label, confidence=0.9, valence=0.5,
        roi=RegionOfInterest(x_offset=x, width=size, height=size)) for id_, label, size, x in rows]
    return message


def test_the_mood_of_the_group(rig):
    """Published with every frame, in the frame's name."""
    moods = []
    rig.peer.create_subscription(GroupMood, 'emotions/group', moods.append, emotions_qos())
    assert wait_for(lambda: rig.node._mood.get_subscription_count())
    rig.emotions.publish(faces(('f1', 'happy', 100, 0), ('f2', 'sad', 50, 300)))
    assert wait_for(lambda: moods)
    assert (moods[0].people, moods[0].label, moods[0].header.stamp.sec) == (2, 'happy', 100)
    assert moods[0].share == pytest.approx(2 / 3)


def test_the_addressee(rig):
    """A dialog manager says whom it talks to: the smaller face then decides."""
    addressee = rig.peer.create_publisher(String, 'dialog/addressee', 10)
    assert wait_for(addressee.get_subscription_count)
    addressee.publish(String(data='f2'))
    assert wait_for(lambda: rig.node.dialog.policy.attention.addressee == 'f2')
    rig.emotions.publish(faces(('f1', 'happy', 100, 0), ('f2', 'sad', 50, 300)))
    assert wait_for(lambda: len(rig.tones) >= 2)
    assert (rig.tones[-1].person_id, rig.tones[-1].tone) == ('f2', 'encouraging')


def test_the_operator_sets_a_tone(rig):
    """By service, at once; a wrong name is refused with those there are."""
    client = rig.peer.create_client(SetTone, 'behavior_node/set_tone')
    assert wait_for(client.service_is_ready)
    future = client.call_async(SetTone.Request(tone='playful'))
    assert wait_for(future.done)
    assert future.result().success
    assert wait_for(lambda: rig.tones[-1].tone == 'playful')
    rig.see('angry', 100)
    wrong = client.call_async(SetTone.Request(tone='loud'))
    assert wait_for(wrong.done)
    assert not wrong.result().success
    assert 'neutral, warm' in wrong.result().message
    assert rig.tones[-1].tone == 'playful'


def operate(rig, tone, duration=0.0):
    """Have the operator set a tone."""
    count = len(rig.tones)
    client = rig.peer.create_client(SetTone, 'behavior_node/set_tone')
    assert call(client, SetTone.Request(tone=tone, duration=duration)).success
    assert not tone or wait_for(lambda: len(rig.tones) > count)


@pytest.mark.parametrize('camera', ['none', 'silent'])
def test_an_operators_tone_ends_without_images(camera):
    """After its duration, not before: the node's clock counts it, no image needs to come."""
    with running(lambda: Rig(hold=0.5)) as rig:
        if camera == 'silent':
            rig.see('happy', 100)
            assert wait_for(lambda: len(rig.tones) >= 3)  # neutral again, after hold
            time.sleep(1.0)  # silent for longer than the operator's tone is to last
        operate(rig, 'playful', 1.0)
        count = len(rig.tones)
        assert not wait_for(lambda: len(rig.tones) > count, 0.7)
        assert wait_for(lambda: len(rig.tones) > count, 5.0)
        assert rig.tones[-1].tone == 'neutral'


def test_an_operators_tone_with_images_of_another_time(rig):
    """A bag that loops or plays fast neither shortens nor lengthens it."""
    operate(rig, 'playful', 1.0)
    count = len(rig.tones)
    for stamp in (100, 5, 1000):
        rig.see('happy', stamp)
    assert not wait_for(lambda: rig.tones[-1].tone != 'playful', 0.7)
    assert {tone.person_id for tone in rig.tones[count:]} == {'f1'}  # but whom it sees is told
    stamps = iter(range(1001, 2000))
    assert wait_for(lambda: rig.see('happy', next(stamps)) or rig.tones[-1].tone == 'cheerful')


def test_what_is_told_beside_the_tone(rig):
    """Another person in the same mood, for how long, who else; the suggestion only once."""
    first, second = faces(('f1', 'happy', 100, 0)), faces(('f2', 'happy', 100, 0), stamp=103)
    second.emotions.append(Emotion(id='f3', label='uncertain', confidence=0.4,
                                   roi=RegionOfInterest(width=50, height=50)))
    second.emotions[0].state_age = 125.0
    rig.emotions.publish(first)
    assert wait_for(lambda: len(rig.tones) >= 2)
    assert rig.tones[-1].situation == 'The person in front of you looks happy (90%).'
    assert rig.tones[-1].suggestion
    rig.emotions.publish(second)
    assert wait_for(lambda: len(rig.tones) >= 3)
    told = rig.tones[-1]
    assert (told.tone, told.person_id, told.emotion, told.suggestion, told.reason) == (
        'cheerful', 'f2', 'happy', '', 'f2 looks happy (90%)')
    assert told.situation == ('The person in front of you has looked happy for two minutes (90%); '
                              'you are not sure about the second one.')


def test_suggestions_on_request(rig):
    """In turn with the tone's own; then it says why there is none; so for a tone without any."""
    client = rig.peer.create_client(Trigger, 'behavior_node/suggest')
    answer = call(client, Trigger.Request())
    assert not answer.success
    assert answer.message == "tone 'neutral' has no suggestions in the policy file"
    rig.see('sad', 100)
    assert wait_for(lambda: rig.tones[-1].suggestion)
    made = {rig.tones[-1].suggestion}
    while (answer := call(client, Trigger.Request())).success:
        assert answer.message not in made
        made.add(answer.message)
    assert 1 < len(made) <= len(rig.node.config.policy.tones['encouraging'].suggestions)
    assert 'less than 600 s ago (suggestion_interval)' in answer.message


def test_the_reason_ends():
    """hold_uncertain and suggest_again by parameter; nobody publishes: diagnostics tell."""
    with running(lambda: Rig(hold_uncertain=2.0, suggest_again=30.0)) as rig:
        statuses = []
        rig.peer.create_subscription(
            DiagnosticArray, '/diagnostics', lambda m: statuses.extend(m.status), 10)
        for stamp in (100, 131):
            rig.see('happy', stamp)
            assert wait_for(lambda due=stamp: rig.tones[-1].header.stamp.sec == due)
            assert (rig.tones[-1].tone, bool(rig.tones[-1].suggestion)) == ('cheerful', True)
        for stamp in (132, 133, 134):
            rig.see('uncertain', stamp)
        assert wait_for(lambda: rig.tones[-1].tone == 'neutral')
        assert rig.tones[-1].header.stamp.sec == 134
        assert rig.tones[-1].reason == 'f1 has looked unclear for 2.0 s'
        rig.peer.destroy_publisher(rig.emotions)
        assert wait_for(
            lambda: statuses and '0 publishers on /emotions' in statuses[-1].message, 15)
        assert statuses[-1].level == DiagnosticStatus.WARN


class SimulatedRig(Rig):
    """A rig in simulation time."""

    def __init__(self, **overrides):
        super().__init__(use_sim_time=True, **overrides)
        self.clock = self.peer.create_publisher(Clock, '/clock', 10)

    def tell(self, *seconds):
        """Let it be what time it is, one after another."""
        assert wait_for(self.clock.get_subscription_count)
        for second in seconds:
            message = Clock()
            message.clock.sec, message.clock.nanosec = divmod(round(second * 1e9), 10 ** 9)
            self.clock.publish(message)
            assert wait_for(lambda due=second: self.node._now() == pytest.approx(due))
            time.sleep(0.02)


def test_an_operators_tone_in_simulation_time():
    """It stands while the clock does; a clock that begins, or is set back, changes little."""
    with running(SimulatedRig) as rig:
        operate(rig, 'playful', 2.0)
        count = len(rig.tones)
        rig.tell(1000.0, 1000.5, 1001.0)
        assert not wait_for(lambda: len(rig.tones) > count, 2.5)  # 1 s of 2
        rig.tell(5.0, 5.25, 5.5)
        assert not wait_for(lambda: len(rig.tones) > count, 0.2)  # 1.5 s
        rig.tell(*(5.75 + i / 4 for i in range(8)))  # some of it is lost at each jump
        assert wait_for(lambda: len(rig.tones) > count)
        assert (rig.tones[-1].tone, rig.tones[-1].header.stamp.sec) == ('neutral', 6)


def test_an_utterance_that_never_ends():
    """A lost false: after longest_utterance the tone changes again, however often true is said."""
    with running(lambda: Rig(longest_utterance=1.0)) as rig:
        statuses = []
        rig.peer.create_subscription(
            DiagnosticArray, '/diagnostics', lambda m: statuses.extend(m.status), 10)
        rig.speaking.publish(Bool(data=True))
        assert wait_for(lambda: rig.node.dialog.policy.speaking)
        rig.see('angry', 100)
        assert not wait_for(lambda: len(rig.tones) > 1, 0.6)
        rig.speaking.publish(Bool(data=True))
        assert wait_for(lambda: len(rig.tones) >= 2, 3.0)
        assert rig.tones[-1].tone == 'calm'
        rig.speaking.publish(Bool(data=True))
        rig.see('sad', 101)
        assert wait_for(lambda: rig.tones[-1].tone == 'encouraging')
        assert wait_for(lambda: statuses and 'longest_utterance (1 s)' in statuses[-1].message)
        assert statuses[-1].level == DiagnosticStatus.WARN
        assert 'publish false' in statuses[-1].message
        rig.speaking.publish(Bool(data=False))
        assert wait_for(lambda: not rig.node._speaking)
        assert wait_for(lambda: 'longest_utterance' not in statuses[-1].message)
        assert statuses[-1].name == 'behavior_node: dialog'
        rig.speaking.publish(Bool(data=True))  # the next one counts again
        assert wait_for(lambda: rig.node.dialog.policy.speaking)


def test_a_reloaded_policy_is_published_at_once(rig, tmp_path):
    """No frame is needed; Turkish texts come by parameter."""
    results = rig.node.set_parameters([Parameter('language', value='tr')])
    assert results[0].successful, results[0].reason
    assert wait_for(lambda: 'konuş' in rig.tones[-1].style_prompt)
    assert rig.tones[-1].reason == 'davranış dosyası yeniden yüklendi'
    assert rig.tones[-1].situation == 'Karşında kimse yok.'
    rig.see('happy', 100)
    assert wait_for(lambda: rig.tones[-1].situation == 'Karşındaki kişi mutlu görünüyor (%90).')
    assert rig.tones[-1].reason == 'f1 mutlu görünüyor (%90)'
    results = rig.node.set_parameters([Parameter('language', value='no tag')])
    assert 'must be a tag' in results[0].reason
