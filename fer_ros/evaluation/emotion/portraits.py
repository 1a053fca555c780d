"""The demo's two portraits: a network that does not tell them apart is of no use to a robot."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_ros.evaluation.emotion.evaluation import crops_for
from fer_ros.media.demo_scene import load_actors
from fer_ros.perception.emotion_classifier import EmotionClassifier
from fer_ros.perception.face_detector import load_face_detector
from fer_ros.perception.preprocessing import crop_face, to_gray
from fer_ros.resources import resource_path

_SIDE = 48
#: an answer this weak or weaker leaves every face ``uncertain``, whatever it shows.
WEAKEST = 0.4


def portrait_faces() -> np.ndarray:
    """
    Return the faces of the smiling astronaut and the serious officer, framed as at run time.

    :returns: uint8 (2, 48, 48).
    :raises RuntimeError: if the pictures are not installed.
    """
    detector = load_face_detector(resource_path('models/face_detector.onnx'))
    faces = []
    for actor in load_actors():
        largest = max(detector.detect(actor.picture), key=lambda one: one.box.area)
        faces.append(crop_face(to_gray(actor.picture), largest, (_SIDE, _SIDE)))
    return np.stack(faces)


def told_apart(model: Path) -> str:
    """
    Return what an exported network says of the two portraits.

    :param model: ONNX file with its card.
    :raises RuntimeError: if the pictures are not installed.
    :raises ValueError: if it calls both the same, or is sure of neither; tells its answers.
    """
    classifier = EmotionClassifier(model)
    answers, _ = classifier.classify(crops_for(classifier, portrait_faces()))
    told = ' and '.join(
        f'the {who} {classifier.labels[row.argmax()]} ({100 * row.max():.0f} %)'
        for who, row in zip(('smiling astronaut', 'serious officer'), answers))
    if answers.argmax(1)[0] == answers.argmax(1)[1] or answers.max(1).min() <= WEAKEST:
        raise ValueError(
            f"'{model}' calls {told}: it does not tell the demo's two portraits apart, and a "
            'robot would answer everybody alike. Train with more pictures of each emotion, or '
            'give --any-portraits if only your camera counts')
    return told
