"""Which tuned network, if any: by cross-validation on the own pictures alone."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from tqdm import tqdm

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.emotion_training.old_knowledge import OldKnowledge
from fer_ros.emotion_training.sampling import alike, grouped_folds
from fer_ros.emotion_training.trainer import predict
from fer_ros.emotion_training.tuning import (
    Candidate,
    Tuner,
    Weights,
    candidates,
    mixed,
    network_with,
)
from fer_ros.perception.labels import EMOTIONS
from fer_ros.training.progress import TimeLeft

#: fewer different pictures than this are refused: each fold would hold one or two.
FEWEST = 10


@dataclass(frozen=True)
class Trials:
    """
    What C candidates, the first the old network, answer to N pictures that they did not see.

    :param candidates: the C candidates.
    :param logits: float32 (C, N, 8).
    :param kept: float (C,), mean share of other faces that is answered as before.
    :param fold: int (N,).
    :param groups: int (N,), pictures that are alike.
    """

    candidates: list[Candidate]
    logits: np.ndarray
    kept: np.ndarray
    fold: np.ndarray
    groups: np.ndarray

    def right(self, truth: np.ndarray) -> np.ndarray:
        """Return where each candidate is right: bool (C, N)."""
        return np.asarray(self.logits.argmax(2) == truth)

    def best(self, truth: np.ndarray, rows: np.ndarray, least_kept: float) -> int:
        """
        Return the candidate that is right most often; of equals the one that keeps most.

        :param truth: int (N,).
        :param rows: bool (N,), the pictures to choose by.
        :param least_kept: share of other faces that must be answered as before.
        """
        right = np.where(self.kept < least_kept, -1, self.right(truth)[:, rows].sum(1))
        return int(np.lexsort((-self.kept, -right))[0])

    def cross_fitted(self, truth: np.ndarray, least_kept: float) -> np.ndarray:
        """
        Return where the choice is right, each fold's made without that fold: bool (N,).

        What is chosen among many looks better than it is on the pictures that it was chosen by.
        """
        right, after = self.right(truth), np.zeros(len(truth), bool)
        for fold in np.unique(self.fold):
            held_out = self.fold == fold
            after[held_out] = right[self.best(truth, ~held_out, least_kept), held_out]
        return after

    def tuned_only(self) -> Trials:
        """Return the same without the old network among the candidates."""
        return replace(self, candidates=self.candidates[1:], logits=self.logits[1:],
                       kept=self.kept[1:])


def try_all(config: dict[str, Any], output: Path, data: EmotionData, old: Weights,
            knowledge: OldKnowledge, data_sha256: str) -> Trials:
    """
    Tune once for each fold and let all candidates answer to the fold that was held out.

    A fold that is done is kept in ``output/folds``: a killed run goes on with the next one.

    :raises ValueError: if there are fewer than :data:`FEWEST` different pictures.
    """
    groups = alike(data.images)
    different = len(np.unique(groups))
    if different < FEWEST:
        raise ValueError(f'{different} different training pictures with an emotion: at least '
                         f'{FEWEST} are needed to learn and judge, and 150 to see a change')
    fold = grouped_folds(data, groups, min(config['folds'], different), config['seed'])
    every = candidates(config, len(data))
    key = json.dumps([config, data_sha256, [astuple(one) for one in every]], sort_keys=True)
    files = [output / 'folds' / f'{number}.npz' for number in range(int(fold.max()) + 1)]
    answers = [_kept(file, key) for file in files]
    before = sum(done is not None for done in answers)
    if before:
        print(f'resumed: {before} of {len(files)} folds are done')
    left = TimeLeft(len(files) + 1 - before)
    for number, file in enumerate(files):
        if answers[number] is None:
            held_out = fold == number
            judged = _one_fold(config, output, data.subset(~held_out), data.subset(held_out),
                               every, old, knowledge)
            answers[number] = judged
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = file.with_name('unfinished.npz')
            np.savez(temporary, key=key, logits=judged[0], kept=judged[1])
            temporary.replace(file)
            tqdm.write(f'fold {number + 1} of {len(files)} done, {left.after_one()}')
    logits = np.zeros((len(every), len(data), len(EMOTIONS)), np.float32)
    kept = np.zeros(len(every))
    for number, done in enumerate(answers):
        assert done is not None
        logits[:, fold == number] = done[0]
        kept += done[1] / len(files)
    return Trials(every, logits, kept, fold, groups)


def _one_fold(config: dict[str, Any], output: Path, train: EmotionData, held_out: EmotionData,
              every: list[Candidate], old: Weights,
              knowledge: OldKnowledge) -> tuple[np.ndarray, np.ndarray]:
    tuner = Tuner(config, output, knowledge)
    tuned = dict(tuner.tuned(train, sorted({one.epochs for one in every} - {0})))
    logits, kept = [], []
    for one in every:
        network = network_with(
            config, old if one.epochs == 0 else mixed(old, tuned[one.epochs], one.share))
        logits.append(predict(network, held_out)[0].numpy())
        kept.append(knowledge.kept(network).mean())
    return np.stack(logits), np.array(kept)


def _kept(file: Path, key: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a fold's answers if it was done with the same preset and pictures."""
    try:
        with np.load(file, allow_pickle=False) as saved:
            return (saved['logits'], saved['kept']) if str(saved['key']) == key else None
    except (OSError, ValueError, KeyError, BadZipFile):  # not there, or damaged: done anew
        return None
