"""behavior_node: policy file and language are switched together or each alone, in any order."""

import subprocess
import sys

import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from fer_ros.nodes.behavior_node import BehaviorNode  # noqa: E402
from fer_ros.nodes.qos import latched_qos  # noqa: E402
from fer_ros_msgs.msg import DialogTone  # noqa: E402

ENGLISH, TURKISH, GERMAN = 'Speak in a plain', 'Sade', 'Sprich sachlich.'
OWN = 'tones:\n  neutral: {style_prompt: {de: Sprich sachlich.}}\nemotions: {happy: neutral}\n'


@pytest.fixture
def own(tmp_path):
    """Return a policy file with German texts only."""
    file = tmp_path / 'own.yaml'
    file.write_text(OWN)
    return str(file)


@pytest.fixture
def switches():
    """Return a running node and a list that gets what it publishes."""
    with ros():
        node, tones = BehaviorNode(), []
        peer = rclpy.create_node('peer')
        peer.create_subscription(DialogTone, 'dialog/tone', tones.append, latched_qos())
        with spinning(node, peer):
            assert wait_for(lambda: tones)
            yield node, tones


def switch(node, together=True, **values):
    """Set parameters; return '' or the reason of the refusal."""
    parameters = [Parameter(name, value=value) for name, value in values.items()]
    results = [node.set_parameters_atomically(parameters)] if together else (
        node.set_parameters(parameters))
    return '; '.join(result.reason for result in results if not result.successful)


def test_together_and_one_after_the_other(switches, own, capfd):
    """Whatever the order, the end is the same; in between the old texts go on, and it says so."""
    node, tones = switches

    def speaks(text):
        return wait_for(lambda: tones[-1].style_prompt.startswith(text))

    assert speaks(ENGLISH)
    for steps in ([{'policy_file': own, 'language': 'de'}],
                  [{'policy_file': own}, {'language': 'de'}],
                  [{'language': 'de'}, {'policy_file': own}]):
        for together in (True, False):
            for values in steps:
                assert not switch(node, together, **values)
            assert speaks(GERMAN)
            for values in reversed(steps):
                assert not switch(node, together, **dict.fromkeys(values, '') | (
                    {'language': 'tr'} if 'language' in values else {}))
            assert speaks(TURKISH)
            assert not switch(node, together, language='en')
            assert speaks(ENGLISH)
    assert "language is 'de', but the policy has no text in it: its texts are in 'en' until" in (
        capfd.readouterr().err)


def test_in_between_the_texts_stay_as_they_were(switches, own):
    """Also when another parameter is set meanwhile; a wrong guess is undone by the next switch."""
    node, tones = switches
    assert not switch(node, language='tr-TR')
    assert wait_for(lambda: tones[-1].style_prompt.startswith(TURKISH))
    for values in ({'language': 'fi'}, {'hold': 3.0}, {'language': 'xx'}):
        assert not switch(node, **values)
        assert node.config.policy.tones['neutral'].style_prompt.startswith(TURKISH)
    assert node.config.language == 'xx'
    assert not switch(node, policy_file=own)
    assert wait_for(lambda: tones[-1].style_prompt == GERMAN)


def test_a_failed_switch_leaves_the_old_one_whole(switches, own, tmp_path):
    """Every kind of failure, alone and beside values that are good; the reason is told."""
    node, tones = switches
    half, bad = tmp_path / 'half.yaml', tmp_path / 'bad.yaml'
    half.write_text(OWN.replace('emotions', '  warm: {style_prompt: {en: x}}\nemotions'))
    bad.write_text(OWN.replace('neutral: {', 'neutral: {rate: 9, '))
    assert not switch(node, hold=3.0)
    before, parameters = node.config, [node.get_parameter(name).value for name in (
        'policy_file', 'language', 'hold')]
    for values, reason in (
            ({'policy_file': str(bad), 'language': 'de'}, "rate is '9'"),
            ({'policy_file': str(bad)}, "rate is '9'"),
            ({'policy_file': str(half), 'language': 'de'}, "no text in 'de', only in en"),
            ({'policy_file': '/none.yaml', 'language': 'tr'}, 'cannot be read'),
            ({'policy_file': own, 'language': 'no tag'}, "language is 'no tag'"),
            ({'language': 'tr', 'hold': -5.0}, 'hold')):
        assert reason in switch(node, **values)
        assert node.config is before
        assert [node.get_parameter(name).value for name in (
            'policy_file', 'language', 'hold')] == parameters
    assert len(tones) == 1


@pytest.mark.parametrize('language, status', [('de', None), ('en', 1)])
def test_at_start_both_must_fit(own, language, status):
    """A real process: both together are taken, the default language is refused with the remedy."""
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.nodes.behavior_node', '--ros-args', '-p',
         f'policy_file:={own}', '-p', f'language:={language}'], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        if status is None:
            process.terminate()
        process.communicate(timeout=30)
    finally:
        process.kill()
    if status is None:
        assert 'tone neutral' in line
    else:
        assert process.returncode == status
        assert f"'{own}', line 2: no text in 'en', only in de: add it, or choose" in line
