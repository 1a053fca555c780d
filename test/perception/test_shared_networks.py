"""Networks shared by threads: every one gets its own answer, to the bit, whatever runs beside."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from small_networks import network as small_network

from fer_ros.perception.onnx_session import open_session
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.shared_networks import SharedNetworks, SharedSession
from fer_ros.resources import resource_path

THREADS = 6


class Recording:
    """A session that takes its time, so that calls meet, and notes its batches."""

    def __init__(self, session, fails=lambda rows: False):
        self.session, self.fails, self.batches = session, fails, []
        self.get_inputs, self.get_outputs = session.get_inputs, session.get_outputs

    def run(self, names, feeds):
        (rows,) = feeds.values()
        self.batches.append(len(rows))
        time.sleep(0.05)
        if self.fails(rows):
            raise RuntimeError('no good')
        return self.session.run(names, feeds)


def in_threads(call, count=THREADS):
    """Return what a call gives for 0 .. count - 1, each in a thread; an error as it was raised."""
    found = [None] * count

    def run(i):
        try:
            found[i] = call(i)
        except RuntimeError as error:
            found[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.fixture
def network():
    return open_session(resource_path('models/face_refiner.onnx'))


def windows(i, count=2):
    return np.random.default_rng(i).integers(0, 255, (count, 1, 80, 80), np.uint8)


def test_who_comes_meanwhile_goes_in_one_batch(network):
    recording = Recording(network)
    shared = SharedSession(recording)
    found = in_threads(lambda i: shared.run(None, {'image': windows(i, 1 + i % 3)}))
    for i, (values,) in enumerate(found):
        assert np.array_equal(values, network.run(None, {'image': windows(i, 1 + i % 3)})[0])
    assert sum(recording.batches) == sum(1 + i % 3 for i in range(THREADS))
    assert len(recording.batches) < THREADS


def test_what_differs_is_not_mixed():
    """Pictures of other sizes, and calls for other outputs."""
    network = open_session(resource_path('models/face_detector.onnx'))
    recording = Recording(network)
    shared = SharedSession(recording)

    def call(i):
        picture = np.full((1, 1, 64, 64 + 32 * (i % 3)), 10 * i, np.uint8)
        names = ['map_16'] if i % 2 else None
        return (shared.run(names, {'image': picture}),
                network.run(names, {'image': picture}))

    for ours, alone in in_threads(call):
        assert len(ours) == len(alone)
        assert all(np.array_equal(a, b) for a, b in zip(ours, alone))


def test_an_error_is_of_who_caused_it(network):
    shared = SharedSession(Recording(network, lambda rows: (rows == 255).all((1, 2, 3)).any()))
    found = in_threads(lambda i: shared.run(None, {
        'image': np.full((1, 1, 80, 80), 255, np.uint8) if i == 3 else windows(i, 1)}))
    assert isinstance(found[3], RuntimeError)
    assert all(isinstance(values, list) for i, values in enumerate(found) if i != 3)
    assert shared.run(None, {'image': windows(0)})  # it goes on


@pytest.mark.parametrize(('source', 'outputs'), [
    ((1, 3), ((1, 4),)), (('n', 3), ((4,),)), (('n', 3), (('n', 4), ('boxes', 4))),
    (('n', 3), ((),)), ((None, 3), ((None, 4),))])
def test_a_network_whose_rows_are_not_its_answers_is_not_given_batches(source, outputs):
    """A batch of one, answers in another order or number: each call for itself."""
    batches = []

    def run(names, feeds):
        batches.append(len(feeds['x']))
        time.sleep(0.02)
        return [np.zeros(1)]

    shared = SharedSession(SimpleNamespace(
        get_inputs=lambda: [SimpleNamespace(shape=list(source))], run=run,
        get_outputs=lambda: [SimpleNamespace(shape=list(shape)) for shape in outputs]))
    in_threads(lambda i: shared.run(None, {'x': np.zeros((1, 3))}))
    assert batches == [1] * THREADS


def test_pipelines_share_sessions_and_nothing_else(astronaut):
    """Each its own tracks; networks are open once, and closed with the last pipeline."""
    networks = SharedNetworks()
    pipelines = [build_pipeline(PipelineConfig(), networks=networks) for _ in range(2)]
    assert pipelines[0].classifier._session is pipelines[1].classifier._session
    assert pipelines[0].detector._session is pipelines[1].detector._session
    assert pipelines[0].provider is pipelines[1].provider
    alone = build_pipeline(PipelineConfig())
    for i in range(4):
        seen = pipelines[0].process(astronaut, i / 10)
        assert not pipelines[1].process(np.zeros_like(astronaut), i / 10).faces
        expected = alone.process(astronaut, i / 10)
        assert len(seen.faces) == len(expected.faces)
        for ours, theirs in zip(seen.faces, expected.faces):
            assert np.array_equal(ours.emotion.raw_probabilities, theirs.emotion.raw_probabilities)
    assert len(networks._sessions) == 3
    pipelines.clear()
    assert not networks._sessions


def test_other_threads_or_files_are_other_sessions(tmp_path):
    networks = SharedNetworks()
    first, second = (build_pipeline(PipelineConfig(threads=n), networks=networks)
                     for n in (1, 2))
    assert first.classifier._session is not second.classifier._session


@pytest.mark.parametrize('axes', [('?', 1, '?', '?'), (1, 1, 'h', 'w')])
def test_outputs_that_do_not_begin_with_the_pictures(tmp_path, axes):
    """SCRFD's begin with the anchors; its exporter names every free axis '?'."""
    (tmp_path / 'm.onnx').write_bytes(small_network(
        [('Reshape', ['x', 'shape'], 'y')], {'x': axes}, {'y': ('?', 1)},
        {'shape': np.array([-1, 1])}))
    recording = Recording(open_session(tmp_path / 'm.onnx'))
    shared = SharedSession(recording)
    found = in_threads(lambda i: shared.run(
        None, {'x': np.full((1, 1, 2, 2), float(i), np.float32)}))
    for i, (values,) in enumerate(found):
        np.testing.assert_array_equal(values, np.full((4, 1), float(i)))
    assert set(recording.batches) == {1}
