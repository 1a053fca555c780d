"""Scenes with known truth for judging trackers: people walk, hide, leave, and detectors err."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fer_ros.perception.types import BoundingBox, Detection

WIDTH, HEIGHT = 640, 480
#: length of a scene [s].
LENGTH = 20.0
#: noise of detected centers and sizes, in face sizes; share of misses; false alarms a frame.
CENTER_NOISE, SIZE_NOISE, MISSES, FALSE_ALARMS = 0.03, 0.04, 0.03, 0.02
#: a face covered by a nearer one more than this is not detected (IoU).
_COVERED = 0.25

#: time [s] -> (x, y, size) of the face's center [px], None while the person is away.
Path = Callable[[float], 'tuple[float, float, float] | None']


@dataclass(frozen=True)
class Scene:
    """
    :param name: for people.
    :param people: truth id -> path. Who comes back after more than a tracker remembers is
        another id: without a look at the face nobody can know better.
    :param hidden: time -> x-interval [px] behind which nobody is seen, or None.
    :param shake: amplitude of the camera's shaking [px].
    :param drop_out: time -> True while the detector sees nothing.
    """

    name: str
    people: dict[str, Path]
    hidden: Callable[[float], tuple[float, float] | None] = lambda t: None
    shake: float = 0.0
    drop_out: Callable[[float], bool] = lambda t: False


@dataclass(frozen=True)
class SceneFrame:
    """
    :param stamp: [s].
    :param truth: id -> box of every person in the picture, hidden ones too.
    :param visible: ids that could be detected.
    :param detections: what the detector reports.
    """

    stamp: float
    truth: dict[str, BoundingBox]
    visible: set[str]
    detections: list[Detection]


def scenes() -> list[Scene]:
    """Return all scenes."""
    return [
        Scene('pacing and crossing', {'a': _pace(240, 90, 0.0), 'b': _pace(250, 70, np.pi)}),
        Scene('slow crossing (hidden 1.9 s)', {
            'a': _walk(60, 580, 240, 90), 'b': _walk(580, 60, 250, 70)}),
        Scene('behind a pillar (1.5 s)', {'a': _walk(60, 600, 200, 80)},
              hidden=lambda t: (285, 325)),
        Scene('leaving and coming back', {
            'a': _between(_walk(100, 500, 240, 90), 0, 8),
            'a again': _between(_walk(500, 100, 240, 90), 12, LENGTH),
            'b': _sway(450, 300, 60)}),
        Scene('camera shake', {'a': _sway(200, 240, 90), 'b': _sway(400, 220, 60)}, shake=14),
        Scene('drop-outs', {'a': _walk(100, 540, 240, 80), 'b': _sway(320, 140, 60)},
              drop_out=lambda t: t % 2.5 < 0.5),
        Scene('approach', {'a': _approach, 'b': _sway(520, 160, 50)}),
        Scene('eight people', {f'p{i}': _sway(70 + 165 * (i % 4), 130 + 200 * (i // 4), 55, i)
                               for i in range(8)})]


def play(scene: Scene, rate: int, seed: int = 1) -> list[SceneFrame]:
    """
    Return the frames of a scene.

    :param rate: frames a second.
    :param seed: of the detector's errors.
    """
    generator = np.random.default_rng(seed)
    return [_frame(scene, i / rate, generator) for i in range(round(LENGTH * rate))]


def _frame(scene: Scene, stamp: float, generator: np.random.Generator) -> SceneFrame:
    shake = scene.shake * np.array([np.sin(2 * np.pi * 2.3 * stamp),
                                    np.sin(2 * np.pi * 3.1 * stamp)])
    truth: dict[str, BoundingBox] = {}
    for id_, path in scene.people.items():
        place = path(stamp)
        if place is not None:
            x, y, size = place
            left, top = np.array([x, y]) + shake - size / 2
            truth[id_] = BoundingBox(float(left), float(top), size, size)
    visible = {id_ for id_ in truth if _is_visible(scene, stamp, id_, truth)}
    if scene.drop_out(stamp):
        visible = set()
    detections = [_detect(truth[id_], generator) for id_ in sorted(visible)
                  if generator.random() >= MISSES]
    if generator.random() < FALSE_ALARMS:
        detections.append(_false_alarm(generator))
    return SceneFrame(stamp, truth, visible, detections)


def _is_visible(scene: Scene, stamp: float, id_: str, truth: dict[str, BoundingBox]) -> bool:
    box = truth[id_]
    hidden = scene.hidden(stamp)
    if hidden is not None and hidden[0] <= box.center[0] <= hidden[1]:
        return False
    nearer = [other for name, other in truth.items() if name != id_ and other.size > box.size]
    return not any(box.iou(other) > _COVERED for other in nearer)


def _detect(box: BoundingBox, generator: np.random.Generator) -> Detection:
    size = box.size * (1 + SIZE_NOISE * generator.standard_normal())
    x, y = np.array(box.center) + CENTER_NOISE * box.size * generator.standard_normal(2)
    score = float(np.clip(0.85 + 0.12 * generator.standard_normal(), 0.4, 0.99))
    return Detection(BoundingBox(float(x - size / 2), float(y - size / 2), size, size), score)


def _false_alarm(generator: np.random.Generator) -> Detection:
    size = float(generator.uniform(20, 60))
    return Detection(BoundingBox(float(generator.uniform(0, WIDTH - size)),
                                 float(generator.uniform(0, HEIGHT - size)), size, size),
                     float(generator.uniform(0.4, 0.6)))


def _walk(start: float, end: float, y: float, size: float) -> Path:
    """Walk from x to x, with the bobbing of steps."""
    def path(t: float) -> tuple[float, float, float]:
        return start + (end - start) * t / LENGTH, y + 4 * np.sin(2 * np.pi * 1.8 * t), size
    return path


def _pace(y: float, size: float, phase: float) -> Path:
    """Go back and forth through the picture, 10 s a round."""
    def path(t: float) -> tuple[float, float, float]:
        return 320 + 240 * np.cos(2 * np.pi * t / 10 + phase), y, size
    return path


def _sway(x: float, y: float, size: float, phase: float = 0.0) -> Path:
    """Stand and sway."""
    def path(t: float) -> tuple[float, float, float]:
        return (x + 0.4 * size * np.sin(0.9 * t + phase), y + 0.2 * size * np.sin(1.3 * t + phase),
                size)
    return path


def _between(path: Path, start: float, end: float) -> Path:
    return lambda t: path(t) if start <= t < end else None


def _approach(t: float) -> tuple[float, float, float]:
    """Come nearer: from 30 to 200 px."""
    return 200 + 3 * t, 240.0, 30 * (200 / 30) ** (t / LENGTH)
