"""Show a network the demo's two portraits: what it gives, and what speaks against its card."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer_ros.media.demo_scene import Actor, load_actors
from fer_ros.perception.card_schema import AFTER_LABELS
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import OnnxFaceDetector, load_face_detector
from fer_ros.perception.types import Detection
from fer_ros.resources import resource_path

#: verdict, what was checked, what was found.
Found = tuple[str, str, str]
#: an answer this weak or weaker leaves every face ``uncertain``.
_WEAKEST = 0.4
#: of a portrait's face and a box that found it (IoU).
_SAME = 0.5


def try_classifier(classifier: EmotionClassifier) -> Iterator[Found]:
    """
    Judge the smiling astronaut, the serious officer and noise.

    :raises RuntimeError: if the portraits are not installed.
    """
    actors = load_actors()
    crops = np.concatenate([_faces_of(actors, classifier), _noise(classifier)])
    raw, feelings = _raw(classifier, crops)
    if not np.isfinite(raw).all():
        yield 'WRONG', 'answers', 'they are not all finite numbers'
        return
    yield _kind_of_values(raw, classifier.card.output_is_probability)
    if np.ptp(raw, 0).max() < 1e-6 * max(1.0, float(np.abs(raw).max())):
        yield 'WRONG', 'answers', 'they are the same for every picture'
    answers = classifier.answers(crops)
    yield _portraits(classifier.labels, answers.probabilities[:len(actors)], actors)
    if feelings is not None and answers.valence_arousal is not None:
        beyond = float(np.abs(feelings).max())
        told = ', '.join(f'{actor.name} {v:+.2f} {a:+.2f}' for actor, (v, a) in zip(
            actors, answers.valence_arousal.tolist()))
        yield ('DOUBT' if beyond > 1.5 else 'good'), 'feelings', (
            f'valence and arousal: {told}' + (
                f'; values reach {beyond:.3g} and are cut at 1' if beyond > 1 else ''))
    classifier.answers(crops[:1])
    yield 'good', 'time', f'{1e3 * classifier.inference_seconds:.1f} ms for a face, one thread'


def try_detector(detector: OnnxFaceDetector) -> Iterator[Found]:
    """
    Look for the face in each portrait.

    :raises RuntimeError: if the portraits are not installed.
    """
    verdicts = []
    for actor in load_actors():
        found = detector.detect(actor.picture)
        verdict, text = _finding(actor, found)
        verdicts.append(verdict)
        yield verdict, 'trial', f'{actor.name}: {text}'
    if set(verdicts) == {'good'}:
        yield 'good', 'time', (f'{1e3 * detector.inference_seconds:.1f} ms for the officer '
                               f'({actor.picture.shape[1]}x{actor.picture.shape[0]}), one thread')


def _faces_of(actors: list[Actor], classifier: EmotionClassifier) -> np.ndarray:
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    return np.concatenate([classifier.crops(actor.picture, [max(
        detector.detect(actor.picture), key=lambda one: one.box.area)]) for actor in actors])


def _noise(classifier: EmotionClassifier) -> np.ndarray:
    width, height = classifier.card.input_size
    shape = (2, height, width) if classifier.card.color == 'gray' else (2, height, width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _raw(classifier: EmotionClassifier,
         crops: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values for the labels, and of valence and arousal, as they come."""
    card = classifier.card
    values = classifier.output(crops, card.emotion_output or classifier.outputs[0])
    values = values.reshape(len(values), -1).astype(np.float64)
    if card.valence_arousal == AFTER_LABELS:
        return values[:, :-2], values[:, -2:]
    return values, classifier.output(crops, card.valence_arousal).astype(
        np.float64) if card.valence_arousal else None


def _kind_of_values(raw: np.ndarray, said: bool) -> Found:
    sums, low, high = raw.sum(1), float(raw.min()), float(raw.max())
    told = f'values {low:.3g} to {high:.3g}, sums {sums.min():.3g} to {sums.max():.3g}'
    seen = low >= -1e-6 and bool((np.abs(sums - 1) < 1e-2).all())
    if seen == said:
        return 'good', 'answers', f'{"probabilities" if said else "logits"}: {told}'
    if seen:
        return 'WRONG', 'answers', (
            f'they look like probabilities ({told}): say output_is_probability: true, else a '
            'second softmax makes all emotions nearly as likely')
    return 'WRONG', 'answers', (
        f'output_is_probability is true, but they are none ({told}): say false for logits')


def _portraits(labels: tuple[str, ...], answers: np.ndarray, actors: list[Actor]) -> Found:
    told = ', '.join(f'{actor.name} {labels[row.argmax()]} ({row.max():.0%})'
                     for actor, row in zip(actors, answers))
    doubts = []
    if 'happy' in labels and labels[answers[0].argmax()] != 'happy':
        doubts.append('the astronaut smiles: see the order of labels, color, mean, std, layout')
    if answers.max(1).max() <= _WEAKEST:
        doubts.append(f'sure of nothing (at most {_WEAKEST:.0%}): every face would be uncertain')
    if len(set(answers.argmax(1).tolist())) == 1:
        doubts.append('the officer does not smile, and both are told the same')
    return ('DOUBT' if doubts else 'good'), 'trial', '; '.join([told, *doubts])


def _finding(actor: Actor, found: list[Detection]) -> tuple[str, str]:
    scores = [one.score for one in found]
    if any(not -1e-3 <= score <= 1 + 1e-3 for score in scores):
        return 'WRONG', (f'scores from {min(scores):.3g} to {max(scores):.3g} are no '
                         'probabilities: is the softmax or sigmoid missing?')
    right = [one for one in found if one.box.iou(actor.face) >= _SAME]
    if not right:
        return 'WRONG', (f'its face is not found ({len(found)} other boxes): see color, mean, '
                         'std, layout, decoder')
    best = right[0]
    box = best.box
    told = (f'found at {box.x:.0f} {box.y:.0f}, {box.width:.0f}x{box.height:.0f}, score '
            f'{best.score:.2f}')
    if best.landmarks is not None and not _are_in_order(best.landmarks):
        return 'WRONG', f'{told}; landmarks are not right eye, left eye, nose, mouth corners'
    if len(found) > 1:
        return 'DOUBT', f'{told}, and {len(found) - 1} more where no face is'
    return 'good', told + ('; no landmarks' if best.landmarks is None else ', landmarks in order')


def _are_in_order(points: np.ndarray) -> bool:
    """Whether the right eye is left of the left one in the picture, and above nose and mouth."""
    (right, left, nose, mouth_right, mouth_left) = points.tolist()
    return (right[0] < left[0] and mouth_right[0] < mouth_left[0]
            and max(right[1], left[1]) < nose[1] < min(mouth_right[1], mouth_left[1]))
