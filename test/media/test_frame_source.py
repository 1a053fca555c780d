"""Frames from the demo, videos and folders; faults that name value and remedy."""

import itertools

import cv2
import numpy as np
import pytest

from fer_ros.media.demo_scene import DemoScene
from fer_ros.media.frame_source import CameraSource, SourceError, open_frame_source


def gray(level, height=48, width=64):
    """Return an even picture."""
    return np.full((height, width, 3), level, np.uint8)


def levels(source):
    """Return the mean gray level of each frame."""
    return [round(float(frame.mean())) for frame in source]


@pytest.fixture
def folder(tmp_path):
    """Return a folder whose names sort differently as text and by number."""
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f'face{number}.png'), gray(number))
    (tmp_path / 'notes.txt').write_text('no picture')
    return tmp_path


@pytest.fixture
def video(tmp_path):
    """Return a video of five frames at 25 Hz, each brighter than the one before."""
    path = tmp_path / 'steps.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (64, 48))
    for level in (40, 80, 120, 160, 200):
        writer.write(gray(level))
    writer.release()
    return path


def test_demo_gives_frames_without_end():
    """640x480 BGR at 30 Hz; the second frame differs from the first."""
    source = open_frame_source(' demo ')
    first, second = itertools.islice(source, 2)
    assert source.name == 'demo' and source.period == pytest.approx(1 / 30)
    assert first.shape == (480, 640, 3) and first.dtype == np.uint8
    assert (first != second).any()
    source.close()


def test_folder_is_read_in_natural_order(folder):
    """2 comes before 10; other files are ignored."""
    source = open_frame_source(str(folder))
    assert levels(source) == [1, 2, 10]
    assert source.period == 1.0 and source.name == folder.name


def test_folder_loops(folder):
    """After the last picture comes the first."""
    assert levels(itertools.islice(open_frame_source(str(folder), loop=True), 5)) == [
        1, 2, 10, 1, 2]


@pytest.mark.parametrize('content', [b'', b'no picture', b'\xff\xd8\xff\xe0 cut off'])
def test_unreadable_picture_is_reported_and_left_out(folder, caplog, content):
    """The others are still shown, and nothing is silent."""
    (folder / 'face3.jpg').write_bytes(content)
    assert levels(open_frame_source(str(folder))) == [1, 2, 10]
    assert 'face3.jpg' in caplog.text and 'left out' in caplog.text


@pytest.mark.parametrize('loop', [False, True])
def test_folder_of_unreadable_pictures_ends_with_an_error(tmp_path, loop):
    """Also when looping: it must not spin for ever."""
    (tmp_path / 'a.png').write_bytes(b'')
    with pytest.raises(SourceError, match='none of the 1 pictures'):
        list(open_frame_source(str(tmp_path), loop))


def test_gray_and_transparent_pictures_become_bgr(tmp_path):
    """Three channels, whatever the file has."""
    cv2.imwrite(str(tmp_path / '1.png'), np.full((4, 5), 9, np.uint8))
    cv2.imwrite(str(tmp_path / '2.png'), np.full((4, 5, 4), 9, np.uint8))
    assert [frame.shape for frame in open_frame_source(str(tmp_path))] == [(4, 5, 3)] * 2


def test_video_is_read_to_its_end(video):
    """Every frame once, in order, at the file's own rate."""
    source = open_frame_source(str(video))
    assert source.period == pytest.approx(1 / 25)
    assert levels(source) == pytest.approx([40, 80, 120, 160, 200], abs=3)
    source.close()


def test_video_loops(video):
    """After the last frame comes the first."""
    source = open_frame_source(str(video), loop=True)
    assert levels(itertools.islice(source, 7))[5:] == pytest.approx([40, 80], abs=3)
    source.close()


@pytest.mark.parametrize('source, text', [
    ('~nobody/a.mp4', 'is not there'), ('9' * 30, 'cannot be opened'), ('\u00b2', 'is not there'),
    ('', "''"), ('/none.mp4', '/none.mp4.*is not there'), ('nothing', 'give demo'),
    ('/dev/none', "'/dev/none' cannot be opened"), ('97', "'97' cannot be opened")])
def test_missing_source_is_named(source, text):
    """The text names the value."""
    with pytest.raises(SourceError, match=text):
        open_frame_source(source)


def test_empty_folder_is_refused(tmp_path):
    """It says which pictures are looked for."""
    with pytest.raises(SourceError, match='no picture.*png'):
        open_frame_source(str(tmp_path))


def test_file_that_is_no_video_is_refused(tmp_path):
    """It says how to make one."""
    path = tmp_path / 'notes.mp4'
    path.write_text('no video')
    with pytest.raises(SourceError, match='notes.mp4.*ffmpeg'):
        open_frame_source(str(path))


def test_video_that_is_cut_off_gives_what_is_there(video, caplog):
    """Also when looping; that frames are missing is said."""
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    for picture in np.random.default_rng(0).integers(0, 256, (20, 48, 64, 3), np.uint8):
        writer.write(picture)
    writer.release()
    video.write_bytes(video.read_bytes()[:video.stat().st_size // 2])
    frames = list(itertools.islice(open_frame_source(str(video), loop=True), 50))
    assert len(frames) == 50
    assert 'of 20 frames: it is cut off' in caplog.text


@pytest.mark.parametrize('loop', [False, True])
def test_video_without_a_frame_is_an_error(video, loop):
    """OpenCV opens it, but nothing can be shown."""
    data = video.read_bytes()
    video.write_bytes(data[:data.index(b'movi') + 4])
    with pytest.raises(SourceError, match='steps.avi'):
        list(open_frame_source(str(video), loop))


def test_camera_that_ends_is_an_error(video):
    """A device that gives no more images was unplugged; closed by us, it just ends."""
    camera = CameraSource(str(video))
    with pytest.raises(SourceError, match='unplugged'):
        list(camera)
    camera.close()
    assert list(camera) == []


def test_held_pictures_come_as_from_a_camera(folder):
    """Each for half a second at 10 Hz; which one it is can be told, also when it comes again."""
    source = open_frame_source(str(folder), loop=True, hold=0.5)
    assert source.period == pytest.approx(0.1)
    seen = [(round(float(frame.mean())), source.showing, source.begun)
            for frame in itertools.islice(source, 20)]
    assert seen[::5] == [(1, 'face1.png', 1), (2, 'face2.png', 2), (10, 'face10.png', 3),
                         (1, 'face1.png', 4)]
    assert seen[4] == seen[0] and seen[9] == seen[5]


def test_large_pictures_are_held_smaller(tmp_path):
    """A phone's 12 megapixels, ten times a second, came to nobody; as frames they stay."""
    cv2.imwrite(str(tmp_path / 'a.jpg'), gray(100, 4000, 3000))
    assert [f.shape for f in open_frame_source(str(tmp_path), hold=0.2)] == [(1280, 960, 3)] * 2
    assert [f.shape for f in open_frame_source(str(tmp_path))] == [(4000, 3000, 3)]


def test_other_files_are_named_once(folder, caplog):
    """A phone's .heic is no surprise; what is hidden is nobody's concern."""
    for name in ('a.heic', 'b.heic', 'c.txt', 'd.txt', 'e.txt', '.DS_Store', 'broken.png'):
        (folder / name).write_text('no picture')
    levels(itertools.islice(open_frame_source(str(folder), loop=True), 9))
    assert len(caplog.records) == 2  # in the first pass only
    assert 'a.heic, b.heic, c.txt, d.txt, e.txt and 1 more' in caplog.text
    assert '.DS_Store' not in caplog.text


def test_a_folder_of_other_files_names_them(tmp_path):
    """It is no mystery why there is no picture."""
    (tmp_path / 'IMG_1.HEIC').write_text('a phone wrote it')
    with pytest.raises(SourceError, match='no picture.*but IMG_1.HEIC'):
        open_frame_source(str(tmp_path))


def test_a_video_counts_its_passes(video):
    """Who keeps a state must know that everything begins anew."""
    source = open_frame_source(str(video), loop=True)
    assert [source.begun for _ in itertools.islice(source, 11)] == [1] * 5 + [2] * 5 + [3]
    assert source.showing == 'steps.avi'
    source.close()


def test_two_people_are_in_the_demo_before_ten_seconds():
    """The one comes after five: whoever looks for ten seconds sees both, and judges them."""
    scene = DemoScene()
    source = open_frame_source('demo')
    for index, frame in enumerate(itertools.islice(source, 0, 240, 15)):
        assert (frame == scene.render(3 + 15 * index / 30)).all()
    assert len(scene.ground_truth(3 + 6.0)) == 2
