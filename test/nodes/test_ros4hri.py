"""Faces as ROS4HRI has them, to subscribers as libhri's; skips where hri_msgs is missing."""

import numpy as np
import pytest

pytest.importorskip('rclpy')
hri = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.qos import QoSProfile  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from fer_ros.nodes.image_conversions import image_to_array  # noqa: E402

FACE = '/humans/faces/f1/'
KINDS = {'roi': hri.NormalizedRegionOfInterest2D, 'landmarks': hri.FacialLandmarks,
         'expression': hri.Expression, 'cropped': Image, 'aligned': Image}


@pytest.fixture
def heard():
    """Return a rig with ROS4HRI, and what comes on each topic of the first face."""
    with ros():
        rig, heard = Rig(ros4hri=True, max_age=1.0), {name: [] for name in (*KINDS, 'tracked')}
        qos = QoSProfile(depth=10)
        rig.peer.create_subscription(
            hri.IdsList, '/humans/faces/tracked', heard['tracked'].append, qos)
        for name, kind in KINDS.items():
            rig.peer.create_subscription(kind, FACE + name, heard[name].append, qos)
        with spinning(rig.node, rig.peer):
            rig.ready()
            yield rig, heard


def test_a_face_and_its_topics(heard, astronaut):
    """Sizes are shares of the picture, points are those we know, the state is in their words."""
    rig, heard = heard
    for index in range(25):
        rig.send(astronaut, index / 10)
    assert wait_for(lambda: all(heard.values()))
    roi, marks, said = (heard[name][-1] for name in ('roi', 'landmarks', 'expression'))
    assert heard['tracked'][-1].ids == ['f1']
    assert 0.3 < roi.xmin < roi.xmax < 0.6 and 0 < roi.ymin < roi.ymax < 0.5
    known = {index for index, point in enumerate(marks.landmarks) if point.c > 0}
    assert known == {marks.RIGHT_PUPIL, marks.LEFT_PUPIL, marks.NOSE, marks.MOUTH_OUTER_RIGHT,
                     marks.MOUTH_OUTER_LEFT}
    assert marks.landmarks[marks.RIGHT_PUPIL].x < marks.landmarks[marks.LEFT_PUPIL].x
    assert said.expression == said.HAPPY and said.valence > 0.5 and said.confidence > 0.7
    for name in ('cropped', 'aligned'):
        assert image_to_array(heard[name][-1]).shape == (128, 128, 3)
    stamps = {name: heard[name][-1].header.stamp.sec for name in heard}
    assert len(set(stamps.values())) == 1


def test_topics_go_with_the_face(heard, astronaut):
    """Not as long as it may come back."""
    rig, _ = heard
    nobody = np.full_like(astronaut, 90)
    for index in range(5):
        rig.send(astronaut, index / 10)
    rig.send(nobody, 0.9)
    assert rig.peer.count_publishers(FACE + 'roi') == 1
    rig.send(nobody, 2.0)
    assert wait_for(lambda: rig.peer.count_publishers(FACE + 'roi') == 0)


def test_crops_are_hidden_too(heard, astronaut):
    """anonymize: in every picture that leaves the node."""
    rig, heard = heard
    for index in range(6):
        rig.send(astronaut, index / 10)
    assert wait_for(lambda: heard['cropped'])
    clear = image_to_array(heard['cropped'][-1]).astype(int)
    from rclpy.parameter import Parameter
    assert rig.node.set_parameters([Parameter('anonymize', value=True)])[0].successful
    count = len(heard['cropped'])
    for index in range(6, 10):
        rig.send(astronaut, index / 10)
    assert wait_for(lambda: len(heard['cropped']) >= count + 4)
    hidden = image_to_array(heard['cropped'][-1]).astype(int)
    assert np.abs(hidden - clear).mean() > 8
