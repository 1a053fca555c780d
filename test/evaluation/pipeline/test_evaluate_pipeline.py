"""Faces in scenes, end to end, on two portraits."""

import csv
import gzip
import json

import cv2
import numpy as np
import pytest

from fer_ros.evaluation.pipeline import evaluate as evaluate_pipeline
from fer_ros.evaluation.pipeline.evaluate import Placed, judge_alignment, paste
from fer_ros.evaluation.pipeline.quality_plots import accuracy_by, plot_measures
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.perception.quality import QualityConfig
from fer_ros.perception.types import BoundingBox, Detection
from fer_ros.resources import resource_path

COLUMNS = {'images': ('image', 'split'),
           'labels': ('image', 'ignore', *'xywh', *(
               f'lmk_{axis}{i}' for i in range(1, 6) for axis in 'xy')),
           'boxes_human': ('image', 'source', 'matched')}


@pytest.fixture(scope='module')
def crops(astronaut, hopper):
    """Two faces as FER2013 frames them."""
    parts = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[y:y + s, x:x + s]
             for image, (x, y, s) in ((astronaut, (168, 66, 112)), (hopper, (160, 120, 212)))]
    return np.stack([cv2.resize(p, (48, 48), interpolation=cv2.INTER_AREA) for p in parts])


@pytest.fixture(scope='module')
def files(tmp_path_factory, crops):
    """FER2013 of two faces (8 times, public part), and one scene without a face."""
    root = tmp_path_factory.mktemp('data')
    count = 16
    votes = np.zeros((count, 10), np.uint8)
    votes[0::2, 1], votes[1::2, 0] = 10, 10  # happiness, neutral
    np.savez(root / 'fer.npz', images=np.tile(crops, (8, 1, 1)), ferplus_votes=votes,
             labels=np.full(count, 3, np.uint8), split=np.ones(count, np.uint8))
    scene = np.repeat(np.linspace(30, 200, 300).astype(np.uint8)[None, :], 200, 0)
    cv2.imwrite(str(root / 'scene.png'), scene)
    for name, columns in COLUMNS.items():
        with gzip.open(root / f'{name}.csv.gz', 'wt', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, fieldnames=columns)
            writer.writeheader()
            if name == 'images':
                writer.writerow({'image': 'scene.png', 'split': 'val'})
    return root


@pytest.mark.parametrize('side, hidden', [(96, 0.0), (14, 0.0), (96, 0.5), (400, 0.0)])
def test_a_pasted_face_lies_where_it_is_said_to(crops, side, hidden):
    scene = np.full((100, 150), 7, np.uint8)
    placed = paste(crops[0], scene, np.random.default_rng(3), side, hidden)
    assert placed.frame.shape == (480, 640)
    rows, columns = np.nonzero(placed.frame != 7)
    assert placed.center[1] == pytest.approx((rows.min() + rows.max() + 1) / 2, abs=1.5)
    if hidden:
        assert columns.min() == 0 and placed.center[0] == pytest.approx(0, abs=1)
    else:
        assert placed.center[0] == pytest.approx((columns.min() + columns.max() + 1) / 2, abs=1.5)


@pytest.mark.parametrize('angle', [-25, 25])
def test_a_tilted_face_lies_in_the_middle(crops, angle):
    placed = paste(crops[0], np.full((100, 150), 7, np.uint8), np.random.default_rng(3))
    tilted = placed.tilted(angle)
    # The border of the frame is mirrored, with the face: look at the middle only.
    rows, columns = np.nonzero(tilted.frame[170:310, 250:390] != 7)
    assert tilted.center == (320, 240)
    assert (columns.mean() + 250, rows.mean() + 170) == pytest.approx(tilted.center, abs=2)
    turned = np.radians(25)
    assert np.ptp(columns) == pytest.approx(96 * (np.cos(turned) + np.sin(turned)), abs=3)


def test_only_the_face_in_the_square_counts():
    placed = Placed(np.zeros((480, 640), np.uint8), (100.0, 100.0), 96)
    near, far = (Detection(BoundingBox(x - 40, 60, 80, 80), 0.9) for x in (120, 140))
    assert placed.its_face([far, near]) is near
    assert placed.its_face([far]) is None and placed.its_face([]) is None


def test_the_answer_is_counted_against_the_majority(files, crops):
    """What is not found is wrong, alone or in a scene."""
    from fer_ros.datasets.emotion_data import load_fer2013
    pipeline = build_pipeline(PipelineConfig())
    faces = load_fer2013(files / 'fer.npz')[1]
    figures = judge_alignment(pipeline, faces, [np.full((480, 640), 90, np.uint8)])
    assert figures['faces'] == 16 and figures['found'] > 0.9
    assert figures['accuracy_alone'] >= 0.5  # the smile at least
    assert abs(figures['accuracy_in_scene_aligned'] - figures['accuracy_alone']) <= 0.25
    assert figures['found_tilted'] > 0.5 and figures['accuracy_tilted_aligned'] >= 0.4
    blind = build_pipeline(PipelineConfig(min_face_size=400.0))
    lost = judge_alignment(blind, faces, [np.full((480, 640), 90, np.uint8)])
    assert lost['found'] == lost['accuracy_in_scene_aligned'] == 0


def test_the_command_writes_table_and_plot(files, tmp_path, capsys):
    assert evaluate_pipeline.main([
        '--faces', str(files / 'fer.npz'), '--scenes', str(files), '--measured', '2',
        '--beside', str(resource_path('models/face_detector_int8.onnx')),
        '--output', str(tmp_path)]) == 0
    assert 'accuracy_in_scene_aligned' in capsys.readouterr().out
    kept = json.loads((tmp_path / 'pipeline.json').read_text(encoding='utf-8'))
    assert kept['emotion'] and 0 <= kept['detectors']['fer_ros_face_int8']['found'] <= 1
    assert len(kept['detectors']) == 2
    assert cv2.imread(str(tmp_path / 'quality.png')).shape[1] > 1000
    with pytest.raises(ValueError, match='--count is 0'):
        evaluate_pipeline.main(['--faces', 'a', '--scenes', 'b', '--count', '0'])


def test_accuracy_over_bins(tmp_path):
    """Right answers in the upper half: the bins tell it; nothing gives no bins, an empty plot."""
    values = np.arange(96.0)
    table = accuracy_by(np.append(values, np.nan), np.append(values >= 48, 0))
    assert len(table) == 8 and table[:4, 1].max() == 0 and table[4:, 1].min() == 1
    assert np.all((table[:, 2] <= table[:, 1] + 1e-9) & (table[:, 1] <= table[:, 3] + 1e-9))
    assert accuracy_by(np.empty(0), np.empty(0)).shape == (0, 4)
    plot_measures({'size': np.empty((0, 2)), 'turn': np.ones((1, 2))}, QualityConfig(),
                  tmp_path / 'empty.png')
    assert (tmp_path / 'empty.png').is_file()
