"""Videos that read back with their times, and contact sheets."""

import cv2
import numpy as np
import pytest

from fer_ros.media.recorder import ContactSheet, VideoRecorder, fitted


def gray(level, height=48, width=64):
    """Return an even picture."""
    return np.full((height, width, 3), level, np.uint8)


def read_back(path):
    """Return the gray level of each frame of a video."""
    capture, levels = cv2.VideoCapture(str(path)), []
    while True:
        good, frame = capture.read()
        if not good:
            return levels
        levels.append(round(float(frame.mean())))


def record(path, frames, rate=10.0):
    """Write (level, stamp) pairs and return what the file holds."""
    recorder = VideoRecorder(path, rate)
    for level, stamp in frames:
        recorder.add(gray(level), stamp)
    recorder.close()
    levels = read_back(path)
    assert len(levels) == recorder.count
    return levels


@pytest.mark.parametrize('frames, expected', [
    ([(50, 5.0)], [50]),
    ([(50, 5.0), (90, 5.1), (130, 5.2)], [50, 90, 130]),
    ([(50, 5.0), (90, 5.3)], [50, 90, 90, 90]),  # a gap is filled
    ([(50, 5.0), (90, 5.01), (130, 5.1)], [50, 130]),  # too many are left out
    ([(50, 5.0), (90, 5.1), (130, 1.0), (170, 1.1)], [50, 90, 130, 170]),  # back in time
    ([(50, 0.0), (90, 100.0), (130, 100.1)], [50, *[90] * 10, 130]),  # a second at most
])
def test_times_are_kept(tmp_path, frames, expected):
    """The file's constant rate shows each frame when it came."""
    assert record(tmp_path / 'a.avi', frames) == pytest.approx(expected, abs=3)


def test_recording_ends_before_the_disk(tmp_path):
    """Frames after the longest time are left out."""
    recorder = VideoRecorder(tmp_path / 'a.avi', 10.0, longest=0.3)
    for index in range(50):
        recorder.add(gray(5 * index), index / 10)
    recorder.close()
    assert recorder.count == len(read_back(tmp_path / 'a.avi')) == 3


def test_a_large_picture_makes_no_large_video(tmp_path):
    """It could not be encoded in time."""
    recorder = VideoRecorder(tmp_path / 'a.avi', 10.0)
    recorder.add(gray(50, 4000, 3000), 0.0)
    recorder.close()
    assert cv2.VideoCapture(str(tmp_path / 'a.avi')).read()[1].shape == (1280, 960, 3)


def test_frames_of_another_size_are_fitted(tmp_path):
    """A camera that changes its resolution does not end the recording."""
    recorder = VideoRecorder(tmp_path / 'a.avi', 10.0)
    recorder.add(gray(50), 0.0)
    recorder.add(gray(90, 96, 128), 0.1)
    recorder.add(gray(90, 96, 64), 0.2)  # upright: black on both sides
    recorder.close()
    assert read_back(tmp_path / 'a.avi') == pytest.approx([50, 90, 45], abs=3)


@pytest.mark.parametrize('height, width, inner', [
    (480, 640, (240, 320)), (800, 400, (240, 120)), (100, 1000, (32, 320)), (1, 1, (240, 240)),
    (5000, 1, (240, 1))])
def test_a_shape_is_kept(height, width, inner):
    """Nobody is squeezed, whatever the picture's size; it lies in the middle."""
    picture = fitted(gray(200, height, width), (320, 240))
    assert picture.shape == (240, 320, 3)
    rows, columns = np.flatnonzero(picture.max((1, 2))), np.flatnonzero(picture.max((0, 2)))
    assert (len(rows), len(columns)) == inner
    assert abs(rows[0] - (239 - rows[-1])) <= 1 and abs(columns[0] - (319 - columns[-1])) <= 1


def test_sheet_leaves_the_frame_as_it_is(tmp_path):
    """Also one of a tile's size, which is written on."""
    frame = gray(7, 240, 320)
    ContactSheet().add(frame, 'text')
    assert (frame == 7).all()


def test_unwritable_video_is_named(tmp_path):
    """At the first frame."""
    with pytest.raises(OSError, match='a.avi.*cannot be written'):
        VideoRecorder(tmp_path / 'none' / 'a.avi').add(gray(1), 0.0)


def test_recorder_without_frames_writes_no_file(tmp_path):
    """Closing it is harmless."""
    VideoRecorder(tmp_path / 'a.avi').close()
    assert not (tmp_path / 'a.avi').exists()


@pytest.mark.parametrize('count, rows', [(1, 1), (4, 1), (5, 2), (16, 4), (17, 4), (1000, 4)])
def test_sheet_has_at_most_sixteen_tiles(tmp_path, count, rows):
    """Four a row; the last row is filled up with black."""
    sheet = ContactSheet()
    for _ in range(count):
        sheet.add(gray(200), '0.0 s')
    sheet.write(tmp_path / 'sheet.png')
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape == (rows * 240, 1280, 3)


@pytest.mark.parametrize('count', [16, 100, 2000])
def test_sheet_covers_the_whole_time(tmp_path, count):
    """However long it took: the first tile is the beginning, the last one nearly the end."""
    sheet = ContactSheet()
    for index in range(count):
        sheet.add(gray(255 * index // count), f'{index}')
    sheet.write(tmp_path / 'sheet.png')
    picture = cv2.imread(str(tmp_path / 'sheet.png'))
    tiles = picture.reshape(4, 240, 4, 320, 3)[:, 20:200].mean(axis=(1, 3, 4)).ravel()
    assert (np.diff(tiles) > 0).all()
    assert tiles[0] < 10 and tiles[-1] > 225


def test_empty_sheet_is_refused(tmp_path):
    """There is nothing to show."""
    with pytest.raises(ValueError, match='no frame'):
        ContactSheet().write(tmp_path / 'sheet.png')


def test_unwritable_sheet_is_named(tmp_path):
    """With its path."""
    sheet = ContactSheet()
    sheet.add(gray(1), '')
    with pytest.raises(OSError, match='sheet.png.*cannot be written'):
        sheet.write(tmp_path / 'none' / 'sheet.png')
