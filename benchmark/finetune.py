"""
What fine-tuning on 150 pictures brings: our network on pictures it cannot read.

The pictures are negatives (255 - gray), as a thermal camera set to 'black hot' gives them: a
stand-in for a camera whose pictures the network has never seen. 150 of the training part, as
evenly spread over the eight emotions as they come, are learned from; the negatives of the whole
public part judge. ``python -m benchmark.finetune --data FER2013_WITH_VOTES.npz``
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fer_ros.commands import train
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.export import load_network
from fer_ros.emotion_training.trainer import predict
from fer_ros.evaluation.emotion.metrics import average_scores, confusion_matrix
from fer_ros.machine import describe_machine
from fer_ros.perception.labels import EMOTIONS
from fer_ros.resources import resource_path

PICTURES = 150


def few(data: EmotionData, count: int, seed: int) -> EmotionData:
    """Return a random set of pictures with clear votes, all emotions alike often."""
    generator = np.random.default_rng(seed)
    rows = [generator.permutation(np.flatnonzero(data.clear & (data.majority == emotion)))
            for emotion in range(len(EMOTIONS))]
    share = count // len(EMOTIONS)
    chosen = [row[:share] for row in rows]
    missing = count - sum(map(len, chosen))
    chosen.append(np.concatenate([row[share:] for row in rows])[:missing])
    return data.subset(np.concatenate(chosen))


def negatives(data: EmotionData) -> EmotionData:
    """Return the same faces as another camera would see them."""
    return replace(data, images=255 - data.images)


def write(data: EmotionData, path: Path) -> None:
    """Write training pictures in the layout that training reads."""
    counts = np.zeros((len(data), 10), np.uint8)
    counts[:, :8] = np.round(10 * data.votes)
    np.savez(path, images=data.images, labels=data.labels.astype(np.uint8), ferplus_votes=counts,
             split=np.zeros(len(data), np.uint8))


def figures(checkpoint: Path, data: EmotionData) -> dict[str, float]:
    """Return accuracy, macro F1 and how much is called neutral."""
    network, _ = load_network(checkpoint)
    answers = predict(network.to(memory_format=torch.channels_last), data)[0].numpy().argmax(1)
    averages = average_scores(confusion_matrix(data.majority, answers, len(EMOTIONS)))
    return {'accuracy': averages['micro_f1'], 'macro_f1': averages['macro_f1'],
            'macro_recall': averages['macro_recall'],
            'called_neutral': float((answers == 0).mean())}


def main() -> None:
    """Fine-tune with three draws of 150 pictures, and print before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--weights', type=Path, help='none: models/emotion.pt')
    parser.add_argument('--config', help='another preset than finetune')
    parser.add_argument('--draws', type=int, default=3)
    parser.add_argument('--output', type=Path, default=Path('benchmark/results/finetune.json'))
    options = parser.parse_args()
    weights = options.weights or resource_path('models/emotion.pt')
    learn, public = load_fer2013(options.data)
    public = negatives(public.subset(public.clear))
    results: dict[str, list[dict[str, float]]] = {
        'before': [figures(weights, public)], 'after': []}
    for seed in range(options.draws):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / 'negatives.npz'
            write(negatives(few(learn, PICTURES, seed)), file)
            train.main(['--preset', 'finetune', '--data', str(file), '--output', folder,
                        '--weights', str(weights),
                        *(['--config', options.config] if options.config else [])])
            results['after'].append(figures(Path(folder) / 'checkpoint.pt', public))
    truth = {'called_neutral': float((public.majority == 0).mean())}
    print(f'{len(public)} negatives with a clear majority, {PICTURES} to learn from; chance '
          f'{1 / len(EMOTIONS):.3f} (macro recall), truly neutral {truth["called_neutral"]:.3f}')
    for name, rows in results.items():
        for row in rows:
            print(f'{name:7}' + '  '.join(f'{key} {value:.3f}' for key, value in row.items()))
    options.output.write_text(json.dumps(
        {'machine': describe_machine(), 'pictures': PICTURES, 'judged': len(public), **results},
        indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
