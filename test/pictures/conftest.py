"""What the tests of still pictures share: the pipeline with maps, and portraits of every kind."""

import cv2
import numpy as np
import pytest

from fer_ros.perception.concealment import load_concealment
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.pictures.report import report_picture


@pytest.fixture(scope='session')
def pipeline():
    """Return the shipped networks, with maps of evidence."""
    return build_pipeline(PipelineConfig(maps=True))


@pytest.fixture(scope='session')
def concealment():
    """Return what hides faces."""
    return load_concealment()


@pytest.fixture(scope='session')
def couple(astronaut, hopper):
    """Return two people in one picture: BGR, 512x1024."""
    return np.hstack([astronaut, hopper[:512, :512]])


@pytest.fixture(scope='session')
def far_away(astronaut):
    """Return a face of some 16 px: found, and too small to be judged."""
    picture = np.full((300, 400, 3), 90, np.uint8)
    small = cv2.resize(astronaut, None, fx=0.16, fy=0.16, interpolation=cv2.INTER_AREA)
    picture[100:100 + len(small), 100:100 + len(small)] = small
    return picture


@pytest.fixture(scope='session')
def reports(pipeline, couple, far_away):
    """Return reports of two people, of somebody far away, and of nobody."""
    return [report_picture(pipeline, picture, name) for name, picture in (
        ('couple', couple), ('far away', far_away), ('nobody', np.zeros((1, 1, 3), np.uint8)))]
