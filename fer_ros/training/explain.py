"""``python -m fer_ros explain``: where on a face a network finds its evidence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from fer_ros.media.frame_source import PICTURES, read_picture
from fer_ros.perception.activation import blend, enlarge, evidence
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.labels import EMOTIONS, canonical
from fer_ros.perception.preprocessing import crop_face, normalize, to_gray
from fer_ros.resources import resource_path
from fer_ros.training.datasets import EmotionData, load_fer2013

if TYPE_CHECKING:
    import torch

_METHODS = ('cam', 'grad-cam', 'eigen-cam')
_SIZE = (48, 48)
_BATCH = 256


class Explainer(Protocol):
    """What answers, and shows why."""

    labels: tuple[str, ...]
    methods: tuple[str, ...]

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, L) for uint8 (N, 48, 48)."""

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return maps (N, h, w), 0..1, for the class chosen for each crop."""


class OnnxExplainer:
    """
    The runtime's file with its own map output; needs no torch.

    :raises ValueError: if the model has no map output.
    """

    methods: tuple[str, ...] = ('cam',)

    def __init__(self, model: Path) -> None:
        self._classifier = EmotionClassifier(model)
        self.labels = self._classifier.labels
        if not self._classifier.has_maps:
            raise ValueError(f"'{model}' has no output 'maps'; export it with fer_ros export, or "
                             'explain a checkpoint (--checkpoint)')

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, L)."""
        parts = [self._classifier.classify(crops[i:i + _BATCH])[0]
                 for i in range(0, len(crops), _BATCH)]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return (N, h, w)."""
        maps = self._classifier.classify(crops, maps=True)[1]
        if maps is None:
            return np.empty((0, 6, 6), np.float32)
        return np.stack([evidence(rows, int(label)) for rows, label in zip(maps, classes)])


class CheckpointExplainer:
    """A training run's averaged weights, by any method."""

    methods: tuple[str, ...] = _METHODS
    labels: tuple[str, ...] = EMOTIONS

    def __init__(self, checkpoint: Path, layer: str | None) -> None:
        from fer_ros.training.activation_maps import find_layer
        from fer_ros.training.export import load_network
        self._network, _ = load_network(checkpoint)
        self._layer = find_layer(self._network, layer)

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Return (N, 8)."""
        import torch
        with torch.inference_mode():
            parts = [torch.softmax(self._network(self._faces(crops[i:i + _BATCH]))[0], 1).numpy()
                     for i in range(0, len(crops), _BATCH)]
        return np.concatenate([np.empty((0, len(self.labels)), np.float32), *parts])

    def heat(self, method: str, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return (N, h, w)."""
        import torch

        from fer_ros.training.activation_maps import METHODS
        if len(crops) == 0:
            return np.empty((0, 6, 6), np.float32)
        maps = METHODS[method](self._network, self._layer, self._faces(crops),
                               torch.from_numpy(np.asarray(classes, np.int64))).numpy()
        return np.stack([evidence(one[None], 0) for one in maps])

    def _faces(self, crops: np.ndarray) -> torch.Tensor:
        import torch
        return torch.from_numpy(normalize(crops, 'per_image')[:, None])


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
            for part in np.array_split(rows, -(-len(rows) // _BATCH))])
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
    picture = read_picture(path)
    if picture is None:
        raise ValueError(f"'{path}' is not there or no picture that OpenCV can read")
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


def main(argv: list[str]) -> int:
    """Write sheets of activation maps."""
    options = _parser().parse_args(argv)
    if not options.pictures and options.data is None:
        raise ValueError('nothing to explain: name pictures or folders, or --data')
    explainer: Explainer = (
        CheckpointExplainer(options.checkpoint, options.layer) if options.checkpoint
        else OnnxExplainer(options.model or resource_path('models/emotion.onnx')))
    methods = explainer.methods if options.method == 'all' else (options.method,)
    if options.method not in (*explainer.methods, 'all'):
        raise ValueError(f'{options.method} needs gradients or features: give --checkpoint, an '
                         'ONNX file has exact maps only (cam)')
    options.output.mkdir(parents=True, exist_ok=True)
    if options.data is not None:
        _explain_data(explainer, methods, options)
    for path in _pictures(options.pictures):
        _save(picture_sheet(explainer, methods, path), options.output / f'{path.stem}_maps.png')
    return 0


def _explain_data(explainer: Explainer, methods: tuple[str, ...],
                  options: argparse.Namespace) -> None:
    _, public = load_fer2013(options.data)
    public = public.subset(public.majority >= 0)
    own = explainer.probabilities(public.images)
    answers = np.zeros((len(public), len(EMOTIONS)), np.float32)
    answers[:, [EMOTIONS.index(label) for label in explainer.labels]] = own
    chosen = [canonical(options.emotion)] if options.emotion else explainer.labels
    for label in tqdm(chosen, desc='sheets', disable=None, leave=False):
        emotion = EMOTIONS.index(label)
        _save(emotion_sheet(explainer, methods, public, answers, emotion, options.per_class),
              options.output / f'{label}.png')
    for method in methods:
        _save(mean_maps(explainer, method, public, answers),
              options.output / f'mean_{method}.png')


def _pictures(paths: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES) if (
            path.is_dir()) else [path]
        if not inside:
            raise ValueError(f"folder '{path}' holds no pictures")
        files += inside
    return files


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110)
    print(f'written: {path}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros explain', formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description='Show where on a face a network finds its evidence: activation maps.')
    parser.add_argument('pictures', nargs='*', type=Path, help='pictures or folders of pictures')
    parser.add_argument('--data', type=Path, help='sheets per emotion from the public part (npz)')
    parser.add_argument('--model', type=Path, help='ONNX file with a card; none: the shipped one')
    parser.add_argument('--checkpoint', type=Path, help='checkpoint.pt of a run, or exported .pt')
    parser.add_argument('--method', choices=(*_METHODS, 'all'), default='cam',
                        help='an ONNX file has cam only')
    parser.add_argument('--layer', help='of the checkpoint; none: the last feature stage')
    parser.add_argument('--emotion', help='only this one')
    parser.add_argument('--per-class', type=int, default=10, help='right answers a sheet')
    parser.add_argument('--output', type=Path, default=Path('runs/explain'), help='folder')
    return parser
