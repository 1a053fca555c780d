"""How well detected faces agree with labeled ones; no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.perception.detection_decoding import intersections
from fer_ros.perception.types import Detection

#: Face sizes (sqrt of the box's area) that are judged apart [px].
SIZE_BINS = ((12.0, 24.0), (24.0, 48.0), (48.0, 96.0), (96.0, np.inf))
#: Smaller faces are neither asked for nor counted as false alarms.
SMALLEST = 12.0
_IOU = 0.5
_MATCHED, _IGNORED, _FALSE = 1, 0, -1


@dataclass(frozen=True)
class PictureMatch:
    """
    One picture's detections beside its labeled faces.

    :param scores: float (D,), falling.
    :param kinds: int (D,): 1 found a face, 0 does not count, -1 is a false alarm.
    :param faces: int (D,): which face was found, -1 if none.
    :param detected_sizes: float (D,) [px].
    :param face_sizes: float (G,) of the labeled faces [px].
    :param landmark_errors: float (D,): mean distance / eye distance, NaN where unknown.
    :param near: bool (D,): its center lies in a labeled face, or a face's center in it.
    """

    scores: np.ndarray
    kinds: np.ndarray
    faces: np.ndarray
    detected_sizes: np.ndarray
    face_sizes: np.ndarray
    landmark_errors: np.ndarray
    near: np.ndarray


def match(detections: Sequence[Detection], boxes: np.ndarray, landmarks: np.ndarray,
          ignored: np.ndarray) -> PictureMatch:
    """
    Give each detection, best first, the free labeled face it overlaps most (IoU >= 0.5).

    :param detections: by falling score.
    :param boxes: float (G, 4) left, top, width, height [px].
    :param landmarks: float (G, 5, 2) [px], NaN where unknown.
    :param ignored: float (M, 4): a detection lying half or more in one does not count.
    """
    count = len(detections)
    found = np.array([[d.box.x, d.box.y, d.box.width, d.box.height] for d in detections],
                     float).reshape(-1, 4)
    shared = intersections(found, boxes)
    areas = found[:, 2] * found[:, 3]
    overlaps = shared / np.maximum(
        areas[:, None] + (boxes[:, 2] * boxes[:, 3])[None] - shared, 1e-9)
    hidden = (intersections(found, ignored) >= 0.5 * areas[:, None]).any(1)
    kinds, faces = np.full(count, _FALSE), np.full(count, -1)
    errors, free = np.full(count, np.nan), np.ones(len(boxes), bool)
    for i, detection in enumerate(detections):
        candidates = np.where(free, overlaps[i], -1.0)
        if len(boxes) and candidates.max() >= _IOU:
            faces[i] = int(candidates.argmax())
            kinds[i], free[faces[i]] = _MATCHED, False
            errors[i] = _landmark_error(detection.landmarks, landmarks[faces[i]])
        elif hidden[i]:
            kinds[i] = _IGNORED
    return PictureMatch(
        np.array([d.score for d in detections], float), kinds, faces, np.sqrt(areas),
        np.sqrt(boxes[:, 2] * boxes[:, 3]), errors, _near(found, boxes))


def background_only(matches: Sequence[PictureMatch]) -> list[PictureMatch]:
    """Return the matches with false alarms on labeled faces, boxes off by half, not counting."""
    return [replace(m, kinds=np.where((m.kinds == _FALSE) & m.near, _IGNORED, m.kinds))
            for m in matches]


def average_precision(matches: Sequence[PictureMatch], low: float = SMALLEST,
                      high: float = np.inf) -> float:
    """
    Return the area under the precision-recall curve, for faces of a range of sizes [px].

    Precision is made monotone and integrated over all points, as PASCAL VOC 2010 does. Faces
    of other sizes, and false alarms of other sizes, do not count.

    :returns: 0..1; NaN if there is no such face.
    """
    hit, faces = _ranked(matches, low, high)
    if faces == 0:
        return float('nan')
    recall = np.cumsum(hit) / faces
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def threshold_at(matches: Sequence[PictureMatch], false_alarms_per_picture: float,
                 low: float = SMALLEST) -> float:
    """Return the lowest score from which there are no more false alarms of a size than that."""
    allowed = int(false_alarms_per_picture * len(matches))
    alarms = np.concatenate([np.empty(0)] + [
        m.scores[_counted(m, low, np.inf)[0] & (m.kinds == _FALSE)] for m in matches])
    if len(alarms) <= allowed:
        return 0.0
    return float(np.nextafter(np.sort(alarms)[::-1][allowed], 1.0))


def best_threshold(matches: Sequence[PictureMatch]) -> float:
    """Return the score, of 0.05, 0.10 ... 0.95, that gives the best F1 (12 px and more)."""
    faces = sum(int((m.face_sizes >= SMALLEST).sum()) for m in matches)

    def f1(threshold: float) -> float:
        hits = recall(matches, threshold) * faces if faces else 0.0
        return 2 * hits / max(hits + false_alarms(matches, threshold) + faces, 1.0)
    return max((round(0.05 * i, 2) for i in range(1, 20)), key=f1)


def recall(matches: Sequence[PictureMatch], threshold: float, low: float = SMALLEST,
           high: float = np.inf) -> float:
    """Return the share of faces of a range of sizes found; NaN if there are none."""
    found = faces = 0
    for m in matches:
        counted, hit = _counted(m, low, high)
        found += int((counted & hit & (m.scores >= threshold)).sum())
        faces += int(((m.face_sizes >= low) & (m.face_sizes < high)).sum())
    return found / faces if faces else float('nan')


def recall_of_group(matches: Sequence[PictureMatch], groups: Sequence[np.ndarray],
                    threshold: float, low: float = 24.0) -> float:
    """
    Return the share of a group's faces found; NaN if there are none.

    :param groups: per picture bool (G,): which of its labeled faces belong to the group.
    :param low: smaller faces do not count [px].
    """
    found = faces = 0
    for m, group in zip(matches, groups):
        wanted = group & (m.face_sizes >= low)
        hits = m.faces[(m.kinds == _MATCHED) & (m.scores >= threshold)]
        found += int(wanted[hits].sum())
        faces += int(wanted.sum())
    return found / faces if faces else float('nan')


def recall_curve(matches: Sequence[PictureMatch], low: float = SMALLEST) -> np.ndarray:
    """
    Return recall against false alarms, one point for each score.

    :returns: float (N, 2): false alarms per picture, recall of faces of ``low`` px and more.
    """
    hit, faces = _ranked(matches, low, np.inf)
    return np.column_stack([
        np.cumsum(~hit) / max(len(matches), 1), np.cumsum(hit) / max(faces, 1)])


def false_alarms(matches: Sequence[PictureMatch], threshold: float) -> int:
    """Return how many detections from a score on are no face (12 px and more)."""
    return int(sum((_counted(m, SMALLEST, np.inf)[0] & (m.kinds == _FALSE) & (
        m.scores >= threshold)).sum() for m in matches))


def landmark_error(matches: Sequence[PictureMatch], threshold: float,
                   low: float = 24.0) -> float:
    """Return the median landmark error of the faces found, as a fraction of the eyes' distance."""
    errors = np.concatenate([np.empty(0)] + [
        m.landmark_errors[(m.detected_sizes >= low) & (m.scores >= threshold)]
        for m in matches])
    errors = errors[np.isfinite(errors)]
    return float(np.median(errors)) if len(errors) else float('nan')


def _ranked(matches: Sequence[PictureMatch], low: float, high: float) -> tuple[np.ndarray, int]:
    """Return which detections are hits, by falling score over all pictures, and the faces."""
    scores, hits, faces = [np.empty(0)], [np.empty(0, bool)], 0
    for m in matches:
        counted, hit = _counted(m, low, high)
        scores.append(m.scores[counted])
        hits.append(hit[counted])
        faces += int(((m.face_sizes >= low) & (m.face_sizes < high)).sum())
    order = np.argsort(-np.concatenate(scores), kind='stable')
    return np.concatenate(hits)[order], faces


def _counted(m: PictureMatch, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which detections count for a range of sizes, and which are hits, bool (D,)."""
    hit = m.kinds == _MATCHED
    sizes = m.detected_sizes.copy()
    sizes[hit] = m.face_sizes[m.faces[hit]]
    return (m.kinds != _IGNORED) & (sizes >= low) & (sizes < high), hit


def _near(found: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    a, b = found[:, None], boxes[None]
    apart = np.abs(a[..., :2] + a[..., 2:] / 2 - b[..., :2] - b[..., 2:] / 2)
    near: np.ndarray = (apart <= np.maximum(a[..., 2:], b[..., 2:]) / 2).all(2).any(1)
    return near


def _landmark_error(found: np.ndarray | None, wanted: np.ndarray) -> float:
    if found is None:
        return float('nan')
    eyes = float(np.linalg.norm(wanted[0] - wanted[1]))
    return float(np.linalg.norm(found - wanted, axis=1).mean()) / max(eyes, 1e-6)
