"""Shared set-up: a ROS domain of our own, and where to find data that is not ours to ship."""

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_ros.nodes.transport import choose_transport

# Before rclpy is imported anywhere: other robots on this network must not see the tests.
os.environ.setdefault('ROS_DOMAIN_ID', str(random.Random(os.getpid()).randint(50, 99)))
if os.environ.get('PYTEST_XDIST_WORKER') == 'gw1':  # the other one's domain is what both inherit
    os.environ['ROS_DOMAIN_ID'] = str(int(os.environ['ROS_DOMAIN_ID']) + 1)
# Dozens of participants come and go in this one process: Fast DDS 3.2 may wait forever for its
# own lock when it destroys one with TCP (LARGE_DATA). Processes that tests start choose anew.
os.environ.pop('FASTDDS_BUILTIN_TRANSPORTS', None)
# As the launch files do. With Fast DDS's own defaults every second process was found 3 s late.
# Where shared memory is scarce they stay: a process that is killed leaves its share behind, and
# theirs is 512 KB.
if os.path.isdir('/dev/shm') and shutil.disk_usage('/dev/shm').free > 2 << 30:
    choose_transport()

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """
    Let one worker run all that starts nodes, one after the other, and another one the rest.

    What waits for processes and what computes share two cores well; two that wait do not.
    """
    for item in items:
        of_nodes = (ROOT / 'test' / 'nodes') in item.path.parents
        item.add_marker(pytest.mark.xdist_group('nodes' if of_nodes else 'rest'))


def pytest_terminal_summary(terminalreporter):
    """Say why a test had to run once more (see nodes/conftest.py): it is a fault to look for."""
    for report in terminalreporter.getreports('rerun'):
        terminalreporter.section(f'{report.nodeid}: why it ran twice')
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(scope='session')
def data_folder() -> Path:
    """Return the folder with data sets and peers' models; skips where there is none."""
    folder = Path(os.environ.get('FER_ROS_DATA', ROOT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip('needs data sets that are not shipped: set FER_ROS_DATA to their folder')
    return folder


@pytest.fixture(scope='session')
def astronaut() -> np.ndarray:
    """Return the portrait in scikit-image: BGR, 512x512, a smiling face about 110 px high."""
    from skimage import data
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope='session')
def hopper() -> np.ndarray:
    """Return the portrait in matplotlib's sample data: BGR, 606x512."""
    import cv2
    from matplotlib import cbook
    with cbook.get_sample_data('grace_hopper.jpg') as file:
        return cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)


@pytest.fixture(scope='session')
def pipeline_config():
    """Return the configuration of the shipped networks."""
    from fer_ros.perception.pipeline import PipelineConfig
    return PipelineConfig(ROOT / 'models/face_detector.onnx', ROOT / 'models/emotion.onnx')
