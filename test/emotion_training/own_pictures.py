"""Pictures of two people, as somebody's own: noisy crops of a smile and a serious face."""

import cv2
import numpy as np

from fer_ros.datasets.emotion_data import EmotionData


def two_portraits(astronaut, hopper, count=160):
    """Return noisy shifted crops of a smiling and a serious face as training data."""
    faces = [astronaut[55:185, 165:295, 1], hopper[95:345, 140:390, 1]]
    generator = np.random.default_rng(0)
    images, labels = [], []
    for i in range(count):
        face = faces[i % 2]
        x, y = generator.integers(0, face.shape[0] // 10, 2)
        crop = cv2.resize(np.ascontiguousarray(face[y:, x:]), (48, 48))
        images.append(np.clip(crop + generator.normal(0, 5, crop.shape), 0, 255))
        labels.append(i % 2)
    majority = np.array([1, 0])[labels]
    return EmotionData(np.array(images, np.uint8), np.eye(8, dtype=np.float32)[majority],
                       majority.astype(np.int64), np.array([3, 6])[labels].astype(np.int64),
                       np.ones(count, bool))


def write_own(data, path, every=4):
    """Write pictures in the layout that training reads, one of so many held out."""
    votes = np.zeros((len(data), 10), np.uint8)
    votes[np.arange(len(data)), data.majority] = 10
    np.savez(path, images=data.images, labels=data.labels.astype(np.uint8), ferplus_votes=votes,
             split=(np.arange(len(data)) // 2 % every == every - 1).astype(np.uint8))
    return path
