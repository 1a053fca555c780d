"""``python -m fer_ros state-bench``: how fast, and how falsely, ways to a state follow a face."""

from __future__ import annotations

import argparse
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from fer_ros.media.frame_source import open_frame_source
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.emotion_state import EmotionState, StateConfig
from fer_ros.perception.error_model import ErrorModel, error_model
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import FILTERS, SmoothingConfig, make_filter
from fer_ros.perception.types import UNCERTAIN
from fer_ros.resources import resource_path
from fer_ros.training.datasets import load_fer2013
from fer_ros.training.evaluation import probabilities_of
from fer_ros.training.state_simulation import BASE_RATE, Recording, simulate

RATES = (5, 15, 30)
_PLAYED = ('neutral', 'happy', 'surprise', 'sad', 'angry')
_VIDEOS = ('.mp4', '.avi', '.mov', '.mkv', '.webm')
_TIMES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 1.4)


class Way(Protocol):
    """A way from probabilities to a label."""

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the label's index, -1 while uncertain."""


class Filtered:
    """Our way: a filter, then thresholds and dwell."""

    def __init__(self, smoothing: SmoothingConfig, state: StateConfig,
                 errors: ErrorModel) -> None:
        self._filter = make_filter(smoothing, errors)
        self._state = EmotionState(EMOTIONS, state)

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the state."""
        label = self._state.update(self._filter.update(probabilities, stamp), stamp)
        return -1 if label == UNCERTAIN else EMOTIONS.index(label)


class LastFrames:
    """Peers' way: the most frequent answer of the last so many frames (1: the raw answer)."""

    def __init__(self, frames: int) -> None:
        self._answers: deque[int] = deque(maxlen=frames)

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the majority; the earlier one of equals."""
        self._answers.append(int(probabilities.argmax()))
        return Counter(self._answers).most_common(1)[0][0]


class Timer:
    """Peers' way: the raw answer, looked at twice a second."""

    def __init__(self, period: float = 0.5) -> None:
        self._period, self._next, self._label = period, -np.inf, -1

    def step(self, probabilities: np.ndarray, stamp: float) -> int:
        """Return the answer of the last tick."""
        if stamp >= self._next - 1e-6:
            self._label, self._next = int(probabilities.argmax()), stamp + self._period
        return self._label


@dataclass(frozen=True)
class Figures:
    """
    What a way reached.

    :param delay: mean time from a change to the right label [s]; the whole segment if never.
    :param missed: share of changes that were never seen.
    :param false_switches: changes to a wrong label, a minute.
    :param wrong: share of the time with a wrong label.
    :param uncertain: share of the time without a label.
    """

    delay: float
    missed: float
    false_switches: float
    wrong: float
    uncertain: float


def labels_of(way: Way, recording: Recording) -> np.ndarray:
    """Return the label at every frame, int (T,); it stays while the face is not seen."""
    labels = np.empty(len(recording.stamps), np.int64)
    label = -1
    for i, (stamp, seen) in enumerate(zip(recording.stamps, recording.seen)):
        if seen:
            label = way.step(recording.probabilities[i], float(stamp))
        labels[i] = label
    return labels


def judge(labels: np.ndarray, recording: Recording) -> Figures:
    """Compare labels with what the face showed."""
    truth, stamps = recording.truth, recording.stamps
    minutes = max(float(stamps[-1] - stamps[0]) / 60, 1e-9)
    changed = np.diff(labels, prepend=labels[0]) != 0
    false = changed & (labels >= 0) & (labels != truth)
    starts = np.flatnonzero(np.diff(truth) != 0) + 1
    ends = np.append(starts[1:], len(truth))
    delays, missed = [], 0
    for start, end in zip(starts, ends):
        right = np.flatnonzero(labels[start:end] == truth[start])
        missed += len(right) == 0
        at = start + right[0] if len(right) else end - 1
        delays.append(stamps[at] - stamps[start])
    return Figures(
        float(np.mean(delays)) if delays else 0.0, missed / max(len(starts), 1),
        float(false.sum() / minutes), float(((labels >= 0) & (labels != truth)).mean()),
        float((labels < 0).mean()))


def ways(errors: ErrorModel) -> dict[str, Callable[[], Way]]:
    """Return what is compared at every rate: the three filters as they come, and the peers'."""
    filters: dict[str, Callable[[], Way]] = {
        f'{kind} (default)' if kind == SmoothingConfig().kind else kind:
        partial(Filtered, SmoothingConfig(kind), StateConfig(), errors) for kind in FILTERS}
    return {**filters, 'raw answer': partial(LastFrames, 1),
            'majority of 10 frames': partial(LastFrames, 10), 'timer of 2 Hz': Timer}


def trade_off(recording: Recording, errors: ErrorModel) -> dict[str, list[tuple[float, Figures]]]:
    """Return, for each filter, its figures over its time [s], with a dwell as long (<= 0.4)."""
    curves: dict[str, list[tuple[float, Figures]]] = {}
    bar = tqdm([(kind, time) for kind in FILTERS for time in _TIMES],
               desc='trade-off', disable=None, leave=False)
    for kind, time in bar:
        state = StateConfig(min_dwell=min(time, StateConfig().min_dwell))
        way = Filtered(SmoothingConfig(kind, time), state, errors)
        curves.setdefault(kind, []).append((time, judge(labels_of(way, recording), recording)))
    return curves


def at_equal_delay(curve: list[tuple[float, Figures]], delay: float) -> float:
    """Return the false switches of a curve at a delay, interpolated; nan beyond its ends."""
    points = sorted((figures.delay, figures.false_switches) for _, figures in curve)
    delays, switches = np.array(points).T
    return float(np.interp(delay, delays, switches, left=np.nan, right=np.nan))


def plot(curves: dict[str, list[tuple[float, Figures]]], others: dict[str, Figures]) -> Figure:
    """Draw false switches over the time to detect a change."""
    figure = Figure(figsize=(7.5, 5), layout='constrained')
    axes = figure.subplots()
    for (kind, rows), color in zip(curves.items(), ('#2a6f97', '#e07a5f', '#81b29a')):
        axes.plot([f.delay for _, f in rows], [f.false_switches for _, f in rows], 'o-',
                  color=color, label=kind)
        for time, figures in rows:
            axes.annotate(f'{time:g}', (figures.delay, figures.false_switches), fontsize=7,
                          xytext=(3, 3), textcoords='offset points')
    for (name, figures), marker in zip(others.items(), 'sXD'):
        axes.plot(figures.delay, figures.false_switches, marker, color='black', label=name)
    axes.set(xlabel='mean time to detect a change [s]', ylabel='false switches a minute',
             yscale='log', title=f'The way to a state at {BASE_RATE} Hz (numbers: smoothing_time)')
    axes.grid(alpha=0.3, which='both')
    axes.legend()
    return figure


def clip_changes(clips: list[Path], errors: ErrorModel) -> dict[str, float]:
    """Return how often a minute each way changes its label on recorded clips of one person."""
    changes, seconds = Counter[str](), 0.0
    for path in tqdm(clips, desc='clips', disable=None, leave=False):
        recording = _recorded(path)
        if len(recording.stamps) < 2:
            continue
        seconds += float(recording.stamps[-1] - recording.stamps[0])
        for name, make in ways(errors).items():
            labels = labels_of(make(), recording)
            changes[name] += int((np.diff(labels[labels >= 0]) != 0).sum())
    return {name: 60 * changes[name] / max(seconds, 1e-9) for name in ways(errors)}


def _recorded(path: Path) -> Recording:
    """Return the classifier's answers for the largest face of every frame of a video."""
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    classifier = EmotionClassifier(resource_path('models/emotion.onnx'))
    source = open_frame_source(str(path))
    stamps, rows = [], []
    for i, frame in enumerate(source):
        faces = detector.detect(frame)
        if faces:
            largest = max(faces, key=lambda face: face.box.area)
            stamps.append(i * source.period)
            rows.append(classifier.classify(classifier.crops(frame, [largest]))[0][0])
    source.close()
    return Recording(np.array(stamps), np.full(len(stamps), -1), np.array(rows),
                     np.ones(len(stamps), bool))


def compare(recording: Recording, errors: ErrorModel) -> dict[str, dict[int, Figures]]:
    """Return the figures of every way at every rate."""
    results: dict[str, dict[int, Figures]] = {}
    for name, make in tqdm(ways(errors).items(), desc='ways', disable=None, leave=False):
        for rate in RATES:
            frames = recording.at_rate(rate)
            results.setdefault(name, {})[rate] = judge(labels_of(make(), frames), frames)
    return results


def table(results: dict[str, dict[int, Figures]]) -> str:
    """Return the comparison in Markdown."""
    lines = ['| way | rate [Hz] | detects after [s] | missed [%] | false switches / min | '
             'time wrong [%] | uncertain [%] |', '|---|---|---|---|---|---|---|']
    for name, by_rate in results.items():
        for rate, f in by_rate.items():
            lines.append(
                f'| {name} | {rate} | {f.delay:.2f} | {100 * f.missed:.0f} | '
                f'{f.false_switches:.1f} | {100 * f.wrong:.1f} | {100 * f.uncertain:.1f} |')
    return '\n'.join(lines)


def main(argv: list[str]) -> int:
    """Simulate, compare, print, plot."""
    parser = argparse.ArgumentParser(
        prog='fer_ros state-bench', formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description='Compare ways from probabilities to an emotion state: time to detect a '
                    'change, false switches, time wrong. Faces are put together from held-out '
                    'pictures whose emotion is known.')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz)')
    parser.add_argument('--model', type=Path, help='ONNX file with a card; none: the shipped one')
    parser.add_argument('--clips', type=Path, help='folder of videos of one calm person each')
    parser.add_argument('--minutes', type=float, default=60.0, help='length of the simulation')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--output', type=Path, default=Path('runs/state_bench'), help='folder')
    options = parser.parse_args(argv)
    classifier = EmotionClassifier(options.model or resource_path('models/emotion.onnx'))
    errors = error_model(classifier.card.metrics, len(EMOTIONS))
    _, public = load_fer2013(options.data)
    public = public.subset(public.clear)
    recording = simulate(
        probabilities_of(classifier, public.images), public.majority,
        [EMOTIONS.index(name) for name in _PLAYED], options.minutes, options.seed)
    results = compare(recording, errors)
    curves = trade_off(recording, errors)
    clips = sorted(path for path in options.clips.iterdir()
                   if path.suffix.lower() in _VIDEOS) if options.clips else []
    flicker = clip_changes(clips, errors) if clips else {}
    _write(options.output, results, curves, flicker)
    print(table(results))
    _print_equal_delay(curves, results['majority of 10 frames'][BASE_RATE])
    for name, value in flicker.items():
        print(f'clips: {name}: {value:.1f} changes a minute')
    print(f'written: {options.output}')
    return 0


def _print_equal_delay(curves: dict[str, list[tuple[float, Figures]]], peer: Figures) -> None:
    for kind, curve in curves.items():
        ours = at_equal_delay(curve, peer.delay)
        print(f'at the delay of the majority of 10 frames ({peer.delay:.2f} s, '
              f'{peer.false_switches:.1f} false switches a minute) {kind} has {ours:.1f}: '
              f'{ours / max(peer.false_switches, 1e-9):.2f} of it')


def _write(output: Path, results: dict[str, dict[int, Figures]],
           curves: dict[str, list[tuple[float, Figures]]], flicker: dict[str, float]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    peers = {name: by_rate[BASE_RATE] for name, by_rate in results.items()
             if name.startswith(('raw', 'majority of', 'timer'))}
    plot(curves, peers).savefig(output / 'state_bench.png', dpi=100)
    (output / 'state_bench.json').write_text(json.dumps({
        'ways': {name: {rate: asdict(f) for rate, f in by_rate.items()}
                 for name, by_rate in results.items()},
        'trade_off': {kind: [{'time': time, **asdict(f)} for time, f in curve]
                      for kind, curve in curves.items()},
        'clips_changes_per_minute': flicker}, indent=2) + '\n', encoding='utf-8')
