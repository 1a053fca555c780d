"""Names and orders of the emotions."""

import numpy as np
import pytest

from fer_ros.perception import labels


@pytest.mark.parametrize('name, expected', [
    ('Happiness', 'happy'), (' anger ', 'angry'), ('neutral', 'neutral'), ('scared', 'fear')])
def test_canonical(name, expected):
    """Every data set's spelling finds our name."""
    assert labels.canonical(name) == expected


def test_unknown_name_lists_the_known_ones():
    """An unknown emotion is refused with the remedy."""
    with pytest.raises(ValueError, match="'bored'; known are neutral"):
        labels.canonical('bored')


def test_every_label_has_coordinates_and_expression():
    """No label falls out of a table; only contempt has no ROS4HRI name."""
    assert set(labels.VALENCE_AROUSAL) == set(labels.EMOTIONS)
    assert set(labels.EMOTIONS) - set(labels.ROS4HRI) == {'contempt'}
    assert set(labels.FER2013) < set(labels.EMOTIONS)


def test_valence_arousal_is_the_mean():
    """A certain emotion has its own coordinates, a mixture lies between."""
    one = np.eye(8)[labels.EMOTIONS.index('happy')]
    assert labels.valence_arousal(one, labels.EMOTIONS) == pytest.approx((0.81, 0.51))
    half = (one + np.eye(8)[0]) / 2
    assert labels.valence_arousal(half, labels.EMOTIONS) == pytest.approx((0.405, 0.255))
