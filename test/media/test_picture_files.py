"""Pictures and folders as people name them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.media.picture_files import PictureFiles


@pytest.fixture
def tree(tmp_path):
    """Write pictures of 8x8 px in three folders, and what is none."""
    for name in ('a/10.png', 'a/2.png', 'a/b/2.png', 'c/2.png'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), 9, np.uint8))
    (tmp_path / 'a' / 'clip.mp4').touch()
    (tmp_path / 'a' / '.DS_Store').touch()
    (tmp_path / 'c' / '.thumbs').mkdir()
    (tmp_path / 'c' / '.thumbs' / '2.png').touch()
    return tmp_path


def test_order_and_names(tree):
    """Folder by folder, 2 before 10; each has a name of its own; hidden files do not count."""
    files = PictureFiles([tree / 'a', tree / 'c', tree / 'a' / '2.png'])
    assert [(str(path.relative_to(tree)), name) for path, name in files.names.items()] == [
        ('a/2.png', '2'), ('a/10.png', '10'), ('a/b/2.png', 'b_2'), ('c/2.png', 'c_2')]
    assert [picture.shape for _, picture in files] == [(8, 8, 3)] * 4
    assert files.report() == [f"no pictures by their names: '{tree / 'a' / 'clip.mp4'}'"]


def test_equal_folders_too(tree):
    """Names stay apart in any case."""
    files = PictureFiles([tree / 'c' / '2.png', tree / 'a' / 'b' / '2.png',
                          tree / 'x' / 'b' / '2.png', Path('2.png')])
    assert list(files.names.values()) == ['2', 'b_2', 'b_2_2', '_2']


def test_the_folder_of_the_results_is_left_out(tree):
    """Wherever it lies; but not if it is what was asked for."""
    files = PictureFiles([tree / 'a'], but=tree / 'c' / '..' / 'a' / 'b')
    assert [path.name for path in files.names] == ['2.png', '10.png']
    assert len(PictureFiles([tree / 'a' / 'b'], but=tree / 'a' / 'b').names) == 1
    assert len(PictureFiles([tree / 'a'], but=tree / 'none').names) == 3


def test_what_cannot_be_used(tree):
    """It is named, and an error only if nothing is left."""
    (tree / 'a' / '2.png').write_bytes(b'x')
    files = PictureFiles([tree / 'a' / '2.png', tree / 'none.png', tree / 'c' / '2.png'])
    assert [path.name for path, _ in files] == ['2.png']
    first, second = files.report()
    assert first.startswith(f"'{tree / 'a' / '2.png'}': 1 bytes")
    assert second == f"'{tree / 'none.png'}': it is no file"
    files.skip(tree / 'c' / '2.png', 'no face')
    with pytest.raises(ValueError, match='none of 3 pictures can be used, beginning with'):
        files.report()


def test_a_folder_without_pictures(tree):
    """It is named with what is taken."""
    (tree / 'empty').mkdir()
    with pytest.raises(ValueError, match=r"empty' holds no pictures \(.jpg"):
        PictureFiles([tree / 'empty'])
