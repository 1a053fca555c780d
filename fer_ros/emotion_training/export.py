"""``python -m fer_ros export``: a trained checkpoint to ONNX (float32, int8) and weights."""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.calibration import FEWEST, HOLDS_FOR, calibrate
from fer_ros.emotion_training.card import emotion_card, figures_of
from fer_ros.emotion_training.network import ARCHITECTURES, EmotionNetwork
from fer_ros.emotion_training.old_knowledge import other_faces
from fer_ros.emotion_training.own_data import dataset_file, groups_of, has_votes
from fer_ros.emotion_training.temperature import temperature_of
from fer_ros.emotion_training.trainer import build_network, predict
from fer_ros.evaluation.emotion.evaluate import table
from fer_ros.evaluation.emotion.evaluation import Evaluation, evaluate_classifier
from fer_ros.evaluation.emotion.portraits import told_apart
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.labels import EMOTIONS, FER2013, GROUPINGS
from fer_ros.perception.model_card import card_path, save_model_card
from fer_ros.perception.preprocessing import normalize
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint, weights_of
from fer_ros.training.export import OPSET, mean_weights, without_folders
from fer_ros.training.quantization import CALIBRATION_CROPS, quantize
from fer_ros.training.told_data import data_name

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
    told: dict[str, Any] = {
        key: state[key] for key in ('data', 'fine_tuning', 'temperature') if key in state}
    save_checkpoint(path, {'config': config, 'done': state['done'], **told, 'weights': {
        key: value.half() if value.is_floating_point() else value
        for key, value in network.state_dict().items()}})
    path.with_suffix('.json').write_text(json.dumps({
        'class': 'fer_ros.emotion_training.network.EmotionNetwork',
        'architecture': config['architecture'], **ARCHITECTURES[config['architecture']],
        'input': ['faces', 1, 48, 48], 'labels': EMOTIONS, 'auxiliary_labels': FER2013,
        'parameters': sum(p.numel() for p in network.parameters())}, indent=2) + '\n',
        encoding='utf-8')


def with_labels(network: EmotionNetwork, labels: Sequence[str]) -> EmotionNetwork:
    """
    Return the network that tells only these emotions apart, without its second head.

    :param labels: in the order that the outputs get; all eight give the network itself.
    """
    if tuple(labels) == EMOTIONS:
        return network
    rows = [EMOTIONS.index(label) for label in labels]
    part = copy.deepcopy(network)
    part.head = torch.nn.Conv2d(network.head.in_channels, len(rows), 1)
    part.head.load_state_dict({key: value[rows] for key, value in
                               network.head.state_dict().items()})
    part.auxiliary = None
    return part.eval()


def main(argv: list[str]) -> int:
    """Export the averaged weights of a run, calibrate, write the cards, judge each file."""
    options = _options(argv)
    network, state = load_mean(options.checkpoint)
    train, public = load_fer2013(dataset_file(options.data))
    labels = [label for label in EMOTIONS if label in GROUPINGS[
        options.groups or groups_of(dataset_file(options.data))]]
    known = np.isin(public.majority, [EMOTIONS.index(label) for label in labels])
    if not known.any():
        raise ValueError(f"'{options.data}' holds no picture to judge by: none of split 1 shows "
                         f'{", ".join(labels)}')
    if len(labels) < len(EMOTIONS):  # the others have labels of FER2013 to judge by
        public = public.subset(known)
    temperature, calibrated = _temperature(
        network, options, public, labels, int(known.sum()))
    state['temperature'] = temperature
    answering = with_labels(network, labels)
    difference = export_onnx(answering, options.output)
    judged = f'the public test part of FER2013, {known.sum()} pictures' if has_votes(public) else (
        f"{known.sum()} held-out pictures of '{data_name(options.data)}'")
    name = options.name or options.output.stem
    card = {**emotion_card(name, state, answering, labels, judged),
            'temperature': temperature, 'calibrated_for': calibrated.pop('for'),
            'metrics': {'largest_difference_from_torch': round(difference, 8), **calibrated,
                        'data': judged}}
    thorough = not options.quick
    evaluations = [_judge(options.output, card, public, thorough)]
    _check_portraits(options.output, options.any_portraits)
    int8 = options.output.with_name(f'{options.output.stem}_int8.onnx')
    crops = _quantization_crops(train)
    quantize(options.output, int8, crops)
    evaluations.append(_judge(int8, {
        **card, 'name': f'{name}_int8', 'metrics': {'data': judged},
        'quantization': f'static, per channel, {len(crops)} crops'}, public, thorough))
    _check_portraits(int8, options.any_portraits)
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


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='fer_ros export', formatter_class=HelpFormatter,
        description='Export a trained emotion network: ONNX float32 and int8 with model cards, '
                    'and weights for fine-tuning (.pt, .json). Each is loaded again and judged.')
    parser.add_argument('--checkpoint', type=Path, nargs='+',
                        default=[Path('runs/emotion/checkpoint.pt')],
                        help='of a run, or .pt of an export; of several that continue each '
                             'other: their mean')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz or its '
                             'folder): the public part calibrates, training crops quantize')
    parser.add_argument('--output', type=Path,
                        help='file, from which the others get their names; none: in the folder '
                             'of the checkpoint, with its name')
    parser.add_argument('--name', help="in the card; none: the file's")
    parser.add_argument('--groups', type=int, choices=sorted(GROUPINGS),
                        help='classes of the network: 8, 7 (no contempt) or 3 (happy, sad, '
                             'angry); none: those that fer_ros dataset kept. The .pt keeps all')
    parser.add_argument('--any-portraits', action='store_true',
                        help="write a network too that does not tell the demo's portraits apart")
    parser.add_argument('--tflite', action='store_true',
                        help='also TensorFlow Lite; needs pip install litert-torch')
    parser.add_argument('--quick', action='store_true', help='judge without robustness and speed')
    options = parser.parse_args(argv)
    if options.output is None:  # never over a network that is in use
        folder = options.checkpoint[-1].resolve().parent
        options.output = folder / f'{folder.name}.onnx'
    if options.output.suffix != '.onnx':
        raise ValueError(f"--output '{options.output}' must end in .onnx")
    if options.tflite and options.groups not in (None, 8):
        raise ValueError(f'--tflite writes all eight classes, --groups is {options.groups}: give '
                         'one of them')
    return options


def _temperature(network: EmotionNetwork, options: argparse.Namespace, public: EmotionData,
                 labels: Sequence[str], pictures: int) -> tuple[float, dict[str, Any]]:
    """Fit the temperature, or keep the old one where the pictures are too few; say which."""
    if pictures >= FEWEST:
        of_what = 'the public test part' if has_votes(public) else (
            f"the held-out ones of '{data_name(options.data)}'")
        temperature, error = calibrate(network, public, labels)
        return round(temperature, 4), {'for': f'pictures like {of_what}, {HOLDS_FOR}',
                             'ece_cross_fitted': round(error, 4)}
    temperature = temperature_of(options.checkpoint[-1])
    print(f'not calibrated: {pictures} held-out pictures are too few ({FEWEST} are needed); '
          f'the temperature {temperature:.4g} that the weights had is kept')
    return temperature, {'for': f'not for these pictures: {pictures} were too few; the '
                                'temperature is that of the weights it began with'}


def _check_portraits(model: Path, any_will_do: bool) -> None:
    """
    Say what the network calls the demo's portraits.

    :raises ValueError: if it does not tell them apart; then neither file nor card is left.
    """
    try:
        print(f'{model.name} calls {told_apart(model)}')
    except RuntimeError as error:
        print(f"not checked by the demo's portraits: {error}")
    except ValueError as error:
        if not any_will_do:
            model.unlink()
            card_path(model).unlink()
            raise ValueError(f'{error}; it was deleted') from error
        print(f'warning: {error}')


def _difference(network: EmotionNetwork, path: Path, side: int) -> float:
    from fer_ros.perception.onnx_session import open_session
    faces = torch.randn(16, 1, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(faces)[0].numpy()
    return float(np.abs(open_session(path).run(['logits'], {'image': faces.numpy()})[0]
                        - expected).max())


def _quantization_crops(train: EmotionData) -> np.ndarray:
    """Return training crops; faces that come with scikit-image beside them where they are few."""
    rows = np.random.default_rng(0).permutation(len(train))[:CALIBRATION_CROPS]
    images = train.images[rows]
    if len(images) < CALIBRATION_CROPS:
        images = np.concatenate([images, other_faces()[:CALIBRATION_CROPS - len(images)]])
    return normalize(images, 'per_image')[:, None]


def _judge(model: Path, card: dict[str, Any], data: EmotionData, thorough: bool) -> Evaluation:
    """Write the card, judge the file through the runtime's own class, put the figures in."""
    save_model_card(model, card)
    evaluation = evaluate_classifier(EmotionClassifier(model), data, thorough)
    card['metrics'] = {**card['metrics'], **figures_of(evaluation, card['labels'])}
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
