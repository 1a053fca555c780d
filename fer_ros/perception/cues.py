"""Cues beside the face: what somebody says, and how it sounds, pooled with what the face shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_ros.perception.labels import EMOTIONS, canonical
from fer_ros.perception.yaml_file import one_line

#: The face's own name among the modalities.
FACE = 'face'
#: Stands in :class:`CueConfig` for every modality that has no entry there.
OTHER = 'other'
#: A cue is forgotten after so many of its decay times; exp(-4) is 2 %.
LIFE = 4.0
#: So many modalities count for one person: the newest.
MOST_MODALITIES = 8
_LONGEST_NAME = 100
#: No cue rules an emotion out: this share of it says nothing.
_DOUBT = 0.01
_SUM_TOLERANCE = 0.01
_FLOOR = 1e-4


class CueError(ValueError):
    """A cue cannot be used; the text says why, in one line."""


@dataclass(frozen=True)
class CueConfig:
    """
    :param weights: modality -> what it weighs, 0 or more; 1: as much as the face.
    :param decays: modality -> time constant with which it fades [s].
    :param horizon: a cue farther ahead of the frames is left out: clocks differ [s].
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {'words': 0.7, 'voice': 0.7, OTHER: 0.5})
    decays: Mapping[str, float] = field(
        default_factory=lambda: {'words': 3.0, 'voice': 2.0, OTHER: 3.0})
    horizon: float = 10.0

    def __post_init__(self) -> None:
        """:raises ValueError: if there is no entry for others, or a number is out of range."""
        for name, values, least in (('weight', self.weights, 0.0), ('decay', self.decays, 1e-3)):
            if OTHER not in values:
                raise ValueError(f"there is no {name} of a cue for '{OTHER}'")
            for modality, value in values.items():
                if not (value >= least and math.isfinite(value)):
                    raise ValueError(
                        f"{name} of the cue '{modality}' is {value:g}, must be {least:g} or more")

    def weight(self, modality: str) -> float:
        """Return what a modality weighs."""
        return self.weights.get(modality, self.weights[OTHER])

    def decay(self, modality: str) -> float:
        """Return how fast it fades [s]."""
        return self.decays.get(modality, self.decays[OTHER])


@dataclass(frozen=True, eq=False)
class Cue:
    """
    What something else than the face tells.

    :param modality: what kind of cue it is.
    :param evidence: float64 (L,), log of how much likelier each emotion is than by chance.
    :param label: the likeliest.
    :param stamp: when it was said [s]; None: the time of the next frame.
    :param trust: 0..1.
    :param person_id: whom it is about; '' for the addressee.
    """

    modality: str
    evidence: np.ndarray
    label: str
    stamp: float | None
    trust: float = 1.0
    person_id: str = ''

    @property
    def order(self) -> tuple[float, ...]:
        """Begins with the stamp; of two of one moment the greater one counts, not the first."""
        return (-math.inf if self.stamp is None else self.stamp, self.trust, *self.evidence)


def read_cue(modality: str, labels: Sequence[str], probabilities: Sequence[float],
             known: Sequence[str], stamp: float | None, trust: float = 1.0,
             person_id: str = '') -> Cue:
    """
    Check a cue, and bring it into the order of the network's labels.

    :param labels: two or more names of emotions; those that are not there are left as they are,
        those that the network does not know are left out.
    :param probabilities: one for each, as if all were equally common before; they sum to 1.
    :param known: the network's L labels.
    :raises CueError: if it cannot be used; says why.
    """
    name = one_line(modality, 40)
    if not modality.strip() or len(modality) > _LONGEST_NAME or modality in (FACE, OTHER):
        raise CueError(f"modality is '{name}', must be a name of 1 to {_LONGEST_NAME} characters "
                       f"other than '{FACE}' and '{OTHER}', such as words or voice")
    if len(person_id) > _LONGEST_NAME:
        raise CueError(f"person_id of cue '{name}' has {len(person_id)} characters, no id has")
    if not 0 <= trust <= 1:
        raise CueError(f"trust of cue '{name}' is {trust:g}, must be 0 to 1")
    if len(labels) != len(probabilities):
        raise CueError(f"cue '{name}' has {len(labels)} labels and {len(probabilities)} "
                       'probabilities: give one for each')
    values = np.asarray(probabilities, np.float64)
    if not (np.isfinite(values).all() and (values >= 0).all()
            and abs(values.sum() - 1) <= _SUM_TOLERANCE):
        raise CueError(f"probabilities of cue '{name}' are {_told(values)}: they must be 0 or "
                       'more and sum to 1')
    names = _names(labels, name)
    kept = [i for i, label in enumerate(names) if label in known]
    total = values[kept].sum()
    if len(kept) < 2 or total < _SUM_TOLERANCE:
        raise CueError(f"cue '{name}' names {', '.join(names) or 'no label'}: two or more of "
                       f"{', '.join(known)} are needed, not all of them at 0")
    shares = (1 - _DOUBT) * values[kept] / total + _DOUBT / len(kept)
    evidence = np.zeros(len(known))
    evidence[[known.index(names[i]) for i in kept]] = np.log(shares * len(kept))
    return Cue(modality, evidence, names[kept[int(shares.argmax())]], stamp, trust, person_id)


def _names(labels: Sequence[str], cue: str) -> list[str]:
    """Return our names of emotions; each once."""
    if len(labels) > len(EMOTIONS):
        raise CueError(f"cue '{cue}' has {len(labels)} labels, there are {len(EMOTIONS)}: "
                       f'{", ".join(EMOTIONS)}')
    names: list[str] = []
    for label in labels:
        try:
            names.append(canonical(label))
        except ValueError:
            raise CueError(f"cue '{cue}' has the label '{one_line(label, 40)}', known are "
                           f'{", ".join(EMOTIONS)}') from None
    if twice := [name for name in EMOTIONS if names.count(name) > 1]:
        raise CueError(f"cue '{cue}' names {twice[0]} more than once")
    return names


def _told(values: np.ndarray) -> str:
    return ', '.join(f'{value:g}' for value in values[:8]) + ', ...' * (len(values) > 8) or 'none'


@dataclass(frozen=True)
class Pooled:
    """
    :param probabilities: float32 (L,), of face and cues together.
    :param cues: (modality, its likeliest label) of the cues that count, by modality.
    :param agreement: 1: the cues bear the face out, -1: they contradict it, 0: neither.
    """

    probabilities: np.ndarray
    cues: tuple[tuple[str, str], ...]
    agreement: float


class CuePool:
    """
    The cues about one person: of each modality the newest, which fades.

    Log-linear pooling (Genest and Zidek 1986, 10.1214/ss/1177013825) of the face's distribution
    with each cue's likelihoods: ``log p = log f + sum_m w_m exp(-age / decay_m) e_m``. With weight
    1 it is Bayes' rule for cues that are independent given the emotion; below, they are taken to
    tell partly the same.
    """

    def __init__(self) -> None:
        self._newest: dict[str, Cue] = {}

    def take(self, cue: Cue) -> None:
        """Take a cue with a stamp, unless a newer one of its modality is there."""
        known = self._newest.get(cue.modality)
        if known is None or cue.order > known.order:
            self._newest[cue.modality] = cue
        if len(self._newest) > MOST_MODALITIES:
            del self._newest[min(self._newest.values(), key=lambda c: c.order).modality]

    def pool(self, face: np.ndarray, prior: np.ndarray, stamp: float,
             config: CueConfig) -> Pooled | None:
        """
        Return what face and cues tell together, None if no cue counts.

        :param face: float32 (L,), smoothed; empty before the first classified frame.
        :param prior: (L,), how common each emotion is.
        :param stamp: time of the frame [s], not before any cue taken.
        """
        if not self._newest:
            return None
        ages = {m: stamp - cue.order[0] for m, cue in self._newest.items()}
        self._newest = {m: cue for m, cue in self._newest.items()
                        if ages[m] <= LIFE * config.decay(m)}
        weights = {m: config.weight(m) * cue.trust * math.exp(-ages[m] / config.decay(m))
                   for m, cue in sorted(self._newest.items())}
        counting = {m: weight for m, weight in weights.items() if weight > 0}
        if not counting:
            return None
        shown = np.asarray(face, np.float64) if len(face) else prior
        evidence = np.sum([weight * self._newest[m].evidence
                           for m, weight in counting.items()], axis=0)
        logs = np.log(np.maximum(shown, _FLOOR)) + evidence
        pooled = np.exp(logs - logs.max())
        return Pooled((pooled / pooled.sum()).astype(np.float32),
                      tuple((m, self._newest[m].label) for m in counting),
                      _agreement(shown, prior, evidence))


def _agreement(face: np.ndarray, prior: np.ndarray, evidence: np.ndarray) -> float:
    """
    Compare how well the face foretells the cues with how well anybody's face would.

    With ``a`` the ratio of these two likelihoods it is ``(a - 1) / (a + 1)``.
    """
    likelihoods = np.exp(evidence - evidence.max())
    ratio = (face @ likelihoods) / (face.sum() * (prior @ likelihoods))
    return float((ratio - 1) / (ratio + 1))
