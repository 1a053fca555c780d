"""The README can be read in two minutes, and what it shows is true."""

import textwrap

import pages
import pytest
from pages import ROOT

#: longest line of prose; tables and links to elsewhere cannot be broken.
LONGEST = 160


def test_length():
    assert len(pages.read(ROOT / 'README.md').splitlines()) <= 150


@pytest.mark.parametrize('page', pages.PAGES, ids=pages.name_of)
def test_lines_of_prose_are_short(page):
    for line in pages.prose(page).splitlines():
        assert line.lstrip().startswith('|') or len(line) <= LONGEST, line


@pytest.mark.parametrize('page', pages.PAGES, ids=pages.name_of)
def test_no_placeholder_is_left(page):
    """Nothing like @FIGURES@ in what users read."""
    import re
    assert not re.search(r'@[A-Z]{3,}@', pages.read(page))


def test_the_sample_program_is_the_example():
    """The program in the README is the main part of the one that test_examples.py runs."""
    program, = [block.text for block in pages.blocks('python')
                if block.page == ROOT / 'README.md']
    example = (ROOT / 'examples/dialog_manager.py').read_text(encoding='utf-8')
    assert textwrap.indent(program.strip(), '    ') in example
    assert len(program.splitlines()) > 10


def test_the_animation():
    """It moves, is small enough for a page, and is the scene of the demo."""
    from PIL import Image

    from tools.demo_animation import LARGEST, TARGET
    assert TARGET.stat().st_size <= LARGEST
    with Image.open(TARGET) as picture:
        assert picture.n_frames > 50
        assert picture.size[0] >= 480


def test_the_animation_is_made_of_a_run(tmp_path):
    """The tone below a frame is the one that held when it was taken."""
    import json

    import numpy as np

    from fer_ros.media.recorder import VideoRecorder
    from tools.demo_animation import frames, tone_at
    summary = {'tones': [
        {'t': 0.5, 'tone': 'neutral', 'reason': 'start'},
        {'t': 2.0, 'tone': 'cheerful', 'reason': 'f1 looks happy (90%)'}]}
    (tmp_path / 'summary.json').write_text(json.dumps(summary))
    recorder = VideoRecorder(tmp_path / 'annotated.avi')
    for i in range(90):
        recorder.add(np.full((480, 640, 3), i, np.uint8), i / 30)
    recorder.close()
    assert [tone_at(summary, t)['tone'] for t in (0.0, 1.9, 2.1)] == [
        'neutral', 'neutral', 'cheerful']
    pictures = list(frames(tmp_path, 1.0, 3.0, 5.0))
    assert len(pictures) == 10 and pictures[0].shape == (390, 480, 3)
    assert abs(int(pictures[0][100, 100, 0]) - 30) <= 6  # the video at 1 s
