"""Activation maps as pictures: sheets of faces, of emotions, of whole pictures."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecFromSubplotSpec

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.evaluation.explain.explainer import BATCH, Explainer
from fer_ros.perception.activation import blend, enlarge
from fer_ros.perception.face_detector import FaceDetector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.preprocessing import crop_face, to_gray
from fer_ros.perception.still_pictures import detect_in_still

_SIZE = (48, 48)
#: faces beside each other, at least (room for the caption) and at most.
_FEWEST, _MOST = 4, 10


def sheet(explainer: Explainer, methods: Sequence[str], images: np.ndarray, classes: np.ndarray,
          titles: list[str], caption: str) -> Figure:
    """
    Show faces in rows, and below each the maps of every method.

    :param images: uint8 (N, 48, 48).
    :param classes: int (N,), the label that is explained.
    :param titles: N, above the faces.
    :param caption: above all; as many lines as it takes.
    """
    heats: list[Any] = [[None] * len(images), *(
        explainer.heat(method, images, classes) for method in methods)]
    columns = min(max(len(images), _FEWEST), _MOST)
    blocks = range(0, max(len(images), 1), columns)
    width = 1.25 * columns + 0.5
    text = textwrap.fill(caption, int(12 * width), break_on_hyphens=False)
    top = 0.25 + 0.16 * (text.count('\n') + 1)
    figure = Figure(figsize=(width, (1.25 * len(heats) + 0.4) * len(blocks) + top))
    figure.text(0.1 / width, 1 - 0.08 / figure.get_figheight(), text, fontsize=9, va='top')
    parts = figure.add_gridspec(
        len(blocks), 1, left=0.35 / width, right=1 - 0.1 / width, bottom=0.01,
        top=1 - (top + 0.2) / figure.get_figheight(), hspace=0.3 / len(heats))
    for number, start in enumerate(blocks):
        grid = parts[number].subgridspec(len(heats), columns, wspace=0.05, hspace=0.05)
        _block(figure, grid, images, heats, ['', *methods], titles, start)
    return figure


def _block(figure: Figure, grid: GridSpecFromSubplotSpec, images: np.ndarray, heats: list[Any],
           names: list[str], titles: list[str], start: int) -> None:
    """Show some faces, from one on, with their maps below."""
    for row, (name, heat) in enumerate(zip(names, heats)):
        for column in range(grid.ncols):
            axes = figure.add_subplot(grid[row, column])
            axes.axis('off')
            if column == 0:
                axes.text(-0.08, 0.5, name, rotation=90, ha='right', va='center', fontsize=8,
                          transform=axes.transAxes)
            index = start + column
            if index >= len(images):
                continue
            picture = np.repeat(images[index][..., None], 3, 2)
            picture = picture if heat[index] is None else blend(
                picture, enlarge(heat[index], _SIZE))
            axes.imshow(picture[..., ::-1])
            if row == 0:
                axes.set_title(titles[index], fontsize=7, pad=3)


def emotion_sheet(explainer: Explainer, methods: Sequence[str], data: EmotionData,
                  answers: np.ndarray, emotion: int, per_class: int) -> Figure | None:
    """
    Show right answers of an emotion, then faces of others that were taken for it.

    :param answers: float (N, 8), order of EMOTIONS.
    :returns: None if no face is taken for it.
    """
    of_it = data.majority == emotion
    called = answers.argmax(1) == emotion
    sure = np.argsort(-answers[:, emotion], kind='stable')
    right = [row for row in sure if of_it[row] and called[row]]
    step = max(len(right) // per_class, 1)
    right = right[::step][:per_class]  # from the surest to the least sure
    wrong = [row for row in sure if called[row] and not of_it[row]][:max(per_class // 2, 1)]
    rows = np.array([*right, *wrong], int)
    if len(rows) == 0:
        return None
    titles = [f'{answers[row, emotion]:.2f}' + (
        '' if of_it[row] else f'\nlabel {EMOTIONS[data.majority[row]]}') for row in rows]
    return sheet(explainer, methods, data.images[rows], np.full(len(rows), emotion), titles,
                 f'{EMOTIONS[emotion]}: {len(right)} right answers, {len(wrong)} wrong ones; '
                 'evidence for it (0 to the most of each face)')


def mean_maps(explainer: Explainer, method: str, data: EmotionData,
              answers: np.ndarray) -> Figure:
    """Show the mean face and the mean map of all right answers of each emotion in the data."""
    present = np.unique(data.majority)
    figure = Figure(figsize=(max(1.62 * len(present), 4.9), 2.3))
    for emotion, axes in zip(present, figure.subplots(1, len(present), squeeze=False)[0]):
        rows = np.flatnonzero((data.majority == emotion) & (answers.argmax(1) == emotion))
        axes.axis('off')
        axes.set_title(f'{EMOTIONS[emotion]} ({len(rows)})', fontsize=9)
        if len(rows) == 0:
            axes.imshow(np.full((*_SIZE, 3), 255, np.uint8))  # keeps the row even
            continue
        heats = np.concatenate([
            explainer.heat(method, data.images[part], np.full(len(part), emotion))
            for part in np.array_split(rows, -(-len(rows) // BATCH))])
        face = np.repeat(data.images[rows].mean(0).astype(np.uint8)[..., None], 3, 2)
        mean = heats.mean(0)
        axes.imshow(blend(face, enlarge(mean / max(mean.max(), 1e-6), _SIZE))[..., ::-1])
    figure.suptitle(f'mean face and mean evidence of right answers ({method})', fontsize=10)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.8, bottom=0.01, wspace=0.04)
    return figure


def picture_sheet(explainer: Explainer, methods: Sequence[str], detector: FaceDetector,
                  picture: np.ndarray, name: str) -> Figure | None:
    """
    Show the evidence for the two likeliest emotions of every face in a picture.

    :param picture: uint8 (H, W, 3) BGR.
    :param name: of the picture, for people.
    :returns: None if no face is found.
    """
    found = detect_in_still(detector.detect, picture)
    if not found:
        return None
    crops = np.stack([crop_face(to_gray(picture), one, _SIZE) for one in found])
    answers = explainer.probabilities(crops)
    best = np.argsort(-answers, 1)[:, :2].ravel()
    titles = [f'{explainer.labels[label]} {answers[i // 2, label]:.2f}'
              for i, label in enumerate(best)]
    return sheet(explainer, methods, np.repeat(crops, 2, 0), best, titles,
                 f'{name}: the two likeliest emotions of each face')
