"""``python -m fer_ros export``: a trained checkpoint to ONNX with its model card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.model_card import save_model_card
from fer_ros.training.checkpoint import averaged_weights, load_checkpoint
from fer_ros.training.datasets import load_fer2013
from fer_ros.training.evaluate import evaluate_classifier
from fer_ros.training.metrics import fit_temperature
from fer_ros.training.networks import EmotionNetwork
from fer_ros.training.train_emotion import build_network, predict

#: readable by OpenCV 4.6 and onnxruntime 1.10 alike.
OPSET = 13


def export_onnx(network: EmotionNetwork, path: Path, side: int = 48) -> None:
    """
    Write the network with a free batch axis; outputs ``logits``, ``maps`` and, with a second
    head, ``fer2013_logits``.
    """
    network.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ['logits', 'maps'] + ['fer2013_logits'] * (network.auxiliary is not None)
    torch.onnx.export(
        network, (torch.zeros(1, 1, side, side),), str(path), input_names=['image'],
        output_names=names, dynamic_axes={name: {0: 'faces'} for name in ['image', *names]},
        opset_version=OPSET, dynamo=False)


def load_network(checkpoint: Path) -> tuple[EmotionNetwork, dict[str, Any]]:
    """Return the averaged network of a training run, and the run's checkpoint."""
    state = load_checkpoint(checkpoint)
    network = build_network(state['config'])
    network.load_state_dict(averaged_weights(state))
    return network.eval(), state


def main(argv: list[str]) -> int:
    """Export the averaged weights of a run, calibrate them and write the card."""
    parser = argparse.ArgumentParser(
        prog='fer_ros export', description='Export a trained emotion network to ONNX.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--checkpoint', type=Path, default=Path('runs/emotion/checkpoint.pt'))
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes (npz): its public part calibrates')
    parser.add_argument('--output', type=Path, default=Path('models/emotion.onnx'))
    parser.add_argument('--name', default='fer_ros_emotion')
    options = parser.parse_args(argv)
    network, state = load_network(options.checkpoint)
    _, validation = load_fer2013(options.data)
    known = validation.majority >= 0
    logits, _ = predict(network.to(memory_format=torch.channels_last), validation)
    temperature = fit_temperature(
        logits.numpy()[known].astype(np.float64), validation.majority[known])
    export_onnx(network.to(memory_format=torch.contiguous_format), options.output)
    card = _card(options.name, state, temperature, network)
    save_model_card(options.output, card)
    card['metrics'] = evaluate_classifier(EmotionClassifier(options.output), validation).summary()
    save_model_card(options.output, card)
    print(f'{options.output}: {card["metrics"]}')
    return 0


def _card(name: str, state: dict[str, Any], temperature: float,
          network: EmotionNetwork) -> dict[str, Any]:
    return {
        'name': name, 'task': 'emotion_classification', 'labels': list(EMOTIONS),
        'input_size': [48, 48], 'color': 'gray', 'layout': 'NCHW',
        'normalization': 'per_image', 'temperature': round(temperature, 4),
        'outputs': {
            'logits': 'the eight labels, before temperature and softmax',
            'maps': 'class activation maps: the mean of a map is its logit',
            'fer2013_logits': 'second head: angry disgust fear happy sad surprise neutral'},
        'architecture': state['config']['architecture'],
        'parameters': sum(p.numel() for p in network.parameters()),
        'training': {'epochs': state['done'], 'preset': state['config']},
        'data': 'FER2013 training part with FER+ votes; calibrated and judged on the public '
                'test part. The pictures came from an image search and carry no license: the '
                'weights are offered for research and evaluation.',
        'license': 'Apache-2.0 for the file as software; see data',
    }
