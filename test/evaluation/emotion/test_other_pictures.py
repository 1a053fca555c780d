"""Pictures with a face and one label each: found by our detector, judged, told."""

import json

import cv2
import numpy as np
import pytest

from fer_ros.cli import main
from fer_ros.evaluation.emotion.other_pictures import (
    figures_of,
    read_labeled_pictures,
)


@pytest.fixture()
def folder(tmp_path, astronaut):
    """Write a smiling face under two labels, and a picture without a face."""
    (tmp_path / 'images').mkdir()
    cv2.imwrite(str(tmp_path / 'images' / 'a.png'), astronaut)
    cv2.imwrite(str(tmp_path / 'b.png'), astronaut)
    cv2.imwrite(str(tmp_path / 'images' / 'c.png'), np.full((200, 200, 3), 90, np.uint8))
    (tmp_path / 'labels.csv').write_text('image,class\na.png,happy\nb.png,sad\nc.png,happy\n')
    return tmp_path


def test_the_command(folder, tmp_path, capsys):
    """The face is found and judged; a picture without one counts as not found."""
    assert main(['evaluate', '--faces-in-pictures', str(folder), '--output',
                 str(tmp_path / 'out')]) == 0
    assert '3 pictures' in capsys.readouterr().out
    report = json.loads((tmp_path / 'out' / 'pictures.json').read_text())
    figures = next(iter(report['models'].values()))
    assert figures['found'] == pytest.approx(2 / 3)
    assert figures['accuracy'] == pytest.approx(0.5)  # happy, once labeled sad
    assert figures['f1']['happy'] == pytest.approx(2 / 3) and figures['frequent'] == []
    assert figures['mean_confidence'] - figures['accuracy'] == pytest.approx(
        figures['confidence_minus_accuracy'])


def test_figures_by_hand():
    """Frequent emotions make the mean; rare ones are told but do not count in it."""
    labels = np.array([0] * 20 + [1] * 20 + [5])
    answers = np.full((41, 8), 0.05)
    answers[:20, 0] = answers[20:30, 1] = answers[30:, 0] = 0.65
    figures = figures_of(answers, labels)
    assert figures['frequent'] == ['neutral', 'happy']
    assert figures['accuracy'] == pytest.approx(30 / 41)
    neutral, happy = 2 * 20 / (20 + 31), 2 * 10 / (20 + 10)
    assert figures['macro_f1_frequent'] == pytest.approx((neutral + happy) / 2)
    assert figures['confidence_minus_accuracy'] == pytest.approx(0.65 - 30 / 41)
    with pytest.raises(ValueError, match='no face was found'):
        figures_of(np.full((2, 8), np.nan), labels[:2])


@pytest.mark.parametrize('text, error', [
    (None, "labels.csv' is not there"), ('image,class\n', 'no rows'),
    ('image,emotion\na.png,happy\n', 'it needs image and class'),
    ('image,class\nx.png,happy\n', "names 'x.png'"),
    ('image,class\na.png,sleepy\n', 'sleepy')])
def test_what_is_wrong_is_named(folder, text, error):
    """File, column, picture or emotion."""
    if text is None:
        (folder / 'labels.csv').unlink()
    else:
        (folder / 'labels.csv').write_text(text)
    with pytest.raises(ValueError, match=error):
        read_labeled_pictures(folder)


def test_one_of_two_kinds_of_data(folder, capsys):
    """Neither and both are refused with what to give."""
    assert main(['evaluate']) == 1
    assert main(['evaluate', '--data', 'x.npz', '--faces-in-pictures', str(folder)]) == 1
    assert capsys.readouterr().err.count('--data FILE or --faces-in-pictures FOLDER') == 2


def test_a_damaged_picture_is_named_and_left_out(folder, tmp_path, capsys):
    """It was not read, so it is no face that was not found; the others are judged."""
    (folder / 'b.png').write_bytes(b'no picture')
    arguments = ['evaluate', '--faces-in-pictures', str(folder), '--output', str(tmp_path / 'o')]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "skipped: '" in printed.err and "b.png': 10 bytes that begin with" in printed.err
    assert '2 pictures; no emotion has 20 pictures' in printed.out
    assert '100.0 (20.7 to 100.0)' in printed.out  # one of one proves little
    figures = next(iter(json.loads((tmp_path / 'o' / 'pictures.json').read_text())[
        'models'].values()))
    assert figures['found'] == 0.5 and len(figures['skipped']) == 1
    for name in ('images/a.png', 'images/c.png'):
        (folder / name).write_bytes(b'no picture')
    assert main(arguments) == 1
    assert 'none of 3 pictures can be used, beginning with' in capsys.readouterr().err
