"""
Untrained emotion networks on one core: what an architecture would cost, before it is trained.

Each is exported and quantized as a trained one is, then timed in turn with all others: between
two frames (the face detector runs before each call, so that the network's weights have left the
caches, as on a robot), again at once, and with eight faces between two frames.
``python -m benchmark.architectures``
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmark.scene import scene_with_faces
from fer_ros.emotion_training.export import export_onnx
from fer_ros.emotion_training.network import ARCHITECTURES, EmotionNetwork
from fer_ros.machine import describe_machine
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.onnx_session import open_session
from fer_ros.resources import resource_path
from fer_ros.training.quantization import quantize

RESULTS = Path(__file__).parent / 'results' / 'architectures.json'
SIDE = 48


def _light(widths: tuple[int, ...], blocks: tuple[int, ...], *kinds: str) -> dict[str, Any]:
    return {'widths': widths, 'blocks': blocks, 'stem_stride': 2, 'kinds': kinds}


#: what was thought of beside those in :data:`~fer_ros.emotion_training.network.ARCHITECTURES`.
CANDIDATES = {
    'dense 32-64-128': _light((32, 64, 128), (1, 2, 2), *['residual'] * 3),
    'separable 32-96-192': _light((32, 96, 192), (1, 3, 4), *['separable'] * 3),
    'inverted 24-48-96': _light((24, 48, 96), (1, 3, 3), *['inverted'] * 3),
    'inverted 32-64-128': _light((32, 64, 128), (1, 3, 3), *['inverted'] * 3),
    'fused, inverted 24-48-112': _light((24, 48, 112), (1, 3, 4), 'fused', 'inverted',
                                        'inverted'),
    'dense, inverted 24-48-112': _light((24, 48, 112), (1, 2, 3), 'residual', 'residual',
                                        'inverted'),
}


def networks(folder: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return parameters and sessions (float32, int8) of every architecture."""
    ARCHITECTURES.update(CANDIDATES)
    made = {}
    crops = np.random.default_rng(0).normal(size=(64, 1, SIDE, SIDE)).astype(np.float32)
    for name in ARCHITECTURES:
        torch.manual_seed(0)
        network = EmotionNetwork(name)
        float32, int8 = folder / 'float32.onnx', folder / 'int8.onnx'
        export_onnx(network, float32, SIDE)
        quantize(float32, int8, crops)
        made[name] = (sum(p.numel() for p in network.parameters()), {
            'float32': open_session(float32), 'int8': open_session(int8)})
    return made


def measure(sessions: dict[str, dict[str, Any]], rounds: int) -> dict[str, dict[str, float]]:
    """Return median times [ms] by network, and precision with circumstance."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    scene = cv2.cvtColor(scene_with_faces(1), cv2.COLOR_BGR2GRAY)
    one = np.zeros((1, 1, SIDE, SIDE), np.float32)
    eight = np.zeros((8, 1, SIDE, SIDE), np.float32)
    times: dict[tuple[str, str], list[float]] = {}

    def note(name: str, kind: str, call: Callable[[], object], faces: int = 1) -> None:
        start = time.perf_counter()
        call()
        times.setdefault((name, kind), []).append(1e3 * (time.perf_counter() - start) / faces)
    for _ in range(rounds):
        for name, pair in sessions.items():
            for precision, session in pair.items():
                detector.detect(scene)
                note(name, f'{precision}, between frames',
                     lambda s=session: s.run(['logits'], {'image': one}))
                note(name, f'{precision}, at once',
                     lambda s=session: s.run(['logits'], {'image': one}))
                detector.detect(scene)
                note(name, f'{precision}, of eight',
                     lambda s=session: s.run(['logits'], {'image': eight}), 8)
    medians: dict[str, dict[str, float]] = {name: {} for name in sessions}
    for (name, kind), values in times.items():
        medians[name][kind] = round(float(np.median(values)), 4)
    return medians


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = networks(Path(folder))
        medians = measure({name: pair for name, (_, pair) in made.items()}, options.rounds)
    kinds = list(next(iter(medians.values())))
    print('[ms a face]' + ' ' * 31 + '  '.join(kinds))
    for name, row in medians.items():
        print(f'{name:30} {made[name][0] / 1e6:5.2f} M   ' + '  '.join(
            f'{row[kind]:{len(kind)}.2f}' for kind in kinds))
    RESULTS.write_text(json.dumps({
        'machine': describe_machine(), 'rounds': options.rounds, 'networks': {
            name: {'parameters': made[name][0], **row} for name, row in medians.items()}},
        indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
