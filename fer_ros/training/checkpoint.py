"""Checkpoints that survive a kill at any moment, and runs that continue from them."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import torch

from fer_ros.training.curves import plot_history
from fer_ros.training.told_data import named


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all: to a temporary file, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix('.tmp')
    with temporary.open('wb') as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """
    Read a checkpoint.

    :raises ValueError: if it is missing or damaged; names the file.
    """
    if not path.is_file():
        raise ValueError(f"no checkpoint at '{path}'")
    try:
        state: dict[str, Any] = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        raise ValueError(f"'{path}' is no whole checkpoint: {error}") from error
    return state


class ResumableRun:
    """
    A training run in a folder: checkpoint.pt, history.csv and history.png.

    :param config: the preset; a run continues only with the one it was started with.
    :param output: the folder.
    :param network: in training.
    :param average: its averaged weights.
    :param optimizer: of the network.
    """

    def __init__(self, config: dict[str, Any], output: Path, network: torch.nn.Module,
                 average: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.config, self.output = config, output
        self.network, self.average, self.optimizer = network, average, optimizer
        #: epochs or steps that are done.
        self.done = 0
        self.history: list[dict[str, float]] = []
        #: what it learns from, see :func:`~fer_ros.training.told_data.told_data`; None: not told.
        self.data: dict[str, Any] | None = None
        self._begun_at = 0

    @property
    def checkpoint(self) -> Path:
        """The checkpoint's file."""
        return self.output / 'checkpoint.pt'

    def save(self) -> None:
        """Write the checkpoint, and the history as table and curves."""
        save_checkpoint(self.checkpoint, self.state())
        plot_history(self.history, self.output / 'history.png')
        with (self.output / 'history.csv').open('w', newline='', encoding='utf-8') as file:
            names = dict.fromkeys(name for row in self.history for name in row)
            writer = csv.DictWriter(file, fieldnames=list(names))
            writer.writeheader()
            writer.writerows(self.history)

    def state(self) -> dict[str, Any]:
        """Return what the checkpoint holds; ``data`` only where it is told."""
        return {'config': self.config, 'done': self.done, 'history': self.history,
                'network': self.network.state_dict(), 'average': self.average.state_dict(),
                'optimizer': self.optimizer.state_dict(),
                **({'data': self.data} if self.data else {})}

    def begin_with(self, file: Path) -> None:
        """
        Take the weights of another run or of an exported file; a run that resumes keeps its own.

        :raises ValueError: if the file is missing, damaged or of another network; names it.
        """
        weights = self.fitted(weights_of(load_checkpoint(file)))
        try:
            self.network.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(f"'{file}' does not fit this network: {error}") from error
        self.average.module.load_state_dict(weights)

    def fitted(self, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return weights to begin with, made to fit this network where a run knows how."""
        return weights

    def restore(self) -> None:
        """
        Continue from the checkpoint, if there is one, and say where.

        :raises ValueError: if it belongs to another preset or other data; names the file.
        """
        if not self.checkpoint.exists():
            return
        state = load_checkpoint(self.checkpoint)
        if state['config'] != self.config:
            raise ValueError(f"'{self.checkpoint}' was started with another configuration; "
                             'give another --output or the same preset')
        self._check_data(state.get('data'))
        self.done, self.history = state['done'], state['history']
        self.network.load_state_dict(state['network'])
        self.average.load_state_dict(state['average'])
        self.optimizer.load_state_dict(state['optimizer'])
        self._begun_at = self.done
        if self.done < self.length:
            print(f'resumed at {self.done} of {self.length} {self.unit}')

    @property
    def unit(self) -> str:
        """What is counted: 'epochs' or 'steps'."""
        return 'epochs' if 'epochs' in self.config else 'steps'

    @property
    def length(self) -> int:
        """Epochs or steps of the whole run."""
        return int(self.config[self.unit])

    def outcome(self) -> str:
        """Return what the run came to, in a line."""
        if self.done > self._begun_at:
            return f'trained: {self.checkpoint}'
        return (f"nothing done: '{self.checkpoint}' has all its {self.length} {self.unit} "
                'already; give another --output to train anew')

    def _check_data(self, known: dict[str, Any] | None) -> None:
        """:raises ValueError: if the checkpoint was trained on other data; tells both."""
        if known and self.data and known['sha256'] != self.data['sha256']:
            raise ValueError(
                f"'{self.checkpoint}' was trained on {named(known)}, not on {named(self.data)}; "
                f"give another --output, or '{known['file']}' again")


def weights_of(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    """
    Return the weights to use: a run's averaged ones, or those of an exported file.

    :param state: what :func:`load_checkpoint` returned.
    :raises ValueError: if it holds neither.
    """
    if 'weights' in state:
        return {key: value.float() if value.is_floating_point() else value
                for key, value in state['weights'].items()}
    if 'average' not in state:
        raise ValueError(f'no weights in the file; it holds {", ".join(map(str, state))}')
    prefix = 'module.'
    return {key[len(prefix):]: value for key, value in state['average'].items()
            if key.startswith(prefix)}
