"""Cues of a running emotion_node: pooled, refused in a line, unheard while it is not active."""

import itertools

import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import BASE, Rig  # noqa: E402
from helpers import call, running, wait_for  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from fer_ros.nodes.conversions import people_of  # noqa: E402
from fer_ros.nodes.qos import latched_qos  # noqa: E402
from fer_ros_msgs.msg import Cue, DialogTone, Emotion, EmotionArray  # noqa: E402

SAD = {'modality': 'words', 'labels': ['sad', 'happy', 'neutral'],
       'probabilities': [0.8, 0.1, 0.1]}


class Talk:
    """A camera that shows somebody, and a microphone that hears them."""

    def __init__(self, rig, picture):
        self.rig, self.picture, self._times = rig, picture, itertools.count(1)
        self.now = 0.0
        self.cues = rig.peer.create_publisher(Cue, 'cues', 100)
        assert wait_for(self.cues.get_subscription_count)

    def show(self, count=1):
        """Send the next frames at 10 Hz; return the face of the last one."""
        for _ in range(count):
            self.now = next(self._times) / 10
            message = self.rig.send(self.picture, self.now)
        return message.emotions[0]

    def say(self, seconds=None, **changes):
        """Publish a cue, by default of the latest frame's time."""
        message = Cue(**{'header': Header(), **SAD, **changes})
        if seconds != 0:
            seconds = BASE + (self.now if seconds is None else seconds)
            message.header.stamp.sec = int(seconds)
            message.header.stamp.nanosec = round(seconds % 1 * 1e9)
        self.cues.publish(message)

    def until(self, condition, **cue):
        """Say something, then show frames until it counts."""
        self.say(**cue)
        for _ in range(100):
            face = self.show()
            if condition(face):
                return face
        raise AssertionError((face.cues, face.cue_labels, self.rig.errors))


def refused(talk, text, **cue):
    """Return whether a bad cue is told of (each kind of fault is logged once in a while)."""
    talk.rig.node.faults._logged.clear()
    talk.say(**cue)
    for _ in range(30):
        if any(text in line for line in talk.rig.errors):
            return True
        talk.show()
    return False


def test_a_cue_is_pooled_with_the_face(astronaut):
    """Nothing without; then seen in the message; addressee, faults, deactivation and return."""
    with running(Rig) as rig:
        talk = Talk(rig, astronaut)
        face = talk.show(12)
        assert face.label == 'happy' and list(face.cues) == [] == list(face.cue_labels)
        assert face.cue_agreement == 0
        talk.say(trust=0.0)
        pooled = talk.until(lambda f: len(f.cues), person_id=face.id)
        assert list(pooled.cues) == ['face', 'words']
        assert list(pooled.cue_labels) == ['happy', 'sad'] and pooled.cue_agreement < -0.15
        assert pooled.probabilities[3] > face.probabilities[3]
        assert sum(pooled.probabilities) == pytest.approx(1, abs=1e-4)
        assert [p.cues for p in people_of(rig.messages[-1])] == [
            (('face', 'happy'), ('words', 'sad'))]

        # Without an id it is about the addressee; without a stamp it counts from now on.
        tones = rig.peer.create_publisher(DialogTone, 'dialog/tone', latched_qos())
        tones.publish(DialogTone(person_id=face.id))
        assert wait_for(lambda: rig.node.worker.pipeline.cues.addressee == face.id)
        talk.until(lambda f: 'voice' in f.cues, modality='voice', seconds=0)

        for text, changes in (
                ('are none', {'labels': [], 'probabilities': []}),
                ('nan', {'probabilities': [float('nan'), 0.5, 0.5]}),
                ("'bored'", {'labels': ['bored', 'happy', 'neutral']}),
                ('1000 labels', {'labels': ['a'] * 1000, 'probabilities': [0.001] * 1000}),
                ('trust of cue', {'trust': 2.0}), ("about 'f99'", {'person_id': 'f99'}),
                ('has 1000000 characters', {'person_id': 'x' * 10 ** 6}),
                ('ahead of the images', {'seconds': 10 ** 8}),
                ('behind the images', {'seconds': -10 ** 8})):
            assert refused(talk, text, **changes), text
        assert all('\n' not in line and len(line) < 400 for line in rig.errors)

        # Whoever pauses the node does not want to be listened to either.
        client = rig.peer.create_client(SetBool, 'emotion_node/enable')
        assert call(client, SetBool.Request(data=False)).success
        assert wait_for(lambda: talk.cues.get_subscription_count() == 0)
        assert call(client, SetBool.Request(data=True)).success
        rig.ready()
        assert wait_for(talk.cues.get_subscription_count)
        talk.until(lambda f: 'hands' in f.cues, modality='hands')
        rig.node.trigger_deactivate()
        assert wait_for(lambda: talk.cues.get_subscription_count() == 0)


def test_a_flood_before_and_between_images(astronaut):
    """Cues by the thousand hold up no image; without anybody there is nothing to say."""
    with running(Rig) as rig:
        talk = Talk(rig, astronaut)
        for _ in range(2000):
            talk.say(seconds=0)
        talk.show(4)
        for i in range(2000):
            talk.say(modality=f'm{i}')
        face = talk.until(lambda f: len(f.cues))
        assert len(face.cues) <= 9 and rig.errors == []


def test_cues_of_anybody():
    """Who reads EmotionArray gets along with arrays that do not fit and numbers that are none."""
    person, = people_of(EmotionArray(emotions=[Emotion(
        id='f1', cues=['face', 'words'], cue_labels=['sad'], cue_agreement=float('nan'))]))
    assert person.cues == (('face', 'sad'),) and person.cue_agreement == 0
