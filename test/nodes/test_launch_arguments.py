"""What the launch files are told, checked without launch."""

import pytest

pytest.importorskip('rclpy')

from fer_ros.nodes import launch_arguments  # noqa: E402
from fer_ros.nodes.launch_arguments import (  # noqa: E402
    BEHAVIOR,
    EMOTION,
    OTHERS,
    SOURCE,
    chosen,
    misspelled,
    parameter_specs,
    value_of,
)


@pytest.mark.parametrize(('name', 'text', 'value'), [
    ('anonymize', 'true', True), ('anonymize', 'False', False), ('use_depth', '1', True),
    ('threads', '2', 2), ('hold', '3', 3.0), ('hold', '-1', -1.0), ('language', 'tr', 'tr'),
    ('emotion_model', '0123', '0123'), ('overlay', 'cam', 'cam'), ('provider', 'auto', 'auto'),
    ('source_rate', '15', 15.0)])
def test_values_have_the_type_of_their_parameter(name, text, value):
    read = value_of(name, parameter_specs()[name], text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(('name', 'text'), [
    ('anonymize', 'flase'), ('anonymize', ''), ('anonymize', '2'), ('threads', '0'),
    ('threads', '1.5'), ('threads', 'true'), ('threads', '{'), ('hold', '.nan'),
    ('hold', '1e9'), ('overlay', 'bar'), ('source_width', '-1')])
def test_errors_name_argument_and_value(name, text):
    with pytest.raises(ValueError, match=name) as error:
        value_of(name, parameter_specs()[name], text)
    assert f"'{text}'" in str(error.value)


def test_an_empty_argument_sets_nothing():
    texts = dict.fromkeys(parameter_specs(), '')
    assert chosen(EMOTION, texts) == chosen(BEHAVIOR, texts) == chosen(SOURCE, texts) == {}
    assert chosen(SOURCE, {**texts, 'source_width': '320'}) == {'width': 320}


def test_no_argument_has_two_meanings():
    tables = (launch_arguments.TOPICS.keys() - {'camera_info'}, EMOTION, BEHAVIOR, SOURCE, OTHERS)
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))


def test_misspelled_arguments_are_found():
    known = [*parameter_specs(), *OTHERS]
    assert misspelled(['anonymise', 'anonymize', 'robot_name'], known) == {
        'anonymise': 'anonymize'}
