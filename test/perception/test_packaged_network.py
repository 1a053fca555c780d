"""int8 where the processor has 8-bit dot products and onnxruntime runs it, float32 elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from fer_ros.perception import onnx_session, processor
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.packaged_network import choose_emotion_network
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path

XEON = 'processor\t: {}\nmodel name\t: Intel(R)\nflags\t\t: fpu avx2 {} sse4_2\nbugs\t\t:\n'
ARM = 'processor\t: {}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd crc32 {}\nCPU part\t: 0xd0b\n'


@pytest.mark.parametrize('cpuinfo, flag', [
    (XEON.format(0, 'avx512_vnni') + XEON.format(1, 'avx512_vnni'), 'avx512_vnni'),
    (XEON.format(0, 'avx_vnni'), 'avx_vnni'),
    (XEON.format(0, 'avx_vnni avx512_vnni'), 'avx512_vnni'),
    (XEON.format(0, 'avx512f avx_vnni_int8'), ''),
    (ARM.format(0, 'asimddp') + ARM.format(1, 'asimddp'), 'asimddp'),
    (ARM.format(0, '') + ARM.format(1, 'asimddp'), ''),  # a large core has them, a little one not
    (ARM.format(0, 'cpuid'), ''),
    ('model name\t: avx512_vnni\n', ''), ('flags\t\t:\n', ''), ('\x00\xff', ''), ('', '')])
def test_flags_of_processors(cpuinfo, flag):
    """x86 and Arm, with and without, cores that differ, and texts that tell nothing."""
    assert processor.dot_products(cpuinfo) == flag


def test_a_system_that_tells_nothing(monkeypatch):
    """No /proc there: no error."""
    processor.processor_dot_products.cache_clear()
    monkeypatch.setattr(processor, 'Path', lambda name: resource_path('models') / 'none')
    try:
        assert processor.processor_dot_products() == ''
    finally:
        processor.processor_dot_products.cache_clear()


@pytest.mark.parametrize('flag, name, arithmetic', [
    ('avx_vnni', 'emotion_int8', '8 bit (avx_vnni)'),
    ('', 'emotion', 'float32 (no 8-bit dot products)')])
def test_the_default(flag, name, arithmetic, monkeypatch):
    """Both branches, and a whole pipeline on each."""
    assert choose_emotion_network(dot_products=flag) == (
        resource_path(f'models/{name}.onnx'), arithmetic)
    monkeypatch.setattr(
        'fer_ros.perception.packaged_network.processor_dot_products', lambda: flag)
    pipeline = build_pipeline(PipelineConfig())
    assert (pipeline.classifier.card.path.stem, pipeline.arithmetic) == (name, arithmetic)


def test_who_names_a_network_gets_it(pipeline_config):
    """Whatever the processor is."""
    for name in ('emotion', 'emotion_int8'):
        path = resource_path(f'models/{name}.onnx')
        assert choose_emotion_network(path, 'avx_vnni').path == path
        pipeline = build_pipeline(replace(pipeline_config, emotion_model=path))
        assert pipeline.classifier.card.path == path
        assert pipeline.arithmetic == 'as emotion_model says'


def test_opencv_runs_float32(monkeypatch):
    """int8 needs 4.12 there; in 5.0 it is slower and its answers are others."""
    monkeypatch.setattr(onnx_session, 'onnxruntime', None)
    assert choose_emotion_network(dot_products='avx512_vnni') == (
        resource_path('models/emotion.onnx'), 'float32 (OpenCV dnn)')


def test_both_have_activation_maps():
    """overlay 'cam' works with either: the maps are of one shape, and close."""
    crop = np.random.default_rng(0).integers(0, 256, (1, 48, 48), np.uint8)
    classifiers = [EmotionClassifier(choose_emotion_network(dot_products=flag).path)
                   for flag in ('', 'avx512_vnni')]
    (one, maps), (other, fast_maps) = (c.classify(crop, maps=True) for c in classifiers)
    assert maps.shape == fast_maps.shape
    np.testing.assert_allclose(one, other, atol=0.1)
    assert np.corrcoef(maps.ravel(), fast_maps.ravel())[0, 1] > 0.9
