"""What other cues bring: simulated ones of stated quality, beside a face that is turned away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fer_ros.evaluation.states.simulation import BASE_RATE, Recording, intervals
from fer_ros.evaluation.states.ways import Figures, Filtered, judge, labels_of
from fer_ros.perception.cues import Cue, CueConfig, CuePool, read_cue
from fer_ros.perception.emotion_state import StateConfig
from fer_ros.perception.error_model import ErrorModel
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.smoothing import SmoothingConfig

#: How often a cue names what the person feels. It claims just that.
QUALITIES = (0.6, 0.8)
#: One cue each so many seconds.
PERIOD = 5.0
#: Times when the face cannot be classified: how often [1/s], shortest, longest [s].
AWAY = (0.05, 3.0, 10.0)


class Cued(Filtered):
    """Our way with cues: filter, pool, then thresholds and dwell."""

    def __init__(self, smoothing: SmoothingConfig, state: StateConfig, errors: ErrorModel,
                 cues: Sequence[Cue], config: CueConfig | None = None) -> None:
        super().__init__(smoothing, state, errors)
        self._prior, self._config = errors.prior, config or CueConfig()
        self._cues, self._pool = sorted(cues, key=lambda cue: -cue.order[0]), CuePool()

    def _smoothed(self, probabilities: np.ndarray, stamp: float) -> np.ndarray:
        face = super()._smoothed(probabilities, stamp)
        while self._cues and self._cues[-1].order[0] <= stamp:
            self._pool.take(self._cues.pop())
        pooled = self._pool.pool(face, self._prior, stamp, self._config)
        return face if pooled is None else pooled.probabilities


def simulate_cues(recording: Recording, quality: float, emotions: Sequence[int],
                  seed: int) -> list[Cue]:
    """
    Return cues that name the emotion of their moment, or now and then another one.

    :param quality: share of the cues that are right.
    :param emotions: those that are played.
    :param seed: of everything random.
    """
    generator, cues = np.random.default_rng(seed), []
    for frame in range(round(PERIOD * BASE_RATE), len(recording.stamps),
                       round(PERIOD * BASE_RATE)):
        truth = int(recording.truth[frame])
        told = truth if generator.random() < quality else int(
            generator.choice([e for e in emotions if e != truth]))
        claim = np.full(len(EMOTIONS), (1 - quality) / (len(EMOTIONS) - 1))
        claim[told] = quality
        cues.append(read_cue('words', EMOTIONS, list(claim), EMOTIONS,
                             float(recording.stamps[frame])))
    return cues


def turned_away(recording: Recording, seed: int) -> Recording:
    """Return the same with times in which the face cannot be classified (probabilities: nan)."""
    away = intervals(np.random.default_rng(seed), AWAY, len(recording.stamps))
    return replace(recording, probabilities=np.where(
        away[:, None], np.nan, recording.probabilities))


def compare_cues(recording: Recording, emotions: Sequence[int], errors: ErrorModel,
                 seed: int) -> dict[str, Figures]:
    """Return the figures of our way, with a face in view and one that turns away, by name."""
    results = {}
    views = {'in view': recording, 'turned away at times': turned_away(recording, seed + 1)}
    for view, frames in views.items():
        for quality in (None, *QUALITIES):
            cues = simulate_cues(recording, quality, emotions, seed + 2) if quality else []
            name = f'cues right {100 * quality:.0f} %' if quality else 'no cues'
            way = Cued(SmoothingConfig(), StateConfig(), errors, cues)
            results[f'face {view}, {name}'] = judge(labels_of(way, frames), frames)
    return results


def cue_table(results: dict[str, Figures]) -> str:
    """Return the comparison in Markdown."""
    lines = ['| face and cues | detects after [s] | missed [%] | false switches / min | '
             'time right [%] | time wrong [%] | uncertain [%] |', '|' + '---|' * 7]
    for name, f in results.items():
        lines.append(f'| {name} | {f.delay:.2f} | {100 * f.missed:.0f} | {f.false_switches:.1f} | '
                     f'{100 * (1 - f.wrong - f.uncertain):.1f} | {100 * f.wrong:.1f} | '
                     f'{100 * f.uncertain:.1f} |')
    return '\n'.join(lines)
