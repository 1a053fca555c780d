"""
What a network knew before it is tuned, held by faces that are nobody's own.

No picture of FER2013 ships. scikit-image carries a hundred small faces of news photos (LFW, Huang
et al. 2007) and a portrait, matplotlib another: the old network's answers to them, through bad
cameras and other framings, stand for what it knew (learning without forgetting, Li and Hoiem
2016, arXiv 1606.09282). Which of them are learned from and which judge is fixed.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from fer_ros.emotion_training.augmentation import augment, standardize
from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.evaluation.emotion.portraits import portrait_faces

_FACES = 100
_LEARNED = 60
_LEARNED_VIEWS, _JUDGED_VIEWS = 8, 4
_PORTRAIT_REPEATS = 6
_BATCH = 128


def other_faces() -> np.ndarray:
    """
    Return small faces of people in the news.

    :returns: uint8 (100, 48, 48).
    :raises RuntimeError: if they are not installed.
    """
    try:
        from skimage import data
        faces = data.lfw_subset()[:_FACES]
    except (ImportError, OSError, AttributeError) as error:
        raise RuntimeError('tuning needs the faces in scikit-image, to hold on to what the '
                           f'network knew: pip install scikit-image ({error})') from error
    gray = np.round(255 * np.clip(faces, 0, 1)).astype(np.uint8)
    return np.stack([cv2.resize(face, (48, 48), interpolation=cv2.INTER_CUBIC) for face in gray])


class OldKnowledge:
    """
    The old network's answers to faces that are nobody's own.

    :param network: the old one, in evaluation mode, channels last.
    :param seed: of the views.
    """

    def __init__(self, network: EmotionNetwork, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        faces = other_faces()
        learned = np.concatenate(
            [faces[:_LEARNED], np.repeat(portrait_faces(), _PORTRAIT_REPEATS, 0)])
        self.images = _views(learned, _LEARNED_VIEWS, generator)
        votes, labels = _logits(network, self.images)
        #: the answers to be learned: float (N, 8) and (N, 7).
        self.votes, self.labels = torch.softmax(votes, 1), torch.softmax(labels, 1)
        self._judged = _views(faces[_LEARNED:], _JUDGED_VIEWS, generator)
        self._answers = _logits(network, self._judged)[0].argmax(1)

    def kept(self, network: EmotionNetwork) -> np.ndarray:
        """
        Tell where a network still answers as the old one does.

        :param network: in evaluation mode, channels last.
        :returns: bool (40, 4): faces that were not learned from, through so many views each.
        """
        same = _logits(network, self._judged)[0].argmax(1) == self._answers
        return np.asarray(same.view(_JUDGED_VIEWS, -1).T)


def _views(faces: np.ndarray, views: int, generator: torch.Generator) -> torch.Tensor:
    """Return float (views * N, 1, 48, 48), gray levels: as they are, then augmented."""
    images = torch.from_numpy(faces).float().unsqueeze(1)
    return torch.cat([images] + [augment(images, generator) for _ in range(views - 1)])


@torch.no_grad()
def _logits(network: EmotionNetwork, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.autocast('cpu', torch.bfloat16):  # both networks alike; three times as fast
        outputs = [network(standardize(batch).to(memory_format=torch.channels_last))
                   for batch in images.split(_BATCH)]
    return torch.cat([o[0] for o in outputs]).float(), torch.cat([o[2] for o in outputs]).float()
