"""The scene is a function of time, and what it says of itself is true."""

import numpy as np
import pytest

from fer_ros.media.demo_scene import PERIOD, DemoScene, brightness, poses

TIMES = np.arange(0, PERIOD, 1 / 30)


@pytest.fixture(scope='module')
def scene():
    """Return the scene in its usual size."""
    return DemoScene()


def names(scene, t):
    """Return who is there."""
    return {name for name, _ in scene.ground_truth(t)}


@pytest.mark.parametrize('t', [0.0, 5.0, 16.0, 23.0, PERIOD])
def test_same_time_same_frame(scene, t):
    """Deterministic, also between two scenes."""
    frame = scene.render(t)
    assert frame.shape == (480, 640, 3) and frame.dtype == np.uint8
    assert (frame == DemoScene().render(t)).all()


def test_it_repeats(scene):
    """The period closes without a jump."""
    assert (scene.render(1.0) == scene.render(1.0 + PERIOD)).all()
    step = np.abs(scene.render(PERIOD - 1 / 30).astype(int) - scene.render(PERIOD)).mean()
    assert step < 8


def test_cast(scene):
    """The astronaut comes alone, then both, then the officer alone, then both again."""
    assert names(scene, 3) == names(scene, 7.9) == {'astronaut'}
    assert names(scene, 12) == names(scene, 20) == {'astronaut', 'officer'}
    assert names(scene, 24) == {'officer'}
    assert names(scene, 27) == {'astronaut', 'officer'}


def test_nobody_covers_anybody(scene):
    """The face boxes never touch: a change of id would be the tracker's fault."""
    for t in TIMES:
        boxes = [box for _, box in scene.ground_truth(t)]
        if len(boxes) == 2:
            assert boxes[0].x + boxes[0].width < boxes[1].x, t


def test_faces_cover_the_sizes_that_robots_see(scene):
    """From about 50 to about 180 px high, turned by up to 18 degrees."""
    heights = [box.height for t in TIMES for _, box in scene.ground_truth(t)]
    assert 50 <= min(heights) < 65 and 165 < max(heights) <= 185
    rolls = [pose.roll for t in TIMES for pose in poses(t) if pose]
    assert max(rolls) > 15 and min(rolls) < -15


def test_light_dims_by_half(scene):
    """Between 15 and 17 s, and the frame shows it."""
    assert brightness(13.9) == brightness(18.1) == 1.0 and brightness(16) == 0.5
    assert scene.render(16).mean() < 0.6 * scene.render(13).mean()


def test_truth_holds_in_the_picture(scene, pipeline_config):
    """Our own detector finds every face that is wholly in view where the scene says it is."""
    from fer_ros.perception.face_detector import load_face_detector
    detector = load_face_detector(pipeline_config.detector_model)
    found = []
    for t in np.linspace(0.3, PERIOD - 0.3, 60):
        boxes = [detection.box for detection in detector.detect(scene.render(t))]
        found += [any(box.iou(truth) > 0.5 for box in boxes)
                  for _, truth in scene.ground_truth(t)
                  if truth.clipped(640, 480).area > 0.99 * truth.area]
    assert len(found) > 60 and np.mean(found) >= 0.98


@pytest.mark.parametrize('width, height', [(160, 120), (1280, 720), (33, 47)])
def test_other_sizes(width, height):
    """The frame is as large as asked for, faces in proportion."""
    scene = DemoScene(width, height)
    assert scene.render(5.0).shape == (height, width, 3)
    assert 0.2 < scene.ground_truth(5.0)[0][1].height / height < 0.4
