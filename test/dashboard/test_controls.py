"""What a page may ask for, and what it is told otherwise."""

import pytest

from fer_ros.dashboard.controls import CONTROLS, checked_request


@pytest.mark.parametrize('name, value', [
    ('enable', True), ('anonymize', False), ('overlay', 'cam'), ('tone', ''), ('tone', 'warm'),
    ('reset', True), ('opt_out', 'f1'), ('opt_in', 'f1'), ('opt_out_everybody', True)])
def test_requests(name, value):
    """Each control has a request."""
    assert checked_request({'name': name, 'value': value}) == (name, value)
    assert name in CONTROLS


@pytest.mark.parametrize('request_, said', [
    (None, 'object of name and value'), ([], 'object'), ('x', 'object'), ({}, 'object'),
    ({'name': 'enable'}, 'object'), ({'name': 'enable', 'value': True, 'more': 1}, 'object'),
    ({'name': 'shutdown', 'value': True}, 'none of enable'),
    ({'name': ['enable'], 'value': True}, 'none of enable'),
    ({'name': 'enable', 'value': 1}, 'is a bool'), ({'name': 'tone', 'value': None}, 'is a str'),
    ({'name': 'overlay', 'value': 'all'}, 'bars, cam, none'),
    ({'name': 'tone', 'value': 'x' * 201}, '200 characters')])
def test_what_is_none(request_, said):
    """One line each."""
    with pytest.raises(ValueError, match=said):
        checked_request(request_)
