"""The mood of everybody in view."""

import pytest

from fer_ros.behavior.attention import Person
from fer_ros.behavior.group_mood import group_mood


def person(label, size, valence=0.0, arousal=0.0):
    """Return a person with a state."""
    return Person('f', label, 0.9, size, valence=valence, arousal=arousal)


@pytest.mark.parametrize('people', [
    [], [person('uncertain', 100)], [person('happy', 0)],
    [person('', 9), person('x' * 10 ** 6, 9)]])
def test_nobody_with_a_state(people):
    """No division by zero; nothing is claimed."""
    mood = group_mood(people)
    assert (mood.people, mood.label, mood.share, mood.valence) == (0, 'uncertain', 0, 0)


def test_who_opted_out_is_left_out():
    """Whatever is said of that person."""
    out = Person('f', 'uncertain', 0.0, 900.0, opted_out=True)
    assert group_mood([out, person('happy', 10)]) == group_mood([person('happy', 10)])


def test_near_faces_weigh_more():
    """Weighted by size; those without a state do not count."""
    mood = group_mood([person('happy', 300, 0.8, 0.4), person('sad', 100, -0.4, 0.0),
                       person('uncertain', 1000, -1, -1)])
    assert (mood.people, mood.label) == (2, 'happy')
    assert mood.share == pytest.approx(0.75)
    assert mood.valence == pytest.approx(0.5)
    assert mood.arousal == pytest.approx(0.3)


def test_equal_weights_are_stable():
    """The order of the faces does not decide."""
    both = [person('sad', 100), person('angry', 100)]
    assert group_mood(both).label == group_mood(both[::-1]).label == 'angry'
