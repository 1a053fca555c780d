"""dialog/notice: said before the first tone for a person, once; not for an operator's tone."""

import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import running, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from std_msgs.msg import Bool  # noqa: E402
from test_behavior_node import Rig, faces, operate  # noqa: E402

from fer_ros.behavior.notice import GONE  # noqa: E402
from fer_ros.nodes import parameters  # noqa: E402
from fer_ros.nodes.message_lines import lines_of  # noqa: E402
from fer_ros_msgs.msg import DialogTone, Emotion, Notice  # noqa: E402

ENGLISH = 'Just so you know, my camera reads facial expressions, and I choose my tone by them.'
TURKISH = 'Bilginiz olsun, kameram yüz ifadelerini okuyor ve ses tonumu ona göre seçiyorum.'


class Listener(Rig):
    """A rig whose dialog manager hears notices; ``sent`` is the order of notices and tones."""

    def __init__(self, **overrides):
        super().__init__(**overrides)
        self.notices, self.sent = [], []
        for name in ('_notice', '_tone'):
            publisher = getattr(self.node, name)
            publisher.publish = self._noting(publisher.publish)
        self.peer.create_subscription(Notice, 'dialog/notice', self.notices.append, 10)

    def _noting(self, publish):
        def noting(message):
            self.sent.append((type(message), message.person_id))
            publish(message)
        return noting

    def ready(self):
        super().ready()
        assert wait_for(self.node._notice.get_subscription_count)
        self.sent.clear()

    def show(self, *people, stamp):
        """Report faces, the one to talk to first; wait for what answers to it."""
        message = faces(*((id_, label, 100 - 40 * i, 300 * i)
                          for i, (id_, label) in enumerate(people)), stamp=stamp)
        count = len(self.tones)
        self.emotions.publish(message)
        assert wait_for(lambda: len(self.tones) > count)


def test_before_the_first_tone_and_once():
    """Whoever comes; the header is the tone's; another tone, or coming back, needs none."""
    with running(Listener) as rig:
        rig.show(('f1', 'uncertain'), stamp=100)  # not judged yet, but looked at
        rig.show(('f1', 'happy'), ('f2', 'sad'), stamp=105)
        rig.show(('f2', 'sad'), stamp=110)
        rig.show(('f1', 'angry'), stamp=115)
        rig.show(('f3', 'happy'), stamp=120)
        assert rig.sent == [
            (Notice, 'f1'), (DialogTone, 'f1'), (DialogTone, 'f1'), (Notice, 'f2'),
            (DialogTone, 'f2'), (DialogTone, 'f1'), (Notice, 'f3'), (DialogTone, 'f3')]
        assert wait_for(lambda: len(rig.notices) == 3)
        notice = rig.notices[0]
        assert (notice.language, notice.text) == ('en', ENGLISH)
        assert notice.header.stamp.sec == 100
        assert lines_of(notice) == [f'notice to f1 (en): {ENGLISH}']
        # Turkish from now on; who was told in English has been told.
        assert rig.node.set_parameters([Parameter('language', value='tr')])[0].successful
        rig.show(('f3', 'sad'), stamp=125)
        rig.show(('f4', 'sad'), stamp=130)
        assert wait_for(lambda: len(rig.notices) == 4)
        assert [(n.person_id, n.language, n.text) for n in rig.notices[3:]] == [
            ('f4', 'tr', TURKISH)]


def test_an_operators_tone_is_no_answer():
    """Even where it is the first that names somebody; the next one answers to them."""
    with running(Listener) as rig:
        rig.speaking.publish(Bool(data=True))
        assert wait_for(lambda: rig.node.dialog.policy.speaking)
        rig.emotions.publish(faces(('f1', 'happy', 100, 0)))
        assert wait_for(lambda: rig.node.dialog.policy.person)
        operate(rig, 'playful')
        assert rig.sent == [(DialogTone, 'f1')]
        operate(rig, '')
        rig.speaking.publish(Bool(data=False))
        assert wait_for(lambda: len(rig.sent) == 3)
        assert rig.sent[1:] == [(Notice, 'f1'), (DialogTone, 'f1')]


def test_a_dialog_manager_that_comes_late():
    """The one in front is told then; nobody is who left before, and nobody twice."""
    with running(Rig) as rig:
        heard = []
        for stamp, id_ in ((100, 'f1'), (105, 'f2')):
            count = len(rig.tones)
            rig.emotions.publish(faces((id_, 'happy', 100, 0), stamp=stamp))
            assert wait_for(lambda count=count: len(rig.tones) > count)
        rig.peer.create_subscription(Notice, 'dialog/notice', heard.append, 10)
        assert wait_for(lambda: heard)
        rig.emotions.publish(faces(('f2', 'sad', 100, 0), stamp=110))
        assert wait_for(lambda: rig.tones[-1].tone == 'encouraging')
        assert not wait_for(lambda: len(heard) > 1, 0.5)
        assert [notice.person_id for notice in heard] == ['f2']


def test_who_has_opted_out_is_not_told():
    """Nobody reads that face; the robot talks to them all the same. Taken back, it is due."""
    with running(Listener) as rig:
        message = faces(('f1', 'sad', 100, 0), ('f2', 'sad', 50, 300))
        message.emotions[0].quality = Emotion.QUALITY_OPTED_OUT
        rig.emotions.publish(message)
        assert wait_for(lambda: len(rig.tones) >= 2)
        tone = rig.tones[-1]
        assert (tone.person_id, tone.emotion, tone.confidence, tone.tone) == (
            'f1', 'uncertain', 0.0, 'neutral')
        assert tone.situation == ('The person in front of you does not want their face to be '
                                  'read; the other one looks sad.')
        rig.show(('f1', 'sad'), stamp=110)
        assert rig.sent == [(DialogTone, 'f1'), (Notice, 'f1'), (DialogTone, 'f1')]


def test_a_policy_without_a_notice(tmp_path):
    """An old file works on and sends none; once there is one, who is in front is told."""
    old = tmp_path / 'old.yaml'
    old.write_text('tones:\n  neutral: {rate: 1.0}\nemotions: {happy: neutral}\n')
    with running(lambda: Listener(policy_file=str(old))) as rig:
        rig.show(('f1', 'happy'), stamp=100)
        assert rig.sent == [(DialogTone, 'f1')]
        old.write_text(old.read_text().replace('1.0', '0.9') + 'notice: I read faces.\n')
        assert rig.node.set_parameters([
            Parameter('policy_file', value=str(old))])[0].successful
        assert rig.sent[1:] == [(Notice, 'f1'), (DialogTone, 'f1')]
        assert wait_for(lambda: rig.notices) and rig.notices[0].text == 'I read faces.'


def test_an_id_is_kept_while_its_face_may_come_back():
    assert parameters.SPECS['max_age'].high <= GONE
