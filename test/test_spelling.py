"""What somebody meant."""

import pytest

from fer_ros.spelling import did_you_mean, meant

KNOWN = ('anonymize', 'input_size', 'Warm')


@pytest.mark.parametrize('name, close', [
    ('anonymise', 'anonymize'), ('Input-Size', 'input_size'), ('input size', 'input_size'),
    ('warn', 'Warm'), ('robot', ''), ('', ''), ('anonymous', 'anonymize')])
def test_the_closest_name(name, close):
    """Case, hyphens and blanks do not count; the known name is told as it is written."""
    assert meant(name, KNOWN) == close
    assert did_you_mean(name, KNOWN) == (f", did you mean '{close}'?" if close else '')


def test_where_other_names_are_allowed_only_a_slip_counts():
    assert meant('anonymise', KNOWN, others_allowed=True) == 'anonymize'
    assert meant('anonymous', KNOWN, others_allowed=True) == ''


def test_a_long_name_takes_no_time():
    """difflib alone would need minutes."""
    assert meant('ab' * 1_000_000, ['ba' * 1_000_000]) != ''
    assert meant('x' * 1_000_000, KNOWN) == ''
