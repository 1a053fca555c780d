"""``python -m fer_ros export``: a trained checkpoint to ONNX (float32, int8) and weights."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.calibration import HOLDS_FOR, calibrate
from fer_ros.emotion_training.network import ARCHITECTURES, EmotionNetwork
from fer_ros.emotion_training.trainer import build_network, predict
from fer_ros.evaluation.emotion.evaluate import table
from fer_ros.evaluation.emotion.evaluation import Evaluation, evaluate_classifier
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS, FER2013
from fer_ros.perception.model_card import save_model_card
from fer_ros.perception.preprocessing import normalize
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint, weights_of
from fer_ros.training.export import OPSET, mean_weights, without_folders
from fer_ros.training.quantization import CALIBRATION_CROPS, quantize

#: the ONNX file must agree with torch to this [logits].
PARITY = 1e-4


def load_network(checkpoint: Path) -> tuple[EmotionNetwork, dict[str, Any]]:
    """Return the averaged network of a training run, and the run's checkpoint."""
    state = load_checkpoint(checkpoint)
    network = build_network(state['config'])
    network.load_state_dict(weights_of(state))
    return network.eval(), state


def load_mean(checkpoints: Sequence[Path]) -> tuple[EmotionNetwork, dict[str, Any]]:
    """
    Return the mean of several runs' networks, and the last run's checkpoint.

    :raises ValueError: if they are not of the same architecture; names the files.
    """
    networks, states = zip(*(load_network(path) for path in checkpoints))
    if len({state['config']['architecture'] for state in states}) > 1:
        raise ValueError('a mean needs runs of one architecture: ' + ', '.join(
            f"'{path}' is {state['config']['architecture']}"
            for path, state in zip(checkpoints, states)))
    networks[-1].load_state_dict(mean_weights(networks))
    mean_of = {'mean_of': len(checkpoints)} if len(checkpoints) > 1 else {}
    return networks[-1], {**states[-1], **mean_of}


def export_onnx(network: EmotionNetwork, path: Path, side: int = 48) -> float:
    """
    Write the network with a free batch axis; outputs ``logits``, ``maps`` and, with a second
    head, ``fer2013_logits``.

    :returns: the largest difference between the logits of torch and onnxruntime.
    :raises ValueError: if it is above :data:`PARITY`; then no file is left.
    """
    network = network.eval().to(memory_format=torch.contiguous_format)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ['logits', 'maps'] + ['fer2013_logits'] * (network.auxiliary is not None)
    torch.onnx.export(
        network, (torch.zeros(1, 1, side, side),), str(path), input_names=['image'],
        output_names=names, dynamic_axes={name: {0: 'faces'} for name in ['image', *names]},
        opset_version=OPSET, dynamo=False)
    difference = _difference(network, path, side)
    if not difference <= PARITY:
        path.unlink()
        raise ValueError(f"'{path}' differs from torch by {difference:.2g} in its logits, "
                         f'allowed {PARITY}; it was deleted')
    return difference


def export_weights(network: EmotionNetwork, state: dict[str, Any], path: Path) -> None:
    """Write the weights (half precision, for fine-tuning) and the architecture as JSON."""
    config = without_folders(state['config'])
    save_checkpoint(path, {'config': config, 'done': state['done'], 'weights': {
        key: value.half() if value.is_floating_point() else value
        for key, value in network.state_dict().items()}})
    path.with_suffix('.json').write_text(json.dumps({
        'class': 'fer_ros.emotion_training.network.EmotionNetwork',
        'architecture': config['architecture'], **ARCHITECTURES[config['architecture']],
        'input': ['faces', 1, 48, 48], 'labels': EMOTIONS, 'auxiliary_labels': FER2013,
        'parameters': sum(p.numel() for p in network.parameters())}, indent=2) + '\n',
        encoding='utf-8')


def main(argv: list[str]) -> int:
    """Export the averaged weights of a run, calibrate, write the cards, judge each file."""
    parser = argparse.ArgumentParser(
        prog='fer_ros export', formatter_class=HelpFormatter,
        description='Export a trained emotion network: ONNX float32 and int8 with model cards, '
                    'and weights for fine-tuning (.pt, .json). Each is loaded again and judged.')
    parser.add_argument('--checkpoint', type=Path, nargs='+',
                        default=[Path('runs/emotion/checkpoint.pt')],
                        help='of a run, or .pt of an export; of several that continue each '
                             'other: their mean')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz): '
                             'the public part calibrates, training crops quantize')
    parser.add_argument('--output', type=Path, default=Path('models/emotion.onnx'),
                        help='file; the others get their names from it')
    parser.add_argument('--name', default='fer_ros_emotion', help='in the card')
    parser.add_argument('--tflite', action='store_true',
                        help='also TensorFlow Lite; needs pip install litert-torch')
    parser.add_argument('--quick', action='store_true', help='judge without robustness and speed')
    options = parser.parse_args(argv)
    if options.output.suffix != '.onnx':
        raise ValueError(f"--output '{options.output}' must end in .onnx")
    network, state = load_mean(options.checkpoint)
    train, public = load_fer2013(options.data)
    temperature, error = calibrate(network, public)
    difference = export_onnx(network, options.output)
    card = _card(options.name, state, temperature, network)
    card['metrics'] = {'largest_difference_from_torch': round(difference, 8),
                       'ece_cross_fitted': round(error, 4)}
    evaluations = [_judge(options.output, card, public, not options.quick)]
    int8 = options.output.with_name(f'{options.output.stem}_int8.onnx')
    quantize(options.output, int8, _calibration_crops(train))
    evaluations.append(_judge(int8, {
        **card, 'name': f'{options.name}_int8', 'metrics': {},
        'quantization': f'static, per channel, {CALIBRATION_CROPS} training crops'},
        public, not options.quick))
    weights = options.output.with_suffix('.pt')
    export_weights(network, state, weights)
    evaluations.append(_judge_weights(weights, public, temperature))
    if options.tflite:
        from fer_ros.emotion_training.tflite import export_tflite, judge_tflite
        lite = options.output.with_suffix('.tflite')
        export_tflite(network, lite)
        evaluations.append(judge_tflite(lite, public, temperature))
    print(table(evaluations))
    print(f'largest difference from torch {difference:.1e}; written: {options.output}, {int8}, '
          f'{weights} and {weights.with_suffix(".json")}')
    return 0


def _difference(network: EmotionNetwork, path: Path, side: int) -> float:
    from fer_ros.perception.onnx_session import open_session
    faces = torch.randn(16, 1, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(faces)[0].numpy()
    return float(np.abs(open_session(path).run(['logits'], {'image': faces.numpy()})[0]
                        - expected).max())


def _calibration_crops(train: EmotionData) -> np.ndarray:
    rows = np.random.default_rng(0).permutation(len(train))[:CALIBRATION_CROPS]
    return normalize(train.images[rows], 'per_image')[:, None]


def _judge(model: Path, card: dict[str, Any], data: EmotionData, thorough: bool) -> Evaluation:
    """Write the card, judge the file through the runtime's own class, put the figures in."""
    save_model_card(model, card)
    evaluation = evaluate_classifier(EmotionClassifier(model), data, thorough)
    card['metrics'] = {**card['metrics'], 'data': 'public test part of FER2013, FER+ votes',
                       **evaluation.summary()}
    save_model_card(model, card)
    return evaluation


def _judge_weights(weights: Path, data: EmotionData, temperature: float) -> Evaluation:
    """Load the exported weights as a fine-tuning would, and judge them."""
    network, _ = load_network(weights)
    logits, auxiliary = predict(network.to(memory_format=torch.channels_last), data)
    known, labeled = data.majority >= 0, data.labels >= 0
    return Evaluation(
        weights.name, data.subset(known),
        torch.softmax(logits[known] / temperature, 1).numpy(), auxiliary[labeled].numpy(),
        data.labels[labeled])


def _card(name: str, state: dict[str, Any], temperature: float,
          network: EmotionNetwork) -> dict[str, Any]:
    return {
        'name': name, 'task': 'emotion_classification', 'labels': list(EMOTIONS),
        'input_size': [48, 48], 'color': 'gray', 'layout': 'NCHW',
        'normalization': 'per_image', 'temperature': round(temperature, 4),
        'calibrated_for': HOLDS_FOR,
        'outputs': {
            'logits': 'the eight labels, before temperature and softmax',
            'maps': 'class activation maps: the mean of a map is its logit',
            'fer2013_logits': 'second head: angry disgust fear happy sad surprise neutral'},
        'architecture': state['config']['architecture'],
        'parameters': sum(p.numel() for p in network.parameters()),
        'date': datetime.date.today().isoformat(),
        'training': {'epochs': state['done'], 'preset': without_folders(state['config']),
                     **({'mean_of_runs': state['mean_of']} if 'mean_of' in state else {})},
        'data': f'FER2013 training part with FER+ votes{_teachers(state["config"])}; calibrated '
                'and judged on the public test part. The pictures came from an image search and '
                'carry no license: the weights are offered for research and evaluation.',
        'license': 'Apache-2.0 for the file as software; see data',
    }


def _teachers(config: dict[str, Any]) -> str:
    """Return who taught a network, for its card."""
    if 'teachers' not in config:
        return ''
    faces = f" and on {config['unlabeled']} faces without labels" if 'unlabeled' in config else ''
    return f", the answers of {' and '.join(config['teachers'])} to it{faces}"
