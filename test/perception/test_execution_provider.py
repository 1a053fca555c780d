"""Accelerators: what is offered, what fails and falls back, and the same answers."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.perception import onnx_session
from fer_ros.perception.execution_provider import (
    KINDS,
    AcceleratedSession,
    ExecutionProvider,
    Kind,
)
from fer_ros.perception.onnx_session import choose_provider, offered_providers, open_session
from fer_ros.perception.packaged_network import choose_emotion_network
from fer_ros.perception.pipeline import build_pipeline
from fer_ros.resources import resource_path

MISSING = next(name for name in KINDS if name not in offered_providers())
MODEL = resource_path('models/face_refiner.onnx')


@pytest.mark.parametrize('offered, chosen', [
    (('cpu',), 'cpu'), (('cpu', 'cuda', 'tensorrt'), 'cuda'), (('cpu', 'coreml'), 'coreml'),
    (('cpu', 'tensorrt', 'openvino'), 'cpu')])
def test_what_auto_chooses(offered, chosen):
    """Never what takes minutes to start, nor what may be the processor again."""
    provider = ExecutionProvider('auto', offered)
    assert (provider.name, provider.trouble) == (chosen, '')


def test_an_unknown_one_is_refused():
    with pytest.raises(ValueError, match="'gpu', allowed: auto, cpu, cuda, tensorrt"):
        choose_provider('gpu')


def test_one_that_is_not_offered(pipeline_config):
    """One line for all networks: it, what is offered, the remedy. The CPU's default network."""
    lines = []
    pipeline = build_pipeline(
        replace(pipeline_config, provider=MISSING, emotion_model=None), tell=lines.append)
    (line,) = lines
    assert f"'{MISSING}' is not offered" in line and KINDS[MISSING].remedy in line
    assert 'offers cpu' in line and '\n' not in line
    assert (pipeline.provider.name, pipeline.provider.trouble) == ('cpu', line)
    assert pipeline.arithmetic == choose_emotion_network().arithmetic


def test_the_reason_is_for_people():
    """As TensorRT's absence is told by onnxruntime 1.31: where in its sources means nothing."""
    provider = ExecutionProvider('cuda', ('cpu', 'cuda'), tell=lambda line: None)
    provider.fail('does not start (/src/python/state.cc:729 void f(Options&, const Map&) Please '
                  'install TensorRT.\n )')
    assert provider.trouble.startswith(
        "provider 'cuda' does not start (Please install TensorRT. ): the networks run on the CPU")


def test_opencv_has_the_cpu_only(monkeypatch):
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)
    lines = []
    assert choose_provider('auto', lines.append).name == 'cpu' and not lines
    assert choose_provider('cuda', lines.append).name == 'cpu'
    assert 'OpenCV dnn' in lines[0]


def test_python_programs_are_told_too():
    """Without a node: one line on stderr, nothing on stdout."""
    code = ('from fer_ros.perception.pipeline import PipelineConfig, build_pipeline; '
            f'build_pipeline(PipelineConfig(provider={MISSING!r}))')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, '')
    assert len(done.stderr.splitlines()) == 1 and MISSING in done.stderr


@pytest.mark.filterwarnings('ignore:Specified provider')
def test_one_that_does_not_start(capfd):
    """onnxruntime itself cannot start it; told once, for two networks."""
    if onnx_session.onnxruntime is None:
        pytest.skip('needs onnxruntime')
    lines = []
    provider = ExecutionProvider(MISSING, ('cpu', MISSING), 'onnxruntime', lines.append)
    for _ in range(2):
        assert open_session(MODEL, 1, provider).get_providers() == ['CPUExecutionProvider']
    assert len(lines) == 1 and 'does not start' in lines[0] and KINDS[MISSING].remedy in lines[0]
    assert capfd.readouterr() == ('', '')


def test_one_that_takes_nothing(monkeypatch):
    """It starts and is listed, as OpenVINO's AUTO and Azure are, but the CPU does all the work."""
    if not hasattr(getattr(onnx_session.onnxruntime, 'InferenceSession', None),
                   'get_provider_graph_assignment_info'):
        pytest.skip('needs onnxruntime 1.24, which tells')
    if 'AzureExecutionProvider' not in onnx_session.onnxruntime.get_available_providers():
        pytest.skip('this onnxruntime has no provider that takes nothing')
    monkeypatch.setitem(KINDS, 'cuda', Kind('AzureExecutionProvider', 'a remedy'))
    lines = []
    provider = ExecutionProvider('cuda', ('cpu', 'cuda'), 'onnxruntime', lines.append)
    assert open_session(MODEL, 1, provider).get_providers() == ['CPUExecutionProvider']
    assert len(lines) == 1 and "takes no part of 'face_refiner.onnx'" in lines[0]


class Failing:
    """A session that an accelerator lost."""

    def __init__(self, session):
        self._session = session

    def get_inputs(self):
        return self._session.get_inputs()

    def run(self, names, feeds):
        raise RuntimeError('CUDA failure 2:\nout of memory')


def test_one_that_fails_at_a_run():
    """That run is done again on the CPU, and the other networks go there too."""
    lines = []
    provider = ExecutionProvider('cuda', ('cpu', 'cuda'), 'onnxruntime 1', lines.append)
    cpu = open_session(MODEL)
    name = cpu.get_inputs()[0].name
    feeds = {name: np.zeros((1, *cpu.get_inputs()[0].shape[1:]), np.uint8)}
    first, second = (AcceleratedSession(Failing(cpu), provider, lambda: cpu) for _ in range(2))
    with pytest.raises(Exception, match='(?i)invalid|rank|unknown|shape'):
        first.run(None, {name: np.zeros((1, 2), np.uint8)})  # no fault of the accelerator
    assert provider.name == 'cuda' and not lines
    for session in (first, second, first):
        np.testing.assert_array_equal(session.run(None, feeds)[0], cpu.run(None, feeds)[0])
    assert provider.name == 'cpu'
    assert len(lines) == 1 and 'fails (CUDA failure 2: out of memory)' in lines[0]


def test_an_accelerator_computes_in_float32():
    assert choose_emotion_network(provider='cuda', dot_products='avx512_vnni') == (
        resource_path('models/emotion.onnx'), 'float32 (cuda)')


@pytest.mark.parametrize('name', [name for name in KINDS if name != 'cpu'])
def test_the_answers_are_the_same(name, pipeline_config):
    """Faces and ids as on the CPU, probabilities within 0.01."""
    if name not in offered_providers():
        pytest.skip(f'this onnxruntime does not offer {name}: {KINDS[name].remedy}')
    theirs = build_pipeline(replace(pipeline_config, provider=name))
    if theirs.provider.trouble:
        pytest.skip(theirs.provider.trouble)
    ours = build_pipeline(pipeline_config)
    scene, seen = DemoScene(), 0
    for i in range(20):
        frame, stamp = scene.render(8 + i / 5), i / 5
        for one, other in zip(ours.process(frame, stamp).faces,
                              theirs.process(frame, stamp).faces, strict=True):
            seen += 1
            assert (one.track.id, one.emotion.label) == (other.track.id, other.emotion.label)
            np.testing.assert_allclose(
                one.emotion.raw_probabilities, other.emotion.raw_probabilities, atol=0.01)
            np.testing.assert_allclose(
                one.track.detection.landmarks, other.track.detection.landmarks, atol=0.5)
    assert seen > 15 and theirs.provider.name == name
