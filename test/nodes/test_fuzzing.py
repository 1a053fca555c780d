"""Bad input by the hundred thousand: no crash, no growth, and good images go on working."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import ros, running, spinning, wait_for  # noqa: E402
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from benchmark.mangling import Mangler  # noqa: E402
from fer_ros.nodes.parameters import SPECS, build_config  # noqa: E402

KINDS = {'encoding', 'size', 'step', 'data', 'empty', 'format', 'truncated', 'decode', 'scans',
         'chunks'}


@pytest.mark.parametrize('kind', ['image', 'compressed'])
def test_100_000_mangled_messages(kind):
    """Each gives an image or one of a few named faults; memory stays as it is."""
    # In a process of its own: what other tests have left behind in this one moves too.
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name('mangled_messages.py')), kind],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(
            [str(Path(__file__).parents[2]), os.environ.get('PYTHONPATH', '')])})
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert set(result['faults']) <= KINDS and len(result['faults']) >= 3
    assert result['images'] > 100 and result['growth'] < 20


@pytest.mark.parametrize('kind', ['image', 'compressed'])
def test_a_storm_of_mangled_messages_through_the_node(kind, astronaut):
    """Over DDS: one logged error per kind, then a good image is answered as before."""
    with ros():
        transport = 'compressed' if kind == 'compressed' else 'raw'
        rig = Rig(image_transport=transport)
        with spinning(rig.node, rig.peer):
            publisher = rig.jpeg if kind == 'compressed' else rig.camera
            rig.ready(publisher)
            rig.send(astronaut, 1.0, compressed=kind == 'compressed')
            mangler = Mangler(2)
            sent, deadline = 0, time.monotonic() + 40
            # The newest one wins: where the machine is busy most of a burst is dropped.
            while sent < 1000 or (rig.node.faults.count <= 20 and time.monotonic() < deadline):
                message = getattr(mangler, kind)()
                message.header.stamp.sec = 1_700_000_000  # else good ones come too late
                message.header.stamp.nanosec = 0
                publisher.publish(message)
                sent += 1
                if sent % 10 == 0:
                    time.sleep(0.005)
            assert wait_for(lambda: rig.node.faults.count > 20)
            assert len(rig.errors) <= len(KINDS) + 1
            for i in range(4):
                answer = rig.send(astronaut, 10.0 + i / 30, compressed=kind == 'compressed')
            assert len(answer.emotions) == 1


def anything_for(spec):
    """Return values of every kind for a parameter: good, border, wrong, of another type."""
    good = st.just(spec.default)
    if spec.choices:
        good = st.sampled_from(spec.choices)
    elif not isinstance(spec.default, (bool, str)):
        good = st.sampled_from([spec.low, spec.high, spec.default]) | st.floats(
            spec.low, spec.high)
        if isinstance(spec.default, int):
            good = good.map(int)
        else:
            good = good.map(float)
    return good | st.sampled_from([
        -1, 0, 2 ** 31, -1.5, float('nan'), float('inf'), '', 'x', True, False])


PARAMETERS = st.dictionaries(
    st.sampled_from(sorted(set(SPECS) - {'detector_model', 'emotion_model'})), st.none(),
    min_size=1, max_size=6).flatmap(lambda names: st.fixed_dictionaries(
        {name: anything_for(SPECS[name]) for name in names}))


@pytest.fixture(scope='module')
def active_rig():
    """Return one node for all examples."""
    with running(Rig) as rig:
        yield rig


@settings(max_examples=300, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(values=PARAMETERS)
def test_random_parameters_are_taken_or_refused_with_a_reason(active_rig, values):
    """All or none, and what is in force always fits together."""
    node = active_rig.node
    before = {name: node.get_parameter(name).value for name in SPECS}
    parameters = [Parameter(name, value=value) for name, value in values.items()]
    result = node.set_parameters_atomically(parameters)
    now = {name: node.get_parameter(name).value for name in SPECS}
    if result.successful:
        build_config(now)
    else:
        assert result.reason and now == before


def test_the_node_still_works_after_the_storm(active_rig, astronaut):
    """Back to the defaults, which are always taken; then a face is found."""
    defaults = [Parameter(name, value=spec.default) for name, spec in SPECS.items() if spec.live]
    assert active_rig.node.set_parameters_atomically(defaults).successful
    for i in range(4):
        answer = active_rig.send(astronaut, 50.0 + i / 30)
    assert len(answer.emotions) == 1
