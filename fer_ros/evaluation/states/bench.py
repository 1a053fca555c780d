"""``python -m fer_ros state-bench``: how fast, and how falsely, ways to a state follow a face."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets.emotion_data import load_fer2013
from fer_ros.evaluation.emotion.evaluation import probabilities_of
from fer_ros.evaluation.states.cued import compare_cues, cue_table
from fer_ros.evaluation.states.simulation import BASE_RATE, Recording, simulate
from fer_ros.evaluation.states.ways import Figures, Filtered, LastFrames, judge, labels_of, ways
from fer_ros.media.frame_source import open_frame_source, videos_in
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.error_model import ErrorModel, error_model
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import FILTERS, SmoothingConfig
from fer_ros.resources import resource_path

RATES = (5, 15, 30)
_PLAYED = ('neutral', 'happy', 'surprise', 'sad', 'angry')
#: what the trade-off tries: smoothing time [s], enter threshold, dwell [s].
GRID = {'time': (0.02, 0.04, 0.07, 0.1, 0.2, 0.3, 0.5), 'enter': (0.5, 0.7, 0.8, 0.9),
        'dwell': (0.0, 0.1, 0.3)}
#: length of the simulation that the trade-off is taken from [minutes].
_TRADE_OFF = 15.0


@dataclass(frozen=True)
class Setting:
    """One choice of constants and what it reached."""

    kind: str
    time: float
    enter_threshold: float
    min_dwell: float
    figures: Figures


def trade_off(recording: Recording, errors: ErrorModel) -> dict[str, list[Setting]]:
    """
    Try all settings of :data:`GRID` with every filter.

    :returns: for each filter those that no other one beats in both delay and false switches, by
        rising delay.
    """
    curves: dict[str, list[Setting]] = {}
    for kind, *values in tqdm(list(product(FILTERS, *GRID.values())), desc='trade-off',
                              disable=None, leave=False):
        time, enter, dwell = values
        state = StateConfig(enter, min(StateConfig().exit_threshold, enter / 2), dwell)
        way = Filtered(SmoothingConfig(kind, time), state, errors)
        curves.setdefault(kind, []).append(Setting(
            kind, time, enter, dwell, judge(labels_of(way, recording), recording)))
    return {kind: _unbeaten(settings) for kind, settings in curves.items()}


def _unbeaten(settings: list[Setting]) -> list[Setting]:
    kept: list[Setting] = []
    for setting in sorted(settings, key=lambda s: (s.figures.delay, s.figures.false_switches)):
        if not kept or setting.figures.false_switches < kept[-1].figures.false_switches:
            kept.append(setting)
    return kept


def at_equal_delay(curve: list[Setting], delay: float) -> float:
    """Return the fewest false switches of a curve at no more than a delay; nan if none."""
    return min((setting.figures.false_switches for setting in curve
                if setting.figures.delay <= delay), default=float('nan'))


def plot(curves: dict[str, list[Setting]], others: dict[str, Figures]) -> Figure:
    """Draw false switches over the time to detect a change."""
    figure = Figure(figsize=(7.5, 5), layout='constrained')
    axes = figure.subplots()
    for (kind, curve), color in zip(curves.items(), ('#2a6f97', '#e07a5f', '#81b29a')):
        axes.plot([s.figures.delay for s in curve], [s.figures.false_switches for s in curve],
                  'o-', color=color, label=f'{kind}, best settings', markersize=4)
    for (name, figures), marker in zip(others.items(), '*sXD'):
        axes.plot(figures.delay, figures.false_switches, marker, color='black', label=name,
                  markersize=9)
    axes.set(xlabel='mean time to detect a change [s]', ylabel='false switches a minute',
             yscale='log', title=f'The way to a state at {BASE_RATE} Hz')
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
        prog='fer_ros state-bench', formatter_class=HelpFormatter,
        description='Compare ways from probabilities to an emotion state: time to detect a '
                    'change, false switches, time wrong; and what other cues than the face '
                    'bring. Faces are put together from held-out pictures whose emotion is '
                    'known.')
    parser.add_argument('--data', type=Path, required=True,
                        help='FER2013 with FER+ votes, or what fer_ros dataset wrote (npz)')
    parser.add_argument('--model', type=Path,
                        help='ONNX file with a card (default: the shipped one)')
    parser.add_argument('--clips', type=Path, help='folder of videos of one calm person each')
    parser.add_argument('--minutes', type=float, default=60.0, help='length of the simulation')
    parser.add_argument('--seed', type=int, default=1, help='of the simulation')
    parser.add_argument('--output', type=Path, default=Path('runs/state_bench'), help='folder')
    options = parser.parse_args(argv)
    classifier = EmotionClassifier(options.model or resource_path('models/emotion.onnx'))
    errors = error_model(classifier.card.metrics, len(EMOTIONS))
    _, public = load_fer2013(options.data)
    public = public.subset(public.clear)
    played = [EMOTIONS.index(name) for name in _PLAYED]
    recording = simulate(probabilities_of(classifier, public.images), public.majority, played,
                         options.minutes, options.seed)
    results = compare(recording, errors)
    cued = compare_cues(recording, played, errors, options.seed)
    part = _part(recording, _TRADE_OFF)
    curves = trade_off(part, errors)
    clips = videos_in(options.clips) if options.clips else []
    flicker = clip_changes(clips, errors) if clips else {}
    _write(options.output, results, cued, curves, flicker)
    print(table(results))
    print(cue_table(cued))
    _print_equal_delay(curves, judge(labels_of(LastFrames(10), part), part))
    for name, value in flicker.items():
        print(f'clips: {name}: {value:.1f} changes a minute')
    print(f'written: {options.output}')
    return 0


def _part(recording: Recording, minutes: float) -> Recording:
    frames = slice(0, round(minutes * 60 * BASE_RATE))
    return Recording(recording.stamps[frames], recording.truth[frames],
                     recording.probabilities[frames], recording.seen[frames])


def _print_equal_delay(curves: dict[str, list[Setting]], peer: Figures) -> None:
    for kind, curve in curves.items():
        ours = at_equal_delay(curve, peer.delay)
        print(f'at no more than the delay of the majority of 10 frames ({peer.delay:.2f} s, '
              f'{peer.false_switches:.1f} false switches a minute) {kind} has {ours:.1f}: '
              f'{ours / max(peer.false_switches, 1e-9):.2f} of it')


def _write(output: Path, results: dict[str, dict[int, Figures]], cued: dict[str, Figures],
           curves: dict[str, list[Setting]], flicker: dict[str, float]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    peers = {name: by_rate[BASE_RATE] for name, by_rate in results.items()
             if name.endswith('(default)') or name not in FILTERS}
    plot(curves, peers).savefig(output / 'state_bench.png', dpi=100)
    (output / 'state_bench.json').write_text(json.dumps({
        'ways': {name: {rate: asdict(f) for rate, f in by_rate.items()}
                 for name, by_rate in results.items()},
        'cues': {name: asdict(figures) for name, figures in cued.items()},
        'trade_off': {kind: [asdict(setting) for setting in curve]
                      for kind, curve in curves.items()},
        'clips_changes_per_minute': flicker}, indent=2) + '\n', encoding='utf-8')
