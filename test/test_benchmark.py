"""The parts of the benchmarks that judge: what they let pass and what not."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('rclpy')

from benchmark.position import look, row_of  # noqa: E402
from benchmark.position_scene import Pose, load_portraits  # noqa: E402
from benchmark.run import judge_latency, table_text  # noqa: E402
from benchmark.scene import scene_with_faces  # noqa: E402
from benchmark.soak import verdict  # noqa: E402
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline  # noqa: E402


def test_importing_changes_no_environment():
    """Else the tests of the nodes, in one process with these, would take another transport."""
    code = ('import os, benchmark.run, benchmark.scene, benchmark.soak\n'
            "changed = [name for name in os.environ if name.startswith('FASTDDS_')]\n"
            'assert not changed, changed')
    subprocess.run([sys.executable, '-c', code], check=True, timeout=60, env={
        name: value for name, value in os.environ.items() if not name.startswith('FASTDDS_')})


def rows(memory, threads=20, files=25, rate=30.0, behavior=90.0):
    return [{'minutes': i, 'answers per second': rate, 'memory [MB]': m, 'threads': threads,
             'files': files, 'memory of behavior_node [MB]': behavior + i * (behavior > 90)}
            for i, m in enumerate(memory)]


@pytest.mark.parametrize('memory, faults', [
    ([200.0] * 8, 0), ([200.0, 210.0, 210, 210, 210, 210, 210, 210], 0),  # caches fill at first
    ([200.0 + 2 * i for i in range(8)], 1), ([200.0], 0), ([200.0, 230.0], 0),
    ([200.0, 200.0, 230.0], 1)])
def test_growth_after_the_first_rounds_is_a_fault(memory, faults):
    assert len(verdict(rows(memory))) == faults


def test_growth_of_behavior_node_is_a_fault_too():
    assert 'behavior_node' in verdict(rows([200.0] * 16, behavior=91.0))[0]


def test_a_node_that_answers_seldom_is_a_fault():
    assert 'answers' in verdict(rows([200.0] * 4, rate=2.0))[0]


def test_latency_targets():
    """Floor + pipeline + 1 ms; JPEG: raw + decoding + 0.5 ms."""
    judged = judge_latency([
        {'what': kind, 'size': 'a', 'p50 [ms]': p50, 'p99 [ms]': 9.0, 'decoding [ms]': 1.5}
        for kind, p50 in (('floor', 2.0), ('emotion_node', 5.0), ('jpeg', 6.0))], 3.0)
    assert [row['p50 target'] for row in judged] == ['', 6.0, 7.0]
    assert table_text(judged).count('\n') == 4


@pytest.mark.parametrize('count, columns', [(0, 4), (8, 4), (32, 8)])
def test_scenes(count, columns):
    assert scene_with_faces(count, columns=columns).shape == (480, 640, 3)
    with pytest.raises(ValueError, match='allowed 0'):
        scene_with_faces(33, columns=columns)


def test_people_at_known_places():
    """Depth and picture show a head where it is said to be; what locates it finds it there."""
    pipeline, random = build_pipeline(PipelineConfig()), np.random.default_rng(0)
    pose = Pose(np.array([0.2, 0.0, 1.2]), yaw=20.0)
    places = look(pipeline, load_portraits(pipeline.detector)[0], pose, random)
    assert places is not None
    for encoding in ('16UC1', '32FC1'):
        assert np.linalg.norm(places[encoding][:3] - pose.place) < 0.04
    assert abs(places['size'].z - 1.2) < 0.25
    row = row_of(1.2, [(pose, places), (pose, None)])
    assert row['found [%]'] == 50 and row['16UC1: median [cm]'] < 4
