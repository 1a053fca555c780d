"""
What fine-tuning on own pictures brings, and what it costs of what the network knew.

The network has learned from FER2013's training part, so "own" pictures come from the public part:
one half of it is drawn from, the other half judges, none of whose pictures is nearly one of the
first. Pictures like the network's own are taken as they are; those of another camera are
negatives (black-hot thermal), 24-pixel faces, or infrared-like (bright, flat, noisy skin, light
from the middle). "Old" is the judging half as it is, whatever camera was tuned for.
``python -m benchmark.fine_tuning --data FER2013_WITH_VOTES.npz`` goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from fer_ros.commands import train
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.export import load_network
from fer_ros.emotion_training.sampling import alike
from fer_ros.emotion_training.trainer import predict
from fer_ros.emotion_training.verdict import compare
from fer_ros.evaluation.emotion.metrics import expected_calibration_error
from fer_ros.machine import describe_machine
from fer_ros.resources import resource_path
from tools.accuracy_tables import insert

PAGE = Path(__file__).resolve().parent.parent / 'docs/how_to/own_pictures.md'
RESULTS = Path(__file__).resolve().parent / 'results/fine_tuning.json'
_JUDGED = 800
_HELD_OUT = 0.1


def _small(image: np.ndarray) -> np.ndarray:
    return cv2.resize(cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA), (48, 48))


def _infrared(image: np.ndarray) -> np.ndarray:
    """Skin is bright and smooth, contrast low, the lamp is in the middle."""
    light = 1 - 0.5 * np.square(np.linspace(-1, 1, 48)).reshape(1, -1) - 0.5 * np.square(
        np.linspace(-1, 1, 48)).reshape(-1, 1)
    skin = cv2.GaussianBlur((image / 255.0) ** 0.45, (0, 0), 1.2)
    noise = np.random.default_rng(int(image.sum())).normal(0, 0.03, image.shape)
    return (255 * np.clip((0.55 + 0.4 * skin + noise) * light, 0, 1)).astype(np.uint8)


#: camera -> what it makes of a picture.
CAMERAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'as FER2013': lambda image: image, 'negatives': lambda image: 255 - image,
    '24 px': _small, 'infrared-like': _infrared}
CELLS = [(camera, count) for count in (150, 50, 500) for camera in (
    'negatives', 'as FER2013', 'infrared-like', '24 px')]


def seen_by(camera: str, data: EmotionData) -> EmotionData:
    """Return the same faces through another camera."""
    return replace(data, images=np.stack([CAMERAS[camera](image) for image in data.images]))


def halves(path: Path) -> tuple[EmotionData, EmotionData]:
    """Return pictures to draw own ones from, and pictures to judge by; clear majorities."""
    _, public = load_fer2013(path)
    public = public.subset(public.clear)
    order = np.random.default_rng(0).permutation(len(public))
    public = public.subset(order)
    groups, half = alike(public.images), len(public) // 2
    judging = ~np.isin(groups, groups[:half])
    return public.subset(np.arange(half)), public.subset(np.flatnonzero(judging)[:_JUDGED])


def write(data: EmotionData, path: Path) -> None:
    """Write own pictures, one label each, in the layout that training reads."""
    votes = np.zeros((len(data), 10), np.uint8)
    votes[np.arange(len(data)), data.majority] = 10
    split = np.arange(len(data)) < round(_HELD_OUT * len(data))
    np.savez(path, images=data.images, labels=np.where(data.labels < 0, 255, data.labels).astype(
        np.uint8), ferplus_votes=votes, split=split.astype(np.uint8))


def cell(camera: str, count: int, draw: int, pool: EmotionData, judging: EmotionData,
         extra: list[str]) -> dict[str, Any]:
    """Tune once, and judge both networks by pictures that no training has seen."""
    rows = np.random.default_rng(draw).permutation(len(pool))[:count]
    before, _ = load_network(resource_path('models/emotion.pt'))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / 'own.npz'
        write(seen_by(camera, pool.subset(rows)), file)
        train.main(['--preset', 'finetune', '--data', str(file), '--output', folder, *extra])
        after, state = load_network(Path(folder) / 'checkpoint.pt')
    told = state['fine_tuning']
    networks = [before, after] if told['improved'] else [before]
    result = {'camera': camera, 'pictures': count, 'draw': draw, 'improved': told['improved'],
              'epochs': told['epochs'], 'share': told['share'],
              'estimated': told['comparisons'][0],
              'kept': told['comparisons'][-1]['after'] if told['improved'] else 1.0}
    for name, data in (('own', seen_by(camera, judging)), ('old', judging)):
        logits = [predict(network.to(memory_format=torch.channels_last), data)[0]
                  for network in networks]
        logits = [logits[0], logits[-1]]
        result[name] = asdict(compare(name, *(
            one.numpy().argmax(1) == data.majority for one in logits)))
        result[name]['ece'] = [expected_calibration_error(torch.softmax(
            one / told['temperature'], 1).numpy(), data.majority) for one in logits]
    return result


def table_of(results: dict[str, Any]) -> str:
    """Return the cells as Markdown."""
    lines = ['| camera | pictures | what was said | such pictures | old | estimated gain |',
             '|' + '---|' * 6]
    for camera, count in CELLS:
        for row in results['cells']:
            if (row['camera'], row['pictures']) == (camera, count):
                lines.append(f"| {camera} | {count} | "
                             f"{'improved' if row['improved'] else 'proves nothing: unchanged'} | "
                             f"{_change(row['own'])} | {_change(row['old'])} | "
                             f"{_interval(row['estimated'])} |")
    return '\n'.join(lines)


def _change(row: dict[str, Any]) -> str:
    before, after = (f'{100 * row[key]:.1f}' for key in ('before', 'after'))
    return before if before == after else f'{before} to {after}: {_interval(row)}'


def _interval(row: dict[str, Any]) -> str:
    return (f"{100 * (row['after'] - row['before']):+.1f} ({100 * row['low']:+.1f} to "
            f"{100 * row['high']:+.1f})")


def main() -> None:
    """Fill the table, a cell after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--draws', type=int, default=1)
    parser.add_argument('--output', type=Path, default=RESULTS)
    options, extra = parser.parse_known_args()
    pool, judging = halves(options.data)
    results = json.loads(options.output.read_text(encoding='utf-8')) if (
        options.output.exists()) else {'cells': []}
    done = {(row['camera'], row['pictures'], row['draw']) for row in results['cells']}
    for draw in range(options.draws):
        for camera, count in CELLS:
            if (camera, count, draw) in done:
                continue
            results['cells'].append(cell(camera, count, draw, pool, judging, extra))
            results.update(machine=describe_machine(), judged=len(judging))
            options.output.write_text(json.dumps(results, indent=1) + '\n', encoding='utf-8')
            page = PAGE.read_text(encoding='utf-8')
            PAGE.write_text(insert(page, {'fine_tuning': table_of(results)}, ('fine_tuning',)),
                            encoding='utf-8')


if __name__ == '__main__':
    main()
