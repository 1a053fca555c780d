"""Messages to numbers and back, where they are as large or as wrong as messages can hold."""

import math

import pytest

pytest.importorskip('rclpy')

from geometry_msgs.msg import Point  # noqa: E402
from sensor_msgs.msg import RegionOfInterest  # noqa: E402

from fer_ros.nodes.conversions import (  # noqa: E402
    nanoseconds_to_stamp,
    people_of,
    seconds_to_stamp,
)
from fer_ros_msgs.msg import Emotion, EmotionArray  # noqa: E402

SECOND = 10 ** 9


@pytest.mark.parametrize('nanoseconds, sec, nanosec', [
    (0, 0, 0), (1, 0, 1), (-1, -1, SECOND - 1), (1_700_000_000 * SECOND + 5, 1_700_000_000, 5),
    (2 ** 31 * SECOND - 1, 2 ** 31 - 1, SECOND - 1), (2 ** 31 * SECOND, 2 ** 31 - 1, SECOND - 1),
    (2 ** 64, 2 ** 31 - 1, SECOND - 1), (-2 ** 31 * SECOND, -2 ** 31, 0), (-2 ** 64, -2 ** 31, 0)])
def test_stamps(nanoseconds, sec, nanosec):
    """The same time, or the nearest that 32 bits of seconds hold."""
    stamp = nanoseconds_to_stamp(nanoseconds)
    assert (stamp.sec, stamp.nanosec) == (sec, nanosec)
    assert 0 <= seconds_to_stamp(nanoseconds * 1e-9).nanosec < SECOND


@pytest.mark.parametrize('value, confidence, valence, age', [
    (math.nan, 0, 0, 0), (math.inf, 1, 1, 1e9), (-math.inf, 0, -1, 0), (0.5, 0.5, 0.5, 0.5)])
def test_people(value, confidence, valence, age):
    """Every number of a person is one, within its range; a position that is none is unknown."""
    largest = 2 ** 32 - 1
    message = EmotionArray(image_width=1, image_height=largest, emotions=[Emotion(
        confidence=value, valence=value, arousal=value, track_age=value, has_position=True,
        position=Point(x=value), roi=RegionOfInterest(width=largest, height=largest))])
    person, = people_of(message)
    assert (person.confidence, person.valence, person.arousal, person.age) == (
        confidence, valence, valence, age)
    assert person.distance == (0.5 if value == 0.5 else None)
    assert math.isfinite(person.size) and math.isfinite(person.offset)


def test_somebody_who_has_opted_out():
    """Whatever else the message says of that person's looks is not passed on."""
    face = Emotion(id='f1', label='sad', confidence=0.9, valence=-0.5, arousal=0.5, state_age=9.0,
                   track_age=10.0, quality=Emotion.QUALITY_OPTED_OUT)
    person, = people_of(EmotionArray(emotions=[face]))
    assert person.opted_out and (person.id, person.age) == ('f1', 10.0)
    assert (person.label, person.confidence, person.valence, person.arousal, person.state_age) == (
        'uncertain', 0, 0, 0, 0)
