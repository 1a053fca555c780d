"""Transitions that fail, are broken into, or come twice."""

import pytest

rclpy = pytest.importorskip('rclpy')

from helpers import ros  # noqa: E402
from rclpy.lifecycle import LifecycleNode  # noqa: E402
from rclpy.lifecycle import TransitionCallbackReturn as Result  # noqa: E402
from starts import ends_of, only_line  # noqa: E402

from fer_ros.nodes.emotion_node import EmotionNode  # noqa: E402
from fer_ros.nodes.transitions import explained  # noqa: E402


class Failing(LifecycleNode):
    """Raises what it is told to."""

    error = None

    @explained
    def on_configure(self, state):
        raise self.error


@pytest.mark.parametrize('error, result, text', [
    (ValueError('a\nb'), Result.FAILURE, 'cannot configure: a b'),
    (OSError(2, 'No such file', 'x'), Result.FAILURE, 'cannot configure: [Errno 2] No such file'),
    (RuntimeError('why'), Result.ERROR, 'cannot configure: RuntimeError: why'),
    (KeyError('k'), Result.ERROR, "cannot configure: KeyError: 'k'")])
def test_what_a_transition_raises_is_told(error, result, text, capfd):
    """rclpy swallows it; the node is unconfigured again either way."""
    with ros():
        node = Failing('failing')
        for _ in range(2):
            node.error = error
            assert node.trigger_configure() == result
            assert text in only_line(capfd.readouterr().err)
        assert node._state_machine.current_state[1] == 'unconfigured'
        node.destroy_node()


def test_an_id_is_used_once_in_a_process(rig, astronaut):
    """Cleaned up and configured anew: nobody is taken for one of before."""
    seen = []
    for round_ in range(3):
        for i in range(4):
            faces = rig.send(astronaut, 10 * round_ + i / 30).emotions
        seen += [face.id for face in faces]
        for step in ('deactivate', 'cleanup', 'configure', 'activate'):
            assert getattr(rig.node, f'trigger_{step}')() == Result.SUCCESS
        rig.ready()
    assert seen == ['f1', 'f2', 'f3']


def test_ids_of_two_nodes_do_not_meet():
    """Two in one process count from 1 each, so that a run is the same every time."""
    with ros():
        nodes = [EmotionNode(), EmotionNode()]
        for node in nodes:
            assert node.trigger_configure() == Result.SUCCESS
            assert next(node.worker.pipeline.tracker._ids) == 1
            node.destroy_node()


#: emotion_node that is told to stop at a certain point of its start.
STOPPED = """
import os, signal, sys, time
from fer_ros.nodes import emotion_node

def stopped_at(holder, name, before):
    original = getattr(holder, name)
    def call(*args, **options):
        result = None if before else original(*args, **options)
        os.kill(os.getpid(), signal.{signal})
        time.sleep(0.5)
        return original(*args, **options) if before else result
    setattr(holder, name, call)

stopped_at(emotion_node{place}, '{name}', {before})
sys.exit(emotion_node.main([]))
"""
PLACES = [('', 'declare', True), ('', 'build_pipeline', True), ('', 'build_pipeline', False),
          ('.EmotionNode', 'create_service', True), ('.EmotionNode', '_listen', False)]


@pytest.mark.parametrize('signal', ['SIGTERM', 'SIGINT'])
def test_told_to_stop_while_it_starts(signal):
    """Whatever it breaks into: status 0, and no word of a failure."""
    ends = ends_of([(STOPPED.format(signal=signal, place=place, name=name, before=before), [], {})
                    for place, name, before in PLACES])
    for place, (status, output) in zip(PLACES, ends):
        assert status == 0, (place, output)
        assert 'Traceback' not in output and 'cannot' not in output, (place, output)


def test_rounds_leave_no_publisher_behind():
    """The node keeps a list of what transitions concern: what is destroyed leaves it."""
    with ros():
        node = EmotionNode()
        counts = []
        for _ in range(3):
            assert node.trigger_configure() == node.trigger_cleanup() == Result.SUCCESS
            counts.append(len(node._managed_entities))
        node.destroy_node()
    assert counts == counts[:1] * 3
