"""``python -m fer_ros export-detector``: a trained detector or refiner to ONNX with its card."""

from __future__ import annotations

import argparse
import copy
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.face_pictures import load_face_pictures
from fer_ros.detector_training.network import PIXEL_SCALE, FaceNetwork, network_of
from fer_ros.detector_training.refiner_network import RefinerNetwork, refiner_of
from fer_ros.detector_training.samples import FaceSampler
from fer_ros.perception.detection_decoding import STRIDES
from fer_ros.perception.model_card import save_model_card
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint, weights_of
from fer_ros.training.export import OPSET, mean_weights, without_folders
from fer_ros.training.quantization import quantize

#: Crops that the ranges of the activations are taken from, and nodes left in float32: the heads
#: lose most; without the stem a third of the faces in the dark is lost, few gray levels apart.
_CROPS = 256
_FLOAT = ('/heads', '/stem')
_DATA = ('3,631 pictures from FDDB (via a course data set), face-mask-detection (CC0), '
         'helmet-detection (CC0), an ImageNet sample, Caltech Faces 1999 and Azure samples (MIT), '
         'with human boxes and boxes of YuNet (Apache-2.0) as teacher; training faces of FER2013 '
         'pasted into them, box and landmarks by YuNet. Some sources allow research only.')


class RawPixels(nn.Module):
    """
    Takes gray levels as the camera gives them; their scale is in the first convolution.

    :param network: detector or refiner.
    """

    def __init__(self, network: FaceNetwork | RefinerNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        first: Any = self.network.stem if isinstance(
            self.network, FaceNetwork) else self.network.body
        first[0][0].weight.data *= PIXEL_SCALE

    def forward(self, x: torch.Tensor) -> Any:
        """
        Return what the network does.

        :param x: uint8 (N, 1, H, W).
        """
        return self.network.scaled(x.float())


def load_network(checkpoint: Path) -> tuple[FaceNetwork | RefinerNetwork, dict[str, Any]]:
    """Return the averaged network of a training run, and the run's checkpoint."""
    state = load_checkpoint(checkpoint)
    make = refiner_of if 'window' in state['config'] else network_of
    network: FaceNetwork | RefinerNetwork = make(state['config'])
    network.load_state_dict(weights_of(state))
    return network.eval(), state


def load_mean(checkpoints: Sequence[Path]) -> tuple[
        FaceNetwork | RefinerNetwork, dict[str, Any]]:
    """Return the mean of several runs' networks, and the last run's checkpoint."""
    networks, states = zip(*(load_network(path) for path in checkpoints))
    networks[-1].load_state_dict(mean_weights(networks))
    return networks[-1], states[-1]


def export_onnx(network: FaceNetwork | RefinerNetwork, path: Path, side: int = 0) -> None:
    """
    Write a network.

    :param side: of a refiner's windows [px]; a detector takes any size that is a multiple of 32.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if side:
        names, shape = ['faces'], (1, 1, side, side)
        axes = {'image': {0: 'windows'}, 'faces': {0: 'windows'}}
    else:
        names, shape = [f'map_{stride}' for stride in STRIDES], (1, 1, 256, 320)
        axes = {'image': {0: 'pictures', 2: 'height', 3: 'width'}, **{
            f'map_{stride}': {0: 'pictures', 2: f'rows_{stride}', 3: f'columns_{stride}'}
            for stride in STRIDES}}
    torch.onnx.export(
        RawPixels(network).eval(), (torch.zeros(shape, dtype=torch.uint8),), str(path),
        input_names=['image'], output_names=names, dynamic_axes=axes, opset_version=OPSET,
        dynamo=False)


def main(argv: list[str]) -> int:
    """Export the averaged weights of a run: ONNX with its card, int8, and to train on from."""
    parser = argparse.ArgumentParser(
        prog='fer_ros export-detector',
        description='Export a trained face detector or face refiner to ONNX.',
        formatter_class=HelpFormatter)
    parser.add_argument('--checkpoint', type=Path, nargs='+',
                        default=[Path('runs/face_detector/checkpoint.pt')],
                        help='of a run; of several that continue each other: their mean')
    parser.add_argument('--output', type=Path, help='file; without: face_detector.onnx or '
                                                    'face_refiner.onnx in models/')
    parser.add_argument('--name', help='in the card; without: fer_ros_face or '
                                       'fer_ros_face_refiner')
    parser.add_argument('--data', type=Path,
                        help='face data: its training crops quantize a detector; writes '
                             'NAME_int8.onnx too')
    parser.add_argument('--score-threshold', type=float, default=0.5,
                        help='recommended in the card; choose it with evaluate-detector')
    options = parser.parse_args(argv)
    network, state = load_mean(options.checkpoint)
    refines = isinstance(network, RefinerNetwork)
    output = options.output or Path(f'models/face_{"refiner" if refines else "detector"}.onnx')
    card = {**(_refiner_card(state) if refines else _detector_card(options.score_threshold)),
            **_origin(network, state)}
    if options.name:
        card['name'] = options.name
    export_onnx(network, output, state['config'].get('window', 0))
    save_model_card(output, card)
    weights = output.with_suffix('.pt')
    save_checkpoint(weights, {'config': without_folders(state['config']),
                              'weights': network.state_dict()})
    print(f'written: {output}, {weights} (for train --weights)')
    if options.data and not refines:
        int8 = output.with_name(f'{output.stem}_int8.onnx')
        quantize(output, int8, _calibration_crops(options.data), batch=1, keep=_FLOAT)
        save_model_card(int8, {
            **card, 'name': f'{card["name"]}_int8',
            'quantization': f'static, per channel, {_CROPS} training crops; stem '
                            'and heads in float32'})
        print(f'written: {int8}')
    return 0


def _detector_card(score_threshold: float) -> dict[str, Any]:
    return {'name': 'fer_ros_face', 'task': 'face_detection', 'input_size': [0, 0],
            'color': 'gray', 'layout': 'NCHW', 'normalization': 'fixed', 'mean': 0.0, 'std': 1.0,
            'decoder': 'maps', 'smallest_face': 12.0, 'score_threshold': score_threshold,
            'architecture': 'anchor-free, depthwise separable, strides 8/16/32, uint8 input'}


def _refiner_card(state: dict[str, Any]) -> dict[str, Any]:
    return {'name': 'fer_ros_face_refiner', 'task': 'face_refinement',
            'input_size': [state['config']['window']] * 2, 'color': 'gray', 'layout': 'NCHW',
            'normalization': 'fixed', 'mean': 0.0, 'std': 1.0,
            'architecture': 'depthwise separable, one face a window, uint8 input'}


def _origin(network: nn.Module, state: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says about where the network comes from."""
    return {'parameters': sum(p.numel() for p in network.parameters()),
            'date': datetime.date.today().isoformat(),
            'training': {'steps': state.get('done', 0),
                         'preset': without_folders(state['config'])},
            'data': _DATA, 'license': 'Apache-2.0 for the file as software; see data'}


def _calibration_crops(data: Path) -> np.ndarray:
    """Return training crops, uint8 (N, 1, 256, 256)."""
    sampler = FaceSampler(load_face_pictures(data, 'train'), 256, mosaic=0.3, crowd=0.1)
    return np.stack([sampler.draw(np.random.default_rng([5, i])).image[None]
                     for i in range(_CROPS)])
