"""What checkpoints tell of data, and how long a run still takes."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('torch', reason='training needs torch')

from fer_ros.training.progress import TimeLeft  # noqa: E402
from fer_ros.training.told_data import data_name, named, told_data  # noqa: E402


@pytest.mark.parametrize('path, name', [
    ('runs/mine/dataset.npz', 'mine'), ('dataset.npz', 'dataset.npz'), ('/x/y/faces.npz',
     'faces.npz'), ('/home/somebody/pictures', 'pictures')])
def test_names_without_folders(path, name):
    """Where it lay on somebody's disk is nobody's business."""
    assert data_name(Path(path)) == name


def test_other_content_is_other_data():
    """A changed pixel or shape; the file's name is not what counts."""
    images = np.zeros((4, 8, 8), np.uint8)
    first = told_data(Path('a.npz'), 4, [images], votes=False)
    assert first['sha256'] == told_data(Path('b.npz'), 4, [images])['sha256']
    assert first['sha256'] != told_data(Path('a.npz'), 4, [images.reshape(4, 64)])['sha256']
    images[0, 0, 0] = 1
    assert first['sha256'] != told_data(Path('a.npz'), 4, [images])['sha256']
    assert named(first).startswith("'a.npz' (4 pictures, sha256 ")


@pytest.mark.parametrize('seconds, told', [(2, '4 s left'), (120, '4 min left'),
                                           (3600, '2.0 h left')])
def test_time_left(seconds, told):
    """From what the parts so far took."""
    now = [0.0]
    left = TimeLeft(3, lambda: now[0])
    now[0] += seconds
    assert left.after_one() == told
