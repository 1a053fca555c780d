"""``python -m fer_ros train --preset finetune``: own pictures, and never worse than before."""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.datasets import prepare
from fer_ros.datasets.emotion_data import EmotionData, load_fer2013
from fer_ros.emotion_training.old_knowledge import OldKnowledge
from fer_ros.emotion_training.own_data import data_of, dataset_file
from fer_ros.emotion_training.temperature import temperature_of
from fer_ros.emotion_training.trainer import existing, predict
from fer_ros.emotion_training.tuning import (
    UNCHANGED,
    Candidate,
    Tuner,
    Weights,
    mixed,
    network_with,
)
from fer_ros.emotion_training.tuning_choice import Trials, try_all
from fer_ros.emotion_training.verdict import Comparison, compare, table, verdict
from fer_ros.perception.yaml_file import one_line
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint, weights_of
from fer_ros.training.options import read_preset, run_parser
from fer_ros.training.told_data import named

_KEYS = ('epochs', 'most_steps', 'shares', 'folds', 'kept', 'replay', 'replay_weight')


class FineTuning:
    """
    A run: choose by cross-validation, tune on all own pictures, compare, write.

    :param config: the preset.
    :param output: folder of the run.
    """

    def __init__(self, config: dict[str, Any], output: Path) -> None:
        self.config, self.output = config, output
        weights = existing(config['weights'])
        self._old: Weights = weights_of(load_checkpoint(weights))
        self._temperature = temperature_of(weights)
        self._before = network_with(config, self._old)
        self._knowledge = OldKnowledge(self._before, config['seed'])

    def run(self, train: EmotionData, held_out: EmotionData, data: dict[str, Any]) -> str:
        """
        Write checkpoint.pt, candidates.csv and before_and_after.json.

        :param train: own pictures with an emotion each.
        :param held_out: own pictures that only judge; may be empty.
        :param data: what the checkpoint tells of them.
        :returns: table and verdict.
        """
        trials = try_all(self.config, self.output, train, self._old, self._knowledge,
                         data['sha256'])
        self._write_candidates(trials, train.majority)
        tuner = Tuner(self.config, self.output, self._knowledge)
        tuner.data = data
        own, chosen, weights = self._choose(trials, train, tuner)
        tuner.take(weights)
        rows, kept = [own], None
        if chosen != UNCHANGED:
            rows, kept = self._compare(own, weights, held_out)
        told = f'{table(rows)}\n\n{verdict(own, kept)}'
        tuned_by = {**asdict(chosen), 'temperature': self._temperature,
                    'improved': chosen != UNCHANGED, 'told': told,
                    'comparisons': [asdict(row) for row in rows]}
        (self.output / 'before_and_after.json').write_text(
            json.dumps({'data': data, **tuned_by}, indent=2) + '\n', encoding='utf-8')
        save_checkpoint(tuner.checkpoint, {**tuner.state(), 'fine_tuning': tuned_by})
        return told

    def _choose(self, trials: Trials, train: EmotionData,
                tuner: Tuner) -> tuple[Comparison, Candidate, Weights]:
        """Return what the choice brings by cross-validation, the choice, and its weights."""
        truth, least = train.majority, self.config['kept']

        def brought(those: Trials, what: str) -> Comparison:
            return compare(f'your pictures, cross-validated{what}', trials.right(truth)[0],
                           those.cross_fitted(truth, least), trials.groups)
        own = brought(trials, '')
        chosen = trials.candidates[trials.best(truth, np.ones(len(train), bool), least)]
        if not own.better or chosen == UNCHANGED:
            return brought(trials.tuned_only(), ', tuned at best'), UNCHANGED, self._old
        (_, tuned), = tuner.tuned(train, [chosen.epochs])
        return own, *self._that_keeps(tuned, chosen)

    def _that_keeps(self, tuned: Weights, chosen: Candidate) -> tuple[Candidate, Weights]:
        """Go less far toward the tuned network until it keeps what the old one knew."""
        shares = [share for share in sorted(self.config['shares'], reverse=True)
                  if share <= chosen.share]
        for share in shares:
            weights = mixed(self._old, tuned, share)
            if self._knowledge.kept(
                    network_with(self.config, weights)).mean() >= self.config['kept']:
                return Candidate(chosen.epochs, share), weights
        return UNCHANGED, self._old

    def _compare(self, own: Comparison, weights: Weights,
                 held_out: EmotionData) -> tuple[list[Comparison], float]:
        after = network_with(self.config, weights)
        rows = [own]
        if len(held_out):
            rows.append(compare('your pictures, held out', *(
                predict(network, held_out)[0].numpy().argmax(1) == held_out.majority
                for network in (self._before, after))))
        kept = self._knowledge.kept(after)
        group = np.repeat(np.arange(len(kept)), kept.shape[1])
        rows.append(compare('other faces, answered as before', np.ones(kept.size, bool),
                            kept.ravel(), group))
        return rows, float(kept.mean())

    def _write_candidates(self, trials: Trials, truth: np.ndarray) -> None:
        with (self.output / 'candidates.csv').open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(['epochs', 'share', 'accuracy', 'other_faces_as_before'])
            for one, right, kept in zip(trials.candidates, trials.right(truth), trials.kept):
                writer.writerow([one.epochs, one.share, f'{right.mean():.4f}', f'{kept:.4f}'])


def finished(checkpoint: Path, config: dict[str, Any], data: dict[str, Any]) -> str | None:
    """
    Return what a finished run told, None if there is none.

    :raises ValueError: if it was another run: of another preset, or of other data.
    """
    if not checkpoint.exists():
        return None
    state = load_checkpoint(checkpoint)
    known = state.get('data')
    if known and known['sha256'] != data['sha256']:
        raise ValueError(f"'{checkpoint}' was trained on {named(known)}, not on {named(data)}; "
                         f"give another --output, or '{known['file']}' again")
    if state['config'] != config or 'fine_tuning' not in state:
        raise ValueError(f"'{checkpoint}' was started with another configuration; give another "
                         '--output or the same preset')
    return str(state['fine_tuning']['told'])


def load_own(source: Path, output: Path, detect_faces: bool) -> tuple[
        EmotionData, EmotionData]:
    """
    Return own pictures to learn from and held-out ones, those with an emotion.

    :param source: npz file of ``fer_ros dataset``, its folder, or a folder of pictures, which is
        cleaned into ``output/data`` first.
    :param output: folder of the run.
    :param detect_faces: cut the faces out of the pictures of a folder.
    :raises ValueError: if there is nothing to learn from.
    """
    path = dataset_file(source)
    if source.is_dir() and not path.exists():
        prepare.main([str(source), '--output', str(output / 'data'), '--overwrite',
                      *(['--detect-faces'] if detect_faces else [])])
        path = dataset_file(output / 'data')
    train, held_out = load_fer2013(path)
    train, held_out = (part.subset(part.majority >= 0) for part in (train, held_out))
    if len(train) == 0:
        raise ValueError(f"'{source}' has no training pictures with an emotion (split 0)")
    return train, held_out


def checked(config: dict[str, Any]) -> dict[str, Any]:
    """:raises ValueError: for a preset of the older kind, or shares that are none; names them."""
    missing = [key for key in _KEYS if config.get(key) is None]
    if missing:
        raise ValueError(f"the preset lacks {', '.join(missing)}: begin with a copy of "
                         'config/training/finetune.yaml')
    if not all(0 < share <= 1 for share in config['shares']):
        raise ValueError(f"shares is {config['shares']}, each must be above 0 and at most 1")
    return config


def main(argv: list[str]) -> int:
    """Run ``python -m fer_ros train --preset finetune``."""
    options = _parser().parse_args(argv)
    config = checked(read_preset(options, epochs=options.epochs, folds=options.folds))
    train, held_out = load_own(options.data, options.output, options.detect_faces)
    data = data_of(options.data, train)
    print(f'{len(train)} of your pictures to learn from, {len(held_out)} held out: ' + one_line(
        ', '.join(f'{name} {count}' for name, count in data['emotions'].items())))
    checkpoint = options.output / 'checkpoint.pt'
    told = finished(checkpoint, config, data)
    done = told is not None
    if told is None:
        told = FineTuning(config, options.output).run(train, held_out, data)
    print(f'\n{told}\n')
    print(f"nothing done: '{checkpoint}' is finished already; give another --output to train "
          'anew' if done else f'written: {checkpoint}')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = run_parser(
        'fer_ros train --preset finetune', 'Tune the emotion network on your own pictures, and '
        'tell what they prove: where nothing gets better, the network is left as it was',
        'runs/finetune')
    parser.add_argument('--data', type=Path, required=True,
                        help='what fer_ros dataset wrote (npz, or its folder), or a folder with '
                             'one folder of cut-out faces a class')
    parser.add_argument('--detect-faces', action='store_true',
                        help='the folder holds whole pictures: cut the largest face out of each')
    parser.add_argument('--epochs', type=int, help="at most; instead of the preset's")
    parser.add_argument('--folds', type=int, help="of the cross-validation; instead of the "
                                                  "preset's")
    return parser
