"""Activation maps as pictures: sheets of faces, of emotions, of whole pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.evaluation.explain.explainer import BATCH, Explainer
from fer_ros.media.picture_decoder import PictureError, read_picture
from fer_ros.perception.activation import blend, enlarge
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS
from fer_ros.perception.preprocessing import crop_face, to_gray
from fer_ros.resources import resource_path

_SIZE = (48, 48)


def sheet(explainer: Explainer, methods: Iterable[str], images: np.ndarray, classes: np.ndarray,
          titles: list[str], caption: str) -> Figure:
    """
    Show faces in a row, and below each the maps of every method.

    :param images: uint8 (N, 48, 48).
    :param classes: int (N,), the label that is explained.
    :param titles: N, above the faces.
    """
    rows = ['', *methods]
    count = max(len(images), 1)
    figure = Figure(figsize=(1.25 * count + 0.8, 1.35 * len(rows) + 0.7))
    all_axes = figure.subplots(len(rows), count, squeeze=False)
    for axes in all_axes.flat:
        axes.axis('off')
    for method, row in zip(rows, all_axes):
        heats = explainer.heat(method, images, classes) if method else [None] * len(images)
        for axes, image, heat in zip(row, images, heats):
            picture = np.repeat(image[..., None], 3, 2)
            picture = picture if heat is None else blend(picture, enlarge(heat, _SIZE))
            axes.imshow(picture[..., ::-1])
        row[0].text(-0.08, 0.5, method, rotation=90, ha='right', va='center', fontsize=8,
                    transform=row[0].transAxes)
    for axes, title in zip(all_axes[0], titles):
        axes.set_title(title, fontsize=7, pad=3)
    figure.suptitle(caption, fontsize=9, x=0.01, ha='left')
    figure.subplots_adjust(left=0.35 / figure.get_figwidth(), right=0.995, bottom=0.01,
                           top=1 - 0.55 / figure.get_figheight(), wspace=0.05, hspace=0.05)
    return figure


def emotion_sheet(explainer: Explainer, methods: Iterable[str], data: EmotionData,
                  answers: np.ndarray, emotion: int, per_class: int) -> Figure:
    """Show right answers of an emotion, then faces of others that were taken for it."""
    of_it = data.majority == emotion
    called = answers.argmax(1) == emotion
    sure = np.argsort(-answers[:, emotion], kind='stable')
    right = [row for row in sure if of_it[row] and called[row]]
    step = max(len(right) // per_class, 1)
    right = right[::step][:per_class]  # from the surest to the least sure
    wrong = [row for row in sure if called[row] and not of_it[row]][:max(per_class // 2, 1)]
    rows = np.array([*right, *wrong], int)
    titles = [f'{answers[row, emotion]:.2f}' + (
        '' if of_it[row] else f'\nvoted {EMOTIONS[data.majority[row]]}') for row in rows]
    return sheet(explainer, methods, data.images[rows], np.full(len(rows), emotion), titles,
                 f'{EMOTIONS[emotion]}: {len(right)} right answers, {len(wrong)} wrong ones; '
                 'evidence for it (0 to the most of each face)')


def mean_maps(explainer: Explainer, method: str, data: EmotionData,
              answers: np.ndarray) -> Figure:
    """Show the mean face and the mean map of all right answers of each emotion."""
    figure = Figure(figsize=(13, 2.3))
    for emotion, axes in enumerate(figure.subplots(1, len(EMOTIONS))):
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


def picture_sheet(explainer: Explainer, methods: Iterable[str], path: Path) -> Figure:
    """
    Show the evidence for the two likeliest emotions of every face in a picture.

    :raises ValueError: if the file cannot be read or shows no face.
    """
    try:
        picture = read_picture(path)
    except PictureError as error:
        raise ValueError(f"'{path}': {error}") from error
    found = load_face_detector(resource_path('models/face_detector.onnx')).detect(picture)
    if not found:
        raise ValueError(f"'{path}': no face was found")
    crops = np.stack([crop_face(to_gray(picture), one, _SIZE) for one in found])
    answers = explainer.probabilities(crops)
    best = np.argsort(-answers, 1)[:, :2].ravel()
    titles = [f'{explainer.labels[label]} {answers[i // 2, label]:.2f}'
              for i, label in enumerate(best)]
    return sheet(explainer, methods, np.repeat(crops, 2, 0), best, titles,
                 f'{path.name}: the two likeliest emotions of each face')
