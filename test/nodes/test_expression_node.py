"""Crops of another ROS4HRI detector in, expressions out; skips where hri_msgs is missing."""

import itertools

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')
hri = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from helpers import call, ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402

from fer_ros.nodes.expression_node import ExpressionNode  # noqa: E402
from fer_ros.nodes.image_conversions import array_to_image  # noqa: E402
from fer_ros.nodes.qos import emotions_qos, image_qos, latched_qos  # noqa: E402
from fer_ros.nodes.ros4hri import expression_of  # noqa: E402
from fer_ros.perception.types import EmotionEstimate  # noqa: E402
from fer_ros_msgs.msg import Cue, EmotionArray  # noqa: E402
from fer_ros_msgs.srv import OptOut  # noqa: E402

BASE = 1_700_000_000
#: The astronaut's face in her picture of 512 x 512.
BOX = 182, 62, 92, 115


def at(seconds):
    """Return a header of a time."""
    header = Header(frame_id='camera')
    header.stamp.sec = BASE + int(seconds)
    header.stamp.nanosec = round(seconds % 1 * 1e9)
    return header


class HriRig:
    """An expression_node, and a detector that publishes as hri_face_detect does."""

    def __init__(self, qos=None, **values):
        self.node = ExpressionNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in values.items()])
        self.errors, self.emotions, self.diagnostics, self.faces = [], [], [], {}
        self.node.faults._log = self.errors.append
        self.peer, self._qos = rclpy.create_node('hri_face_detect'), qos or QoSProfile(depth=1)
        self.tracked = self.peer.create_publisher(
            hri.IdsList, '/humans/faces/tracked', self._qos)
        self.peer.create_subscription(
            EmotionArray, 'emotions', self.emotions.append, emotions_qos())
        self.peer.create_subscription(
            DiagnosticArray, '/diagnostics', self.diagnostics.append, 10)

    def ready(self):
        """Wait until the nodes know each other."""
        assert wait_for(lambda: self.tracked.get_subscription_count() and
                        self.peer.count_publishers('emotions') and
                        self.node.count_subscribers('emotions'))

    def list(self, *ids, seconds=0.0):
        """Publish who is there."""
        self.tracked.publish(hri.IdsList(header=at(seconds), ids=list(ids)))

    def add(self, id_):
        """Make a face's topics, list it, and wait until it is followed."""
        topic, heard = f'/humans/faces/{id_}/', []
        self.faces[id_] = heard, {name: self.peer.create_publisher(
            kind, topic + name, self._qos) for name, kind in (
                ('cropped', Image), ('roi', hri.NormalizedRegionOfInterest2D),
                ('landmarks', hri.FacialLandmarks))}
        self.peer.create_subscription(
            hri.Expression, f'{topic}expression', heard.append, QoSProfile(depth=10))
        assert wait_for(lambda: self.list(*self.faces) or all(
            publisher.get_subscription_count() for publisher in self.faces[id_][1].values()))
        assert wait_for(lambda: self.node.count_subscribers(f'{topic}expression'))

    def show(self, picture, seconds, *ids):
        """Publish where faces are, and their crops, cut to the box as hri_face_detect does."""
        x, y, width, height = BOX
        crop = cv2.resize(picture[y:y + height, x:x + width], (102, 128))
        crop = cv2.copyMakeBorder(crop, 0, 0, 13, 13, cv2.BORDER_CONSTANT)
        self.list(*self.faces, seconds=seconds)
        for id_ in ids or self.faces:
            topics = self.faces[id_][1]
            topics['roi'].publish(hri.NormalizedRegionOfInterest2D(
                header=at(seconds), xmin=x / 512, ymin=y / 512, xmax=(x + width) / 512,
                ymax=(y + height) / 512, c=0.9))
            topics['landmarks'].publish(hri.FacialLandmarks(
                header=at(seconds), width=512, height=512))
            topics['cropped'].publish(array_to_image(crop, at(seconds)))

    def answer(self, picture, seconds, *ids):
        """Show faces until a message of this time tells of all who are there."""
        def told():
            return [m for m in self.emotions if m.header == at(seconds)
                    and len(m.emotions) == len(self.faces)]
        assert wait_for(lambda: self.show(picture, seconds, *ids) or wait_for(told, 0.3), 10.0), (
            self.errors)
        return told()[-1]


@pytest.fixture
def rig():
    with ros():
        rig = HriRig(max_age=1.0)
        with spinning(rig.node, rig.peer):
            rig.ready()
            yield rig


def test_faces_come_are_judged_and_go(rig, astronaut):
    """Two of them, in one message with the crops' header; the topics of who left are gone."""
    rig.add('abcde')
    rig.add('f2')
    rig.answer(astronaut, 0.0)  # from now on the size of the picture is known
    for index in range(1, 15):
        message = rig.answer(astronaut, index / 10)
    first, second = message.emotions
    assert (first.id, second.id) == ('abcde', 'f2') and message.header.frame_id == 'camera'
    assert first.label == 'happy' and message.image_width == 512
    roi = first.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == BOX
    said = rig.faces['abcde'][0]
    assert wait_for(lambda: said and said[-1].header == at(1.4))
    assert said[-1].expression == hri.Expression.HAPPY and said[-1].valence > 0.5
    assert said[-1].confidence == pytest.approx(first.confidence, abs=0.01)
    count = rig.peer.count_subscribers('/humans/faces/f2/cropped')
    del rig.faces['f2']
    assert rig.answer(astronaut, 1.5) and rig.peer.count_subscribers(
        '/humans/faces/f2/cropped') == count == 1  # it may come back
    rig.answer(astronaut, 3.0)
    assert wait_for(lambda: not rig.peer.count_subscribers('/humans/faces/f2/cropped')
                    and not rig.peer.count_publishers('/humans/faces/f2/expression'))
    rig.faces.clear()
    rig.list(seconds=3.1)
    assert wait_for(lambda: rig.emotions[-1].header == at(3.1) and not rig.emotions[-1].emotions)
    assert not rig.errors


def test_what_people_say_counts_too(rig, astronaut):
    """As in emotion_node: to the person named; a bad cue is told."""
    rig.add('f1')
    cues = rig.peer.create_publisher(Cue, 'cues', emotions_qos())
    assert wait_for(cues.get_subscription_count)
    rig.answer(astronaut, 0.0)
    cues.publish(Cue(modality='words', labels=['sad', 'happy'], probabilities=[0.9, 0.1],
                     person_id='f1', header=at(0.1)))
    cues.publish(Cue(modality='words', labels=['sad'], probabilities=[2.0]))
    assert wait_for(lambda: rig.errors)  # the second one has come, so the first one has
    [emotion] = rig.answer(astronaut, 0.2).emotions
    assert list(emotion.cues) == ['face', 'words'] and emotion.cue_agreement < 0
    assert 'sum to 1' in rig.errors[0]


def test_services(rig, astronaut):
    """~/opt_out, ~/enable and ~/reset, as emotion_node has them; ~/analyze_image is not there."""
    rig.add('a')
    rig.answer(astronaut, 0.0)
    client = rig.peer.create_client(OptOut, '/expression_node/opt_out')
    assert call(client, OptOut.Request(person_id='a')).success
    assert rig.answer(astronaut, 0.1).emotions[0].quality == 'opted_out'
    count = len(rig.faces['a'][0])
    rig.answer(astronaut, 0.2)
    assert len(rig.faces['a'][0]) == count
    assert 'nobody with the id' in call(client, OptOut.Request(person_id='b')).message
    assert call(rig.peer.create_client(Trigger, '/expression_node/reset'),
                Trigger.Request()).success
    assert rig.answer(astronaut, 0.3).emotions[0].quality == 'ok'
    enable = rig.peer.create_client(SetBool, '/expression_node/enable')
    assert call(enable, SetBool.Request(data=False)).success
    assert wait_for(lambda: not rig.peer.count_subscribers('/humans/faces/a/cropped'))
    assert call(enable, SetBool.Request(data=True)).success
    assert rig.answer(astronaut, 0.4).emotions
    names = {name for name, _ in rig.node.get_service_names_and_types()}
    assert '/expression_node/analyze_image' not in names


def test_ids_of_all_kinds(rig, astronaut):
    """What cannot be a topic is left out, and told; no more than max_faces are followed."""
    bad = ['', 'a/b', 'a b', '../x', '1face', 'yüz', 'a' * 300, '{id}', '~', '\x1b[2J\n']
    rig.add('good')
    assert wait_for(lambda: rig.list('good', *bad, 'good') or rig.errors)
    assert 'cannot be part of a topic' in rig.errors[0] and rig.errors[0].isprintable()
    assert set(rig.node._faces._faces) == {'good'}
    assert wait_for(lambda: rig.list(*(f'f{i}' for i in range(1000)), 'good')
                    or len(rig.node._faces._faces) == 32)
    assert 'good' in rig.node._faces._faces  # who is followed already stays
    assert wait_for(lambda: any('lists 1001 faces' in error for error in rig.errors))
    assert wait_for(lambda: rig.list('good', seconds=9.0) or len(rig.node._faces._faces) == 1)
    assert rig.answer(astronaut, 9.1).emotions


def test_bad_crops_are_told_and_survived(rig, astronaut):
    """Without pixels, in an unknown encoding, cut short, with another step; landmarks too few."""
    rig.add('a')
    crops = rig.faces['a'][1]
    good = array_to_image(astronaut[:64, :64].copy(), at(0.0))
    for changes in ({'height': 0, 'width': 0}, {'encoding': 'none'}, {'step': 7},
                    {'data': b'123'}, {'width': 2 ** 32 - 1}):
        message = array_to_image(astronaut[:64, :64].copy(), good.header)
        for name, value in changes.items():
            setattr(message, name, value)
        count = rig.node.faults.count
        crops['cropped'].publish(message)
        assert wait_for(lambda count=count: rig.node.faults.count > count), changes
    assert all(error.startswith('bad crop of a: ') for error in rig.errors)
    for number in (np.nan, np.inf, -5.0, 1e30):
        crops['roi'].publish(hri.NormalizedRegionOfInterest2D(
            xmin=number, ymin=number, xmax=number, ymax=-number, c=number))
        crops['landmarks'].publish(hri.FacialLandmarks(width=2 ** 32 - 1))
        crops['cropped'].publish(good)
    count = rig.node.faults.count
    assert rig.answer(astronaut, 1.0).emotions[0].id == 'a'
    assert rig.node.faults.count == count


def test_time_that_jumps_back_starts_anew(rig, astronaut):
    """A bag loops: filters start anew, once; a late crop is left out."""
    rig.add('a')
    for index in range(5):
        last = rig.answer(astronaut, 10 + index / 10)
    assert last.emotions[0].track_age > 0.3
    assert rig.answer(astronaut, 1.0).emotions[0].track_age < 0.1
    assert rig.node.worker.jumps == 1


@pytest.mark.parametrize('qos', [image_qos(), image_qos('reliable', 10), latched_qos()])
def test_any_quality_of_service_is_heard(qos, astronaut):
    """What publishers offer is what is asked for."""
    with ros():
        rig = HriRig(qos)
        with spinning(rig.node, rig.peer):
            rig.ready()
            rig.add('a')
            assert rig.answer(astronaut, 0.0).emotions


def test_what_does_not_come_is_told(rig):
    """A list that never comes; faces without crops."""
    rig.peer.destroy_publisher(rig.tracked)

    def message():
        return rig.diagnostics[-1].status[0].message if rig.diagnostics else ''
    assert wait_for(lambda: 'no face list: 0 publishers on /humans/faces/tracked' in message())
    rig.tracked = rig.peer.create_publisher(hri.IdsList, '/humans/faces/tracked', 1)
    times = itertools.count()
    assert wait_for(lambda: rig.list('a', seconds=next(times) / 100)
                    or 'no crops come: 0 publishers on /humans/faces/a/cropped' in message())


def test_contempt_has_no_word():
    """Valence and arousal alone are told, as the message allows."""
    said = expression_of(hri, Header(), EmotionEstimate(
        'contempt', 0.9, np.full(8, 0.125, np.float32), valence=-0.4, arousal=0.2))
    assert said.expression == '' and said.valence == pytest.approx(-0.4)


def test_parameters(rig):
    """Live ones change while it runs; others are refused with their reason."""
    def change(name, value):
        [result] = rig.node.set_parameters([Parameter(name, value=value)])
        return result.successful, result.reason
    assert change('enter_threshold', 0.6) == (True, '')
    assert change('exit_threshold', 0.8)[0] is False
    assert change('crops', 'aligned') == (False, 'crops can be set only when the node is started')
