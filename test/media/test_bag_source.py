"""Images of a bag, without ROS: every frame with the time at which it was taken."""

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed')

from bags import header, image, make, write_bag, write_messages  # noqa: E402

from fer_ros.media.bag_reading import BagError, is_bag  # noqa: E402
from fer_ros.media.bag_source import BagSource  # noqa: E402

PICTURES = [np.full((4, 6, 3), value, np.uint8) for value in (10, 20, 30)]


def frames(source):
    """Return (first pixel's value, stamp) of each frame."""
    return [(int(frame[0, 0, 0]), round(source.stamp, 3)) for frame in source]


@pytest.mark.parametrize('plugin', ['sqlite3', 'mcap'])
def test_frames_and_times(tmp_path, plugin):
    """By the header's stamps, from the first one on."""
    bag = write_bag(tmp_path / 'bag', PICTURES, plugin=plugin)
    assert is_bag(str(bag))
    source = BagSource(str(bag))
    assert frames(source) == [(10, 0.0), (20, 0.1), (30, 0.2)]
    source.close()


def test_compressed(tmp_path):
    """A compressed topic too; what is no picture is left out and told."""
    import cv2
    png = cv2.imencode('.png', PICTURES[1])[1].ravel()
    rows = [('/c', seconds, make(
        'CompressedImage', header=header(seconds), format='png', data=data))
            for seconds, data in ((0.0, np.zeros(9, np.uint8)), (0.5, png))]
    source = BagSource(str(write_messages(tmp_path / 'bag', rows)))
    assert frames(source) == [(20, 0.5)]


def test_the_topic_is_chosen(tmp_path):
    """The first with images, depth last; one that is not there is told what there is."""
    rows = [(topic, 0.0, image(picture, 0.0)) for topic, picture in zip(
        ('/a_depth', '/camera', '/other'), PICTURES)]
    bag = str(write_messages(tmp_path / 'bag', rows))
    assert frames(BagSource(bag))[0][0] == 20
    assert frames(BagSource(bag, '/other'))[0][0] == 30
    with pytest.raises(BagError, match="'/none'.* /camera, /other, /a_depth"):
        BagSource(bag, '/none')


def test_a_loop_lets_time_jump_back(tmp_path):
    """As a looping ros2 bag play does."""
    source = BagSource(str(write_bag(tmp_path / 'bag', PICTURES[:2])), loop=True)
    seen = [(int(frame[0, 0, 0]), round(source.stamp, 1)) for _, frame in zip(range(4), source)]
    assert seen == [(10, 0.0), (20, 0.1), (10, 0.0), (20, 0.1)] and source.begun == 2


def test_nothing_in_it(tmp_path):
    """One clear line."""
    bag = write_messages(tmp_path / 'bag', [], topics=[('/camera', 'sensor_msgs/msg/Image')])
    with pytest.raises(BagError, match='no readable image on /camera'):
        list(BagSource(str(bag)))
    assert not is_bag(str(tmp_path)) and not is_bag('demo')
